import type { Decision } from './decision.ts'
import { toDecision } from './explain-decision.ts'
import type { TenantFacts } from './facts.ts'
import { type NearestGrant, nearestGrants } from './nearest-grants.ts'
import type { Policy } from './policy.ts'
import { type Prepared, prepare } from './prepare.ts'
import type { DecisionRequest } from './request.ts'
import { type Stage, stagesOf } from './stages.ts'
import type { DocumentFacts } from './tenant-document.ts'

/** A decision with everything that it was made from, and what would turn it. */
export interface Explanation {
  readonly decision: Decision
  /** Revision of the tenant's facts. */
  readonly revision: string
  readonly stages: readonly Stage[]
  /** What the policy saw, by path below `input`. */
  readonly facts: Readonly<Record<string, unknown>>
  /**
   * The single changes of the tenant that make an allow of a deny, or where there is none, two together, all of them
   * tried on the policy; null where the tenant is not held as a document. None for an allow.
   */
  readonly nearest_grants: readonly NearestGrant[] | null
}

/**
 * Says why a request is decided as it is. Rejects with a `PosternError` where there is no decision.
 *
 * INVARIANT: nothing is guessed. A change is listed only after the policy answered allow to the request upon the changed
 * document, by the same path that decisions take.
 */
export async function explain(
  policy: Policy,
  request: DecisionRequest,
  tenant: TenantFacts,
  now: Date,
): Promise<Explanation> {
  const prepared = prepare(policy, request, tenant, () => now)
  const decision = decided(policy, request, tenant, prepared)
  return {
    decision,
    revision: tenant.revision,
    stages: stagesOf(decision, policy.evaluator.verdicts(prepared.input), request, tenant, prepared),
    facts: flatten(JSON.parse(prepared.input)),
    nearest_grants: decision.decision ? [] : await grants(policy, request, tenant, now, decision, prepared),
  }
}

function decided(policy: Policy, request: DecisionRequest, tenant: TenantFacts, prepared: Prepared): Decision {
  const { system, permission, input } = prepared
  return toDecision(policy.evaluator.evaluate(input), request, tenant, system, permission, policy.digest)
}

async function grants(
  policy: Policy,
  request: DecisionRequest,
  tenant: TenantFacts,
  now: Date,
  decision: Decision,
  prepared: Prepared,
): Promise<readonly NearestGrant[] | null> {
  if (!isDocument(tenant)) return null
  return nearestGrants(request, tenant, decision, prepared, (changed) =>
    decided(
      policy,
      request,
      changed,
      prepare(policy, request, changed, () => now),
    ),
  )
}

function isDocument(tenant: TenantFacts): tenant is DocumentFacts {
  return 'document' in tenant
}

/** Leaves and lists by their path. */
function flatten(value: unknown, path = ''): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { [path]: value }
  return Object.assign(
    {},
    ...Object.entries(value).map(([name, inner]) => flatten(inner, path === '' ? name : `${path}.${name}`)),
  )
}
