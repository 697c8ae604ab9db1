import { isDeepStrictEqual } from 'node:util'
import type { Obligation } from '../pdp/decision.ts'

/** What an event of the decision log says of one decision, as far as it can be decided again. */
export interface LoggedDecision {
  readonly decisionId: string
  /** The request as it was sent; its shape is not checked. */
  readonly input: Readonly<Record<string, unknown>>
  /** The id of the tenant: named by the request, or the default of that time. */
  readonly tenant: string | undefined
  /** Revision of the tenant's facts. */
  readonly revision: string
  readonly at: Date
  readonly decision: boolean
  readonly reason: string
  readonly obligations: readonly Obligation[]
  /** How many decisions the event stands for. */
  readonly weight: number
}

/** Why an event cannot be decided again; `tenant` and `revision` are found out by whoever looks for the facts. */
export const obstacles = {
  failed: 'was no decision but a failure',
  masked: 'something that decides was masked or erased',
  oversized: 'the request was too large to be logged whole',
  tenant: 'the facts of the tenant are not at hand',
  revision: 'the facts of the tenant have another revision',
} as const
export type Obstacle = keyof typeof obstacles

/** An event that cannot be decided again, and how many it stands for. */
export interface UnreplayableEvent {
  readonly obstacle: Obstacle
  readonly weight: number
}

/** A line that is no event of a decision log. The message says why, without what stands in it. */
export class EventError extends Error {
  override readonly name = 'EventError'
}

type Members = Readonly<Record<string, unknown>>

/** Reads one line of a decision log. Throws an `EventError`. */
export function readLoggedDecision(line: string): LoggedDecision | UnreplayableEvent {
  const event = parsed(line)
  const weight = event.weight ?? 1
  if (typeof weight !== 'number' || !Number.isSafeInteger(weight) || weight < 1) throw wrong('weight')
  if (isMembers(event.error)) return { obstacle: 'failed', weight }
  const { decision_id, effect, directory_revision, tenant } = event
  if (typeof decision_id !== 'string') throw wrong('decision_id')
  if (effect !== 'allow' && effect !== 'deny') throw wrong('effect')
  if (typeof directory_revision !== 'string') throw wrong('directory_revision')
  if (hidesWhatDecides(event.erased) || hidesWhatDecides(event.masked)) return { obstacle: 'masked', weight }
  if (event.oversized === true) return { obstacle: 'oversized', weight }
  // An event whose mask failed has neither, and says nothing else about it.
  if (event.input === undefined && event.result === undefined) return { obstacle: 'masked', weight }
  const { input, result } = event
  if (!isMembers(input)) throw wrong('input')
  if (!isMembers(result) || result.decision !== (effect === 'allow')) throw wrong('result')
  const { reason, obligations } = result
  if (typeof reason !== 'string') throw wrong('result/reason')
  if (!Array.isArray(obligations)) throw wrong('result/obligations')
  const at = new Date(typeof event.timestamp === 'string' ? event.timestamp : Number.NaN)
  if (Number.isNaN(at.getTime())) throw wrong('timestamp')
  return {
    decisionId: decision_id,
    input,
    tenant: typeof tenant === 'string' ? tenant : undefined,
    revision: directory_revision,
    at,
    decision: effect === 'allow',
    reason,
    obligations,
    weight,
  }
}

/** Whether the same must be done about two decisions; both are plain JSON. */
export function sameObligations(one: readonly Obligation[], other: readonly Obligation[]): boolean {
  return isDeepStrictEqual(one, other)
}

function parsed(line: string): Members {
  let event: unknown
  try {
    event = JSON.parse(line)
  } catch {
    // The message of the SyntaxError quotes the line.
    throw new EventError('this is no JSON')
  }
  if (!isMembers(event)) throw new EventError('this is no event of a decision log: expected a JSON object')
  return event
}

/** Message, rule and limit decide nothing: an event without them can be decided again. */
function hidesWhatDecides(pointers: unknown): boolean {
  if (pointers === undefined) return false
  if (!Array.isArray(pointers)) throw wrong('erased` or `masked')
  return pointers.some((pointer) => !/^\/result\/(?:message|rule|limit)(?:\/|$)/.test(String(pointer)))
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(member: string): EventError {
  return new EventError(`this is no event of a decision log: \`${member}\` is missing or wrong`)
}
