import type { Decision } from '../pdp/decision.ts'
import type { ErrorCode } from '../pdp/errors.ts'
import { type LoggedDecision, type Obstacle, obstacles, sameObligations } from './logged-decision.ts'

export const flipKinds = ['gains', 'loses', 'reason', 'obligations'] as const
export type FlipKind = (typeof flipKinds)[number]

/** Decisions that turn in the same way. */
export interface Flip {
  readonly kind: FlipKind
  readonly system: string
  readonly action: string
  /** Before and after; the code of the error where the candidate gives no decision. */
  readonly reasons: readonly [before: string, after: string]
  /** `file:line` that decides now; empty for an error. */
  readonly rule: string
  readonly decisions: number
  /** How many decisions those stand for. */
  readonly weight: number
  /** Ids of the first of them. */
  readonly examples: readonly string[]
}

/** Events of a log, and the decisions that they stand for. */
export interface Counted {
  readonly events: number
  readonly weight: number
}

/** What a log of decisions says about a candidate. */
export interface ReplayReport {
  /** Digest of the candidate. */
  readonly policy: string
  readonly replayed: Counted
  readonly flips: readonly Flip[]
  readonly not_replayable: Readonly<Record<Obstacle, Counted>>
  /** How many lines are no events; `lines` names the first of them with what is wrong. */
  readonly malformed: { readonly count: number; readonly lines: readonly string[] }
}

/** A decision, or the code of the error in its place. */
export type ReplayOutcome = Decision | { readonly error: ErrorCode }

export interface ReplayTally {
  replayed(logged: LoggedDecision, system: string, action: string, outcome: ReplayOutcome): void
  notReplayable(obstacle: Obstacle, weight: number): void
  malformed(line: string): void
  report(policy: string): ReplayReport
}

const shownExamples = 3
const shownLines = 10

interface Grown<T> {
  readonly first: T
  decisions: number
  weight: number
  readonly examples: string[]
}

/** Counts what comes of each event. Memory grows with the kinds of flips, not with the log. */
export function tallyReplay(): ReplayTally {
  const flips = new Map<string, Grown<Omit<Flip, 'decisions' | 'weight' | 'examples'>>>()
  const replayed = { events: 0, weight: 0 }
  const missed = Object.fromEntries(
    Object.keys(obstacles).map((name) => [name, { events: 0, weight: 0 }]),
  ) as unknown as Record<Obstacle, { events: number; weight: number }>
  const malformed = { count: 0, lines: [] as string[] }

  return {
    replayed(logged, system, action, outcome) {
      add(replayed, logged.weight)
      const kind = flipOf(logged, outcome)
      if (kind === undefined) return
      const after = 'error' in outcome ? outcome.error : outcome.reason
      const rule = 'error' in outcome ? '' : outcome.rule
      const first = { kind, system, action, reasons: [logged.reason, after] as const, rule }
      const key = JSON.stringify(first)
      const grown = flips.get(key) ?? { first, decisions: 0, weight: 0, examples: [] }
      flips.set(key, grown)
      grown.decisions++
      grown.weight += logged.weight
      if (grown.examples.length < shownExamples) grown.examples.push(logged.decisionId)
    },
    notReplayable(obstacle, weight) {
      add(missed[obstacle], weight)
    },
    malformed(line) {
      malformed.count++
      if (malformed.lines.length < shownLines) malformed.lines.push(line)
    },
    report(policy) {
      const all = [...flips.values()].map(({ first, ...counts }) => ({ ...first, ...counts }))
      const sorted = flipKinds.flatMap((kind) =>
        all.filter((flip) => flip.kind === kind).sort((one, other) => other.weight - one.weight),
      )
      return { policy, replayed, flips: sorted, not_replayable: missed, malformed }
    },
  }
}

/** Whether somebody may do what the log says was denied. */
export function widens({ flips }: ReplayReport): boolean {
  return flips.some(({ kind }) => kind === 'gains')
}

function add(counted: { events: number; weight: number }, weight: number): void {
  counted.events++
  counted.weight += weight
}

/** An error lets nobody in, so an allow that becomes one is lost. */
function flipOf(logged: LoggedDecision, outcome: ReplayOutcome): FlipKind | undefined {
  if ('error' in outcome) return logged.decision ? 'loses' : 'reason'
  if (outcome.decision !== logged.decision) return outcome.decision ? 'gains' : 'loses'
  if (outcome.reason !== logged.reason) return 'reason'
  return sameObligations(outcome.obligations, logged.obligations) ? undefined : 'obligations'
}
