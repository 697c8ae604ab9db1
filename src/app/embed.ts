import { dirname, resolve } from 'node:path'
import { readTenants, tenantFiles } from '../directory/document-tenants.ts'
import { inlineFacts, tenantValidator } from '../directory/tenant-schema.ts'
import { defaultSettings } from '../document/settings.ts'
import { guardJson } from '../http/json-guard.ts'
import { decisionRequest } from '../http/request-shape.ts'
import { readBundle } from '../opa/bundle.ts'
import { createPdp } from '../pdp/decide.ts'
import type { Answer } from '../pdp/decision.ts'
import { PosternError } from '../pdp/errors.ts'
import { loadPolicy } from './activate.ts'
import type { BundleIndex } from './build.ts'

export interface EmbedOptions {
  /** The folder that `postern build` wrote. */
  readonly bundle: string
  /** A tenant document, or a folder of them; without it every request brings its own. */
  readonly tenants?: string
}

export interface EmbeddedPdp {
  /** Throws a `PosternError` where there is no decision, which must count as a deny. */
  decide(request: unknown): Answer
}

/**
 * A decision point in this process, without a server: policy and tenants are read once. Throws an `Error` for a bundle
 * that cannot be read or evaluated and a `DocumentError` for the tenants.
 *
 * @example
 * const pdp = embedPdp({ bundle: '.postern/bundle', tenants: 'tenants' })
 * if (pdp.decide(request).decision.decision) …
 */
export function embedPdp({ bundle, tenants }: EmbedOptions): EmbeddedPdp {
  const policy = loadPolicy(readBundle<BundleIndex>(bundle), defaultSettings.evaluator.memory_mib)
  const validator = tenantValidator()
  const path = tenants === undefined ? undefined : resolve(tenants)
  const files = path === undefined ? [] : tenantFiles(path)
  const { entries, bytes, largest_input_bytes } = defaultSettings.cache
  const pdp = createPdp({
    tenants: readTenants(files, dirname(path ?? '.'), validator, new Set(policy.systems.keys())),
    inline: inlineFacts(validator),
    defaultTenant: undefined,
    memo: { entries, bytes, largestInput: largest_input_bytes },
  })
  pdp.activate(policy)
  return {
    decide(request) {
      const asked = asJson(request)
      guardJson(asked, defaultSettings.limits.depth)
      return pdp.decide(decisionRequest(asked))
    },
  }
}

/** Decided upon is what JSON carries of a value: no getter, no `toJSON`, nothing that changes while it is read. */
function asJson(request: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(request) ?? 'null')
  } catch (cause) {
    throw new PosternError('malformed_json', 'the request cannot be written as JSON', { cause })
  }
}
