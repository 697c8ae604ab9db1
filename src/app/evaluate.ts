import { readTenants } from '../directory/document-tenants.ts'
import { inlineFacts, tenantValidator } from '../directory/tenant-schema.ts'
import { defaultSettings } from '../document/settings.ts'
import { parseYaml } from '../document/yaml-document.ts'
import { guardJson } from '../http/json-guard.ts'
import { decisionRequest } from '../http/request-shape.ts'
import type { Bundle } from '../opa/bundle.ts'
import { createPdp } from '../pdp/decide.ts'
import type { Limit, Obligation } from '../pdp/decision.ts'
import type { Explanation } from '../pdp/explain.ts'
import { loadPolicy } from './activate.ts'
import type { BundleIndex } from './build.ts'
import { maskExplanation } from './mask-explanation.ts'
import { type Project, tenantDocuments } from './project.ts'

/** A decision with everything that it was made from. */
export interface Explained {
  readonly decision: boolean
  readonly reason: string
  readonly message: string
  readonly rule: string
  readonly limit?: Limit
  readonly obligations: readonly Obligation[]
  readonly policy: string
  readonly facts: Explanation['facts']
  readonly stages: Explanation['stages']
  readonly nearest_grants: Explanation['nearest_grants']
}

export interface ExplainOptions {
  readonly bundle: Bundle<BundleIndex>
  readonly project: Project
  readonly request: { readonly text: string; readonly file: string }
  /** A tenant document; otherwise the demo tenants are there to be named. */
  readonly tenant: string | undefined
  /** JSON Pointers of the facts whose values are not shown. */
  readonly mask: readonly string[]
}

/**
 * Decides one request outside a server. Rejects with a `DocumentError` for the files and a `PosternError` where there is
 * no decision.
 */
export async function explainOnce({ bundle, project, request, tenant, mask }: ExplainOptions): Promise<Explained> {
  const policy = loadPolicy(bundle, defaultSettings.evaluator.memory_mib)
  const validator = tenantValidator()
  const files = tenant === undefined ? tenantDocuments(project, null) : [tenant]
  const tenants = readTenants(files, project.root, validator, new Set(policy.systems.keys()))
  const { entries, bytes, largest_input_bytes } = defaultSettings.cache
  const pdp = createPdp({
    tenants,
    inline: inlineFacts(validator),
    // The one tenant of the file is meant where the request names none.
    defaultTenant: tenant === undefined ? undefined : tenants.ids[0],
    memo: { entries, bytes, largestInput: largest_input_bytes },
  })
  pdp.activate(policy)
  const body = parseYaml(request.text, request.file, {
    name: 'a request',
    accepts: (_): _ is unknown => true,
    violations: () => [],
  }).value
  guardJson(body, defaultSettings.limits.depth)
  const asked = decisionRequest(body)
  const { decision, facts, stages, nearest_grants } = maskExplanation(await pdp.explain(asked), asked, mask)
  const { stage: _, ...shown } = decision
  return { ...shown, facts, stages, nearest_grants }
}
