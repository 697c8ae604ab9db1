import type { Decision, Limit, Obligation } from './decision.ts'
import type { TenantFacts } from './facts.ts'
import { deniedByCell, type Evaluation, type PermissionIndex, type SystemIndex } from './policy.ts'
import type { DecisionRequest } from './request.ts'

/** Turns an evaluation into the decision that callers see: with its message, its place and its limit. */
export function toDecision(
  evaluation: Evaluation,
  request: DecisionRequest,
  tenant: TenantFacts,
  system: SystemIndex,
  permission: PermissionIndex,
  policy: string,
): Decision {
  const { decision, reason } = evaluation
  const record = request.subject.type === 'user' ? tenant.record(request.subject.id) : undefined
  const role = String(record?.value('role') ?? '')
  const limit = toLimit(evaluation.limit, system)
  const words: Record<string, unknown> = {
    action: request.action.name,
    role,
    plan: tenant.header.value('plan'),
    ...limit,
  }
  const message = system.messages[reason] ?? reason
  return Object.freeze({
    decision,
    stage: evaluation.stage ?? 'grant',
    reason,
    message: message.replace(/\{(\w+)\}/g, (_, word: string) => String(words[word] ?? 'none')),
    rule: placeOf(evaluation, limit, role, system, permission),
    ...(limit === undefined ? {} : { limit }),
    obligations: Object.freeze(evaluation.obligations.map(inOrder)),
    policy,
  })
}

/** The `file:line` that decided: the plan of a limit, the check of a row, the role's cell, or the core's own rule. */
function placeOf(
  evaluation: Evaluation,
  limit: Limit | undefined,
  role: string,
  system: SystemIndex,
  permission: PermissionIndex,
): string {
  const ofPlan = limit?.plan === undefined ? undefined : system.plans.get(limit.plan)
  // A limit that support raised or lowered is not the plan's.
  if (ofPlan !== undefined && ofPlan.seats === limit?.limit) return ofPlan.place
  if (evaluation.check) {
    const [kind, name] = evaluation.check
    return permission.names[`${kind === 'shared' ? 'checks' : kind}.${name}`] ?? permission.row
  }
  if (evaluation.decision || evaluation.stage === 'right') {
    if (evaluation.reason === 'role_not_on_plan') return system.roles[role] ?? system.sections.roles
    if (evaluation.reason === 'role_grant' || evaluation.reason === deniedByCell)
      return permission.cells[role] ?? permission.row
    const grant = Object.keys(permission.names).find((name) => name.startsWith('grants.'))
    return (grant && permission.names[grant]) ?? permission.cells[role] ?? permission.row
  }
  if (evaluation.stage === 'request') return system.sections.matrix
  if (evaluation.reason === 'unknown_role') return system.sections.roles
  if (evaluation.reason === 'unknown_plan') return system.sections.plans
  return system.core[evaluation.reason] ?? permission.row
}

function toLimit(raw: Evaluation['limit'], system: SystemIndex): Limit | undefined {
  if (!raw) return undefined
  const { name, limit, used, plan } = raw as unknown as Limit
  const plans = [...system.plans]
  const at = plans.findIndex(([known]) => known === plan)
  const next = plans.slice(at + 1).find(([, { seats }]) => at >= 0 && (seats === null || seats > used))
  return Object.freeze({
    name,
    limit,
    used,
    ...(plan === undefined ? {} : { plan }),
    ...(next === undefined ? {} : { next_plan: next[0] }),
  })
}

/** WASM gives the members of an object in hash order; answers give the type first, then the rest by name. */
function inOrder(obligation: Obligation): Obligation {
  const { type, ...parameters } = obligation
  return Object.freeze({ type, ...Object.fromEntries(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1))) })
}
