import type { Decision } from './decision.ts'
import type { TenantFacts } from './facts.ts'
import type { Verdicts } from './policy.ts'
import type { Prepared } from './prepare.ts'
import type { DecisionRequest } from './request.ts'

/** One of the ten stages of a decision. */
export interface Stage {
  readonly stage: string
  readonly outcome: 'passed' | 'refused' | 'not_reached'
  /** Of a stage that refused, and of the allow. */
  readonly reason?: string
  /** What the core looked at, in the three stages that are its own. */
  readonly saw?: Readonly<Record<string, unknown>>
  /** The rules of the row, in the order in which they are asked, whether or not it came to them. */
  readonly rules: readonly StageRule[]
}

/** A rule that the permission's row names. */
export interface StageRule {
  /** `checks.x`, `conditions.x` or `grants.x`. */
  readonly rule: string
  /** `file:line` where it is named. */
  readonly place: string
  /** What it says: `ok` or a reason, of a grant its word; null where it says nothing. */
  readonly verdict: unknown
}

/** The stages that refuse, in order; a decision names one of them. */
export const refusingStages = [
  'request',
  'membership',
  'gate',
  'right',
  'relation',
  'shape',
  'target',
  'precondition',
  'capacity',
] as const

const order: readonly string[] = [...refusingStages, 'grant']

/** The ten stages in order, as policies/authz/decision.rego goes through them. */
export function stagesOf(
  decision: Decision,
  verdicts: Verdicts,
  request: DecisionRequest,
  tenant: TenantFacts,
  prepared: Prepared,
): readonly Stage[] {
  const { permission } = prepared
  const member = request.subject.type === 'user' ? tenant.record(request.subject.id) : undefined
  const role = member?.value('role')
  const plan = tenant.header.value('plan')
  const saw: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    request: { action: request.action.name, system: tenant.system, row: permission.row },
    membership: { asker: verdicts.asker, role, status: member?.value('status'), plan },
    right: { role, plan, cell: permission.cells[String(role)] ?? null },
  }
  const rules = [
    ...verdicts.grants.map(({ name, verdict }) => ['right', 'grants', name, verdict] as const),
    ...verdicts.rules.map(({ stage, rule: [kind, name], verdict }) => {
      return [stage, kind === 'shared' ? 'checks' : kind, name, verdict] as const
    }),
  ]
  const decidedAt = order.indexOf(decision.stage)
  return order.map((stage, index) => ({
    stage: stage === 'grant' ? 'allow' : stage,
    outcome: index < decidedAt || decision.decision ? 'passed' : index === decidedAt ? 'refused' : 'not_reached',
    ...(index === decidedAt ? { reason: decision.reason } : {}),
    ...(saw[stage] === undefined ? {} : { saw: saw[stage] }),
    rules: rules.flatMap(([at, kind, name, verdict]) => {
      const rule = `${kind}.${name}`
      return at === stage
        ? [{ rule, place: permission.names[rule] ?? permission.row, verdict: verdict[0] ?? null }]
        : []
    }),
  }))
}
