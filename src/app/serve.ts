import { readTenants } from '../directory/document-tenants.ts'
import { inlineFacts, tenantValidator } from '../directory/tenant-schema.ts'
import type { Settings } from '../document/settings.ts'
import { createDecisionApi } from '../http/decision-api.ts'
import { addExplainApi } from '../http/explain-api.ts'
import { type Listener, listen } from '../http/listener.ts'
import { addOpaApi } from '../http/opa-api.ts'
import { decisionRoutes } from '../http/routes.ts'
import { createMetrics } from '../log/metrics.ts'
import type { ServerLog } from '../log/server-log.ts'
import type { Bundle } from '../opa/bundle.ts'
import { createPdp } from '../pdp/decide.ts'
import { loadPolicy } from './activate.ts'
import type { BundleIndex } from './build.ts'
import { createReadiness, type Readiness } from './readiness.ts'

export interface ServeParts {
  readonly bundle: Bundle<BundleIndex>
  readonly settings: Settings
  /** Tenant documents, and the folder that messages name them from. */
  readonly tenantFiles: readonly string[]
  readonly root: string
  readonly log: ServerLog
  readonly version: string
}

export interface Serving {
  readonly listeners: readonly Listener[]
  readonly readiness: Readiness
  /** Ids of the tenants that are served. */
  readonly tenants: readonly string[]
}

/**
 * The composition root of a serving process: policy, tenants, decision point, listener. Rejects with a `DocumentError`
 * for a tenant document, a `ListenError` for an address.
 */
export async function serve(parts: ServeParts): Promise<Serving> {
  const { bundle, settings, log } = parts
  const validator = tenantValidator()
  const metrics = createMetrics({
    version: parts.version,
    routes: decisionRoutes,
    dialects: ['authorize', 'opa'],
  })
  const policy = loadPolicy(bundle, settings.evaluator.memory_mib, (kind, thrown) => {
    metrics.evalFailed(kind)
    log.error('the policy failed', { code: kind, error: thrown })
  })
  const tenants = readTenants(parts.tenantFiles, parts.root, validator, new Set(policy.systems.keys()))
  const pdp = createPdp({
    tenants,
    inline: inlineFacts(validator),
    defaultTenant: settings.default_tenant ?? undefined,
    memo: {
      entries: settings.cache.entries,
      bytes: settings.cache.bytes,
      largestInput: settings.cache.largest_input_bytes,
    },
  })
  pdp.activate(policy)
  metrics.bundleLoaded('ok')
  metrics.watch({
    cacheEntries: () => pdp.memo?.entries ?? 0,
    cacheEvictions: () => pdp.memo?.evictions ?? 0,
    wasmMemoryBytes: () => policy.evaluator.memoryBytes,
    bundle: () => ({ revision: bundle.manifest.commit ?? '', digest: bundle.manifest.policy }),
  })
  const readiness = createReadiness({ policy: () => pdp.policy !== undefined })
  const api = createDecisionApi({ pdp, settings, metrics, log, readiness })
  addExplainApi(api, { explainer: pdp, settings, metrics, log })
  addOpaApi(api, { pdp, settings, metrics, log, version: parts.version })
  const listener = await listen(api, settings.listen.decision, settings, {
    log,
    refused: (status) => metrics.responded('other', '_OTHER', status),
  })
  return { listeners: [listener], readiness, tenants: tenants.ids }
}
