import { inlineFacts, tenantValidator } from '../directory/tenant-schema.ts'
import { defaultSettings } from '../document/settings.ts'
import type { Bundle } from '../opa/bundle.ts'
import { createPdp } from '../pdp/decide.ts'
import { PosternError } from '../pdp/errors.ts'
import type { TenantFacts } from '../pdp/facts.ts'
import type { Model, ReviewedPolicy } from '../review/reviewed-policy.ts'
import { loadPolicy } from './activate.ts'
import type { BundleIndex } from './build.ts'

/** A bundle to be looked at as a whole. Decisions are made by the decision point that the server has. */
export function reviewPolicy(bundle: Bundle<BundleIndex>): ReviewedPolicy {
  const policy = loadPolicy(bundle, defaultSettings.evaluator.memory_mib)
  const { entries, bytes, largest_input_bytes } = defaultSettings.cache
  // A review asks much of few documents: each is checked and indexed once.
  const known = new WeakMap<object, TenantFacts>()
  const read = inlineFacts(tenantValidator())
  const pdp = createPdp({
    tenants: { find: () => undefined },
    inline(document) {
      const facts = known.get(document) ?? read(document)
      known.set(document, facts)
      return facts
    },
    defaultTenant: undefined,
    memo: { entries, bytes, largestInput: largest_input_bytes },
  })
  pdp.activate(policy)
  const { model } = JSON.parse(bundle.data) as { readonly model: Model }
  return {
    policy,
    model,
    decide: (request) =>
      orRefused(
        () => pdp.decide(request).decision,
        ({ code }) => ({ error: code }),
      ),
    prepare: (request) =>
      orRefused(
        () => pdp.prepare(request),
        () => undefined,
      ),
  }
}

function orRefused<T, R>(ask: () => T, refused: (error: PosternError) => R): T | R {
  try {
    return ask()
  } catch (error) {
    if (error instanceof PosternError) return refused(error)
    throw error
  }
}
