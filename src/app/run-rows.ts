import { inlineFacts, tenantValidator } from '../directory/tenant-schema.ts'
import { createPdp } from '../pdp/decide.ts'
import { PosternError } from '../pdp/errors.ts'
import { planInput } from '../pdp/input-plan.ts'
import type { Evaluation, PermissionIndex, Policy, SystemIndex } from '../pdp/policy.ts'
import type { RowOutcome } from '../review/check-row-outcome.ts'
import type { DecisionRow } from '../review/decision-rows.ts'
import type { BundleIndex } from './build.ts'

/** A decision row, what came of it, and what the policy saw and said. */
export interface RowRun {
  readonly row: DecisionRow
  readonly outcome: RowOutcome
  /** Undefined where the policy decided nothing, or was not asked. */
  readonly evaluation: Evaluation | undefined
  /** JSON text with every fact that any rule of the bundle reads; undefined where the policy was not asked. */
  readonly wholeInput: string | undefined
}

/**
 * Decides every row in this process, without a memo. A decision is made on the facts that its permission reads;
 * `wholeInput` has those of all permissions, so that another evaluator also shows whether a fact is left out wrongly.
 */
export function runRows(policy: Policy, index: BundleIndex, rows: readonly DecisionRow[]): readonly RowRun[] {
  let evaluation: Evaluation | undefined
  let wholeInput: string | undefined
  // One moment for all rows: both inputs of a row then name the same.
  const now = new Date()
  const narrow = pdpOf(
    policy,
    (input) => {
      evaluation = policy.evaluator.evaluate(input)
      return evaluation
    },
    now,
  )
  const wide = pdpOf(
    withEveryNeed(policy, index),
    (input) => {
      wholeInput = input
      throw new PosternError('undecidable')
    },
    now,
  )
  return rows.map((row) => {
    evaluation = undefined
    wholeInput = undefined
    const outcome = outcomeOf(() => narrow.decide(row.request).decision)
    outcomeOf(() => wide.decide(row.request).decision)
    return { row, outcome, evaluation, wholeInput }
  })
}

/** Decides one row after the other as `runRows` does, for whoever asks for the outcome alone. */
export function rowDecider(policy: Policy): (row: DecisionRow) => RowOutcome {
  const pdp = pdpOf(policy, (input) => policy.evaluator.evaluate(input), new Date())
  return ({ request }) => outcomeOf(() => pdp.decide(request).decision)
}

function outcomeOf(decide: () => Extract<RowOutcome, { decision: unknown }>['decision']): RowOutcome {
  try {
    return { decision: decide() }
  } catch (error) {
    if (error instanceof PosternError) return { error }
    throw error
  }
}

function pdpOf(policy: Policy, evaluate: (input: string) => Evaluation, now: Date) {
  const pdp = createPdp({
    tenants: { find: () => undefined },
    inline: inlineFacts(tenantValidator()),
    defaultTenant: undefined,
    memo: { entries: 1, bytes: 1, largestInput: 0 },
    now: () => now,
  })
  pdp.activate({ ...policy, evaluator: { ...policy.evaluator, evaluate } })
  return pdp
}

/** Every fact that any permission of the bundle reads. */
export function needsOf({ core_needs, systems }: BundleIndex): readonly string[] {
  const permissions = Object.values(systems).flatMap((system) => Object.values(system.permissions))
  return [...new Set([...core_needs, ...permissions.flatMap(({ needs }) => needs)])].sort()
}

function withEveryNeed(policy: Policy, index: BundleIndex): Policy {
  const input = planInput(needsOf(index), [])
  const widen = (entry: PermissionIndex): PermissionIndex => ({ ...entry, input })
  const systems = [...policy.systems].map(([name, system]): [string, SystemIndex] => [
    name,
    {
      ...system,
      unlisted: widen(system.unlisted),
      permissions: new Map([...system.permissions].map(([permission, entry]) => [permission, widen(entry)])),
    },
  ])
  return { ...policy, systems: new Map(systems) }
}
