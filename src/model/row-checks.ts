import type { Path, YamlDocument } from '../document/yaml-document.ts'
import { problemAt } from './reasons.ts'
import { type RuleName, type SystemContext, unknownName } from './system-context.ts'
import { type CheckStage, type LifecycleRow, type NamedStage, namedStages } from './system-files.ts'

/** A rule as one row names it. */
export interface NamedCheck {
  readonly rule: RuleName
  readonly reasons: readonly string[]
  /** `file:line` of the name. */
  readonly place: string
}

export type ChecksByStage = Readonly<Record<NamedStage, readonly NamedCheck[]>>

/**
 * What is to be checked and done. By stage, and in one list each what stands before the right (`gates`) and after it
 * (`checks`); a list that would be empty is absent.
 */
export type Todo = Partial<Readonly<Record<NamedStage | 'gates' | 'checks', readonly RuleName[]>>> & {
  readonly obligations: readonly RuleName[]
}

export type Asker = 'member' | 'invitee' | 'self' | 'service'

/** The checks of a lifecycle row: those that its other members stand for, the system's gates, and those it names. */
export function checksOfRow(context: SystemContext, permission: string, row: LifecycleRow, who: Asker): ChecksByStage {
  const found = Object.fromEntries(namedStages.map((stage) => [stage, []])) as unknown as Record<
    NamedStage,
    NamedCheck[]
  >
  const add = (stage: NamedStage, check: NamedCheck | undefined) => check && found[stage].push(check)
  impliedChecks(context, permission, row, who, add)
  gateChecks(context, permission, who, add)
  for (const [stage, list] of Object.entries(row.checks ?? {}) as [CheckStage, readonly string[]][]) {
    writtenChecks(context, permission, stage, list, add)
  }
  return found
}

/** The lists of one row or cell, each stage in the order in which its reasons are given. */
export function todoOf(context: SystemContext, checks: ChecksByStage, obligations: readonly RuleName[]): Todo {
  const stages = namedStages.map((stage) => {
    const inOrder = checks[stage].toSorted((a, b) => rankOf(context, stage, a) - rankOf(context, stage, b))
    return [stage, inOrder.map(({ rule }) => rule)] as const
  })
  const isGate = (stage: NamedStage) => stage === 'membership' || stage === 'gate'
  const lists = [
    ...stages,
    ['gates', stages.flatMap(([stage, rules]) => (isGate(stage) ? rules : []))] as const,
    ['checks', stages.flatMap(([stage, rules]) => (isGate(stage) ? [] : rules))] as const,
  ]
  return { ...Object.fromEntries(lists.filter(([, rules]) => rules.length > 0)), obligations }
}

type Add = (stage: NamedStage, check: NamedCheck | undefined) => void

/** `takes`, `from` and `feature` stand for a check each; who does not pass stage 2 is asked for the plan in stage 6. */
function impliedChecks(context: SystemContext, permission: string, row: LifecycleRow, who: Asker, add: Add): void {
  const { files, features, used, refuse } = context
  const { lifecycle, plans } = files
  const at = (member: string) => ['permissions', permission, member]
  if (row.takes !== undefined)
    add('shape', implied(context, 'fields_are_present', 'missing_field', lifecycle, at('takes')))
  if (row.from !== undefined)
    add('precondition', implied(context, 'state_allows', 'invalid_transition', lifecycle, at('from')))
  if (row.feature !== undefined) {
    used.features.add(row.feature)
    if (!features.has(row.feature)) refuse(unknownName(lifecycle, at('feature'), 'plan feature', row.feature, features))
    add('precondition', implied(context, 'plan_has_feature', 'plan_not_eligible', lifecycle, at('feature')))
  }
  if (context.hasPlans && (who === 'invitee' || who === 'service'))
    add('shape', implied(context, 'stored_plan_is_known', 'unknown_plan', plans, ['plans']))
}

function gateChecks(context: SystemContext, permission: string, who: Asker, add: Add): void {
  const { lifecycle } = context.files
  for (const stage of ['membership', 'gate', 'relation'] as const) {
    // A person who asks for a service's permission is refused in stage 4, and passes stages 2 and 3 before.
    if (who === 'invitee' || (who === 'service' && stage === 'relation')) continue
    for (const [index, gate] of (lifecycle.value.gates?.[stage] ?? []).entries()) {
      if (gate.except?.includes(permission)) continue
      add(stage, declared(context, stage, gate.check, ['gates', stage, index, 'check']))
    }
  }
}

function writtenChecks(
  context: SystemContext,
  permission: string,
  stage: CheckStage,
  list: readonly string[],
  add: Add,
): void {
  const { lifecycle } = context.files
  let last = -1
  for (const [index, check] of list.entries()) {
    const path = ['permissions', permission, 'checks', stage, index]
    const found = declared(context, stage, check, path)
    add(stage, found)
    if (found === undefined) continue
    const rank = rankOf(context, stage, found)
    if (rank < last) {
      const message = `\`${check}\` is out of order: \`${found.reasons[0]}\` is asked before the check above it`
      context.refuse(problemAt(lifecycle, path, message, 'follow the order of `refusals` in config/reasons.yaml'))
    }
    last = Math.max(last, rank)
  }
}

/** A check that the lifecycle file declares and names at the path. */
function declared(context: SystemContext, stage: NamedStage, check: string, path: Path): NamedCheck | undefined {
  const { files, reasons, yields, used, refuse, name } = context
  const { lifecycle } = files
  used.checks.add(check)
  const found = yields.get(`checks.${check}`)
  const [first] = found ?? []
  if (found === undefined || first === undefined) {
    const known = Object.keys(lifecycle.value.checks)
    refuse(unknownName(lifecycle, path, 'check', check, known, 'declare it under `checks`'))
    return undefined
  }
  if (reasons.rank(stage, first) === undefined) {
    refuse(problemAt(lifecycle, path, `\`${check}\` answers \`${first}\`, which is no reason of stage \`${stage}\``))
    return undefined
  }
  const rule: RuleName = ['checks', check]
  return { rule, reasons: found, place: name(rule, lifecycle, path) }
}

/** A shared check that another member of the row stands for. */
function implied(
  { yields, name }: SystemContext,
  check: string,
  reason: string,
  document: YamlDocument<unknown>,
  path: Path,
): NamedCheck {
  const rule: RuleName = ['checks', check]
  yields.set(rule.join('.'), [reason])
  return { rule, reasons: [reason], place: name(rule, document, path) }
}

function rankOf({ reasons }: SystemContext, stage: NamedStage, check: NamedCheck): number {
  return reasons.rank(stage, check.reasons[0] ?? '') ?? 0
}
