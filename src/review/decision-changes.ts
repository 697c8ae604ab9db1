import { isDeepStrictEqual } from 'node:util'
import type { Obligation } from '../pdp/decision.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import type { Question } from './questions.ts'
import type { ModelSystem, Outcome, ReviewedPolicy } from './reviewed-policy.ts'

/** `right`: the right is gained or lost, and no request of the space shows the decision itself turn. */
export const changeKinds = ['gains', 'gains right', 'loses', 'loses right', 'reason', 'obligations', 'limit'] as const
export type ChangeKind = (typeof changeKinds)[number]

/** One way in which decisions differ, for some roles and some permissions. */
export interface DecisionChange {
  readonly system: string
  readonly kind: ChangeKind
  readonly permissions: readonly string[]
  readonly roles: readonly string[]
  /** Where the change shows on some of the plans alone: these. */
  readonly plans?: readonly string[]
  /** The reasons before and after, where the kind is `reason`. */
  readonly reasons?: readonly [before: string, after: string]
  /** What there is to do no more, newly or otherwise, where the kind is `obligations`: `without ring_bell`. */
  readonly obligations?: readonly string[]
  /** `file:line` that decides now. */
  readonly place: string
  readonly decisions: number
  readonly witness: DecisionRequest
}

interface Flip {
  readonly question: Question
  readonly kind: ChangeKind
  readonly before: Outcome
  readonly after: Outcome
}

/** Asks both policies every question. Changes that differ in nothing but role or permission are one. */
export function decisionChanges(
  base: ReviewedPolicy,
  head: ReviewedPolicy,
  questions: readonly Question[],
): readonly DecisionChange[] {
  const flips: Flip[] = []
  const asked = new Map<string, Set<string>>()
  for (const question of questions) {
    const before = base.decide(question.request)
    const after = head.decide(question.request)
    const key = subjectKey(question)
    const plansOf = asked.get(key) ?? new Set()
    // What a plan that nobody defined leaves as it was does not narrow a change to the others; in a system without plans
    // that is any that happens to be stored.
    if (isIn(before) && isIn(after) && isPlan(question, base, head)) asked.set(key, plansOf.add(question.plan))
    const kind = changeOf(before, after)
    // The tables say that a name is new or gone; that those it does not let in are told so is no further change.
    if (kind === 'reason' && !allows(after) && isOnOneSide(question, base, head)) continue
    if (kind !== undefined) flips.push({ question, kind, before, after })
  }
  const changes = merged(shown(flips), asked)
  return changeKinds.flatMap((kind) => changes.filter((change) => change.kind === kind))
}

function isOnOneSide(
  { system, permission, role, plan }: Question,
  base: ReviewedPolicy,
  head: ReviewedPolicy,
): boolean {
  const [one, other] = [base.model[system], head.model[system]]
  const differs = (has: (model: ModelSystem | undefined) => boolean) => has(one) !== has(other)
  return (
    differs((model) => Object.hasOwn(model?.permissions ?? {}, permission)) ||
    differs((model) => Object.hasOwn(model?.roles ?? {}, role)) ||
    differs((model) => Object.hasOwn(model?.plans ?? {}, plan))
  )
}

function isPlan({ system, plan }: Question, ...sides: readonly ReviewedPolicy[]): boolean {
  return sides.some(({ model }) => Object.hasOwn(model[system]?.plans ?? {}, plan))
}

/** In what two outcomes differ; undefined where it is nothing but the place that decided. */
export function changeOf(before: Outcome, after: Outcome): ChangeKind | undefined {
  if (allows(before) !== allows(after)) return allows(after) ? 'gains' : 'loses'
  if (holds(before) !== holds(after)) return holds(after) ? 'gains right' : 'loses right'
  if (reasonOf(before) !== reasonOf(after)) return 'reason'
  if ('error' in before || 'error' in after) return undefined
  if (!isDeepStrictEqual(before.obligations, after.obligations)) return 'obligations'
  return isDeepStrictEqual(before.limit, after.limit) ? undefined : 'limit'
}

/** Each type of obligation that differs, with the way in which it does. */
function turnedObligations(before: Outcome, after: Outcome): readonly string[] {
  const [one, other] = [before, after].map((outcome) => ('error' in outcome ? [] : outcome.obligations)) as [
    readonly Obligation[],
    readonly Obligation[],
  ]
  const types = [...new Set([...one, ...other].map(({ type }) => type))]
  return types.flatMap((type) => {
    const [was = [], is = []] = [one, other].map((list) => list.filter((obligation) => obligation.type === type))
    if (isDeepStrictEqual(was, is)) return []
    if (is.length === 0) return `without ${type}`
    return `${was.length === 0 ? 'with' : 'another'} ${type}`
  })
}

function allows(outcome: Outcome): boolean {
  return !('error' in outcome) && outcome.decision
}

/** Whether the subject got past the stage that asks for the right. */
function holds(outcome: Outcome): boolean {
  return !('error' in outcome) && !['request', 'membership', 'gate', 'right'].includes(outcome.stage)
}

function isIn(outcome: Outcome): boolean {
  return !('error' in outcome) && outcome.stage !== 'membership'
}

function reasonOf(outcome: Outcome): string {
  return 'error' in outcome ? outcome.error : outcome.reason
}

/** A right that turned is left out where a decision that turned the same way shows it. */
function shown(flips: readonly Flip[]): readonly Flip[] {
  const turned = new Set(flips.map(({ question, kind }) => `${kind} ${subjectKey(question)}`))
  return flips.filter(({ question, kind }) => {
    const [way, right] = kind.split(' ')
    return right === undefined || !turned.has(`${way} ${subjectKey(question)}`)
  })
}

function merged(flips: readonly Flip[], asked: ReadonlyMap<string, ReadonlySet<string>>): readonly DecisionChange[] {
  const cells = group(flips, ({ question, kind, before, after }) =>
    JSON.stringify([
      subjectKey(question),
      kind,
      kind === 'reason' && [reasonOf(before), reasonOf(after)],
      kind === 'obligations' && turnedObligations(before, after),
    ]),
  ).map((cell) => {
    const first = cell[0] as Flip
    const { system, permission, role } = first.question
    const plans = [...new Set(cell.map(({ question }) => question.plan))].sort()
    const everywhere = [...(asked.get(subjectKey(first.question)) ?? [])].every((plan) => plans.includes(plan))
    const reasons = first.kind === 'reason' ? ([reasonOf(first.before), reasonOf(first.after)] as const) : undefined
    const obligations = first.kind === 'obligations' ? turnedObligations(first.before, first.after) : undefined
    return { first, system, permission, role, cell, plans: everywhere ? undefined : plans, reasons, obligations }
  })
  type Cell = (typeof cells)[number]
  const alike = (one: Cell) => JSON.stringify([one.system, one.first.kind, one.plans, one.reasons, one.obligations])
  const rows = group(cells, (one) => `${alike(one)} ${one.permission}`)
  const rolesOf = (row: readonly Cell[]) => [...new Set(row.map(({ role }) => role))].sort()
  return group(rows, (row) => `${alike(row[0] as Cell)} ${JSON.stringify(rolesOf(row))}`).map((some) => {
    const row = some[0] as readonly Cell[]
    const { first, system, plans, reasons, obligations } = row[0] as Cell
    return {
      system,
      kind: first.kind,
      permissions: some.map(([cell]) => cell?.permission ?? ''),
      roles: rolesOf(row),
      ...(plans === undefined ? {} : { plans }),
      ...(reasons === undefined ? {} : { reasons }),
      ...(obligations === undefined ? {} : { obligations }),
      place: 'error' in first.after ? '' : first.after.rule,
      decisions: some.flat().reduce((sum, { cell }) => sum + cell.length, 0),
      witness: first.question.request,
    }
  })
}

function subjectKey({ system, permission, role }: Question): string {
  return `${system} ${permission} ${role}`
}

function group<T>(list: readonly T[], keyOf: (one: T) => string): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>()
  for (const one of list) {
    const key = keyOf(one)
    const known = groups.get(key)
    if (known === undefined) groups.set(key, [one])
    else known.push(one)
  }
  return [...groups.values()]
}
