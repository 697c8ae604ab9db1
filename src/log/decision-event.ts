import type { RecordedDecision, RecordedFailure } from '../pdp/decision-recorder.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import { inputLogger, type LoggedInput } from './logged-input.ts'
import { type LoggedResult, resultLogger } from './logged-result.ts'
import type { Masks } from './mask.ts'

export type Told = RecordedDecision | RecordedFailure

export interface EventOptions {
  /** Of this process; the same in every event. */
  readonly labels: Readonly<Record<string, string>>
  readonly masks: Masks
  /** The tenant of a request that names none. */
  readonly defaultTenant: string | undefined
}

/** One event as JSON on one line, and what became of it on the way. */
export interface WrittenEvent {
  readonly text: string
  readonly masked: boolean
  /** A mask failed, so the event has neither `input` nor `result`. */
  readonly maskFailed: boolean
  readonly oversized: boolean
}

/** `at` is in milliseconds since 1970, `weight` how many decisions the event stands for. */
export type WriteEvent = (told: Told, at: number, weight: number) => WrittenEvent

/**
 * Writes events in the field names of OPA's decision log, with ours beside them. It runs on the way of every request, so
 * it joins texts: what belongs to the process, to a decision or to a millisecond is written once.
 */
export function eventWriter({ labels, masks, defaultTenant }: EventOptions): WriteEvent {
  const head = `{"labels":${JSON.stringify(labels)},"path":"authz/decision"`
  const loggedInput = inputLogger(below('/input/', masks))
  const loggedResult = resultLogger(below('/result/', masks))
  let clock = { at: Number.NaN, text: '' }

  const inputOf = ({ request, sent }: Told) => {
    try {
      return loggedInput(request, sent)
    } catch {
      return undefined
    }
  }

  return (told, at, weight) => {
    if (at !== clock.at) clock = { at, text: new Date(at).toISOString() }
    const result = 'answer' in told ? loggedResult(told.answer.decision) : noResult
    const input = result.words === undefined ? undefined : inputOf(told)
    const about =
      head +
      result.outcome +
      ('answer' in told ? givenOf(told) : `,"error":{"code":"${told.code}"}`) +
      `,"timestamp":"${clock.text}"` +
      member('req_id', textOf(told.requestId)) +
      member('batch_id', textOf(told.batchId)) +
      `,"dialect":"${told.dialect}","weight":${weight}`
    if (input === undefined) return { text: `${about}}`, masked: false, maskFailed: true, oversized: false }

    const erased = joined(input.erased, result.erased)
    const masked = joined(input.masked, result.masked)
    const text =
      about +
      (erased.length > 0 ? member('erased', JSON.stringify(erased)) : '') +
      (masked.length > 0 ? member('masked', JSON.stringify(masked)) : '') +
      member('tenant', textOf(tenantOf(told.request, input.shown, defaultTenant))) +
      askedOf(input) +
      (input.oversized ? ',"oversized":true' : '') +
      member('input', input.text) +
      result.words +
      '}'
    return { text, masked: erased.length > 0 || masked.length > 0, maskFailed: false, oversized: input.oversized }
  }
}

const noResult: LoggedResult = { outcome: '', words: '', erased: [], masked: [] }

function below(part: string, { erase, mask }: Masks): Masks {
  const isBelow = (pointer: string) => pointer.startsWith(part)
  return { erase: erase.filter(isBelow), mask: mask.filter(isBelow) }
}

function joined(some: readonly string[], more: readonly string[]): readonly string[] {
  return more.length === 0 ? some : [...some, ...more]
}

/** What is the caller's own of an answer, the same decision being given to many. */
function givenOf({ answer, seconds }: RecordedDecision): string {
  const { decisionId, revision, cache } = answer
  return (
    `,"decision_id":${textOf(decisionId)},"directory_revision":${textOf(revision)},"cache":"${cache}"` +
    `,"metrics":{"timer_server_handler_ns":${Math.round(seconds * 1e9)}},"latency_us":${Math.round(seconds * 1e6)}`
  )
}

/** What is said again outside `input` is taken from it: a mask hides it in both places. */
function askedOf({ shown: { subject, action, resource } = {}, isPlain }: LoggedInput): string {
  if (isPlain && subject !== undefined && action !== undefined && resource !== undefined)
    return (
      `,"subject":{"type":"${subject.type}","id":"${subject.id}"},"action":"${action.name}"` +
      `,"resource":{"type":"${resource.type}","id":"${resource.id}"}`
    )
  const entity = (of: DecisionRequest['subject'] | undefined) => of && JSON.stringify({ type: of.type, id: of.id })
  return (
    member('subject', entity(subject)) + member('action', textOf(action?.name)) + member('resource', entity(resource))
  )
}

/** The default goes for a request that names no tenant, not for one whose tenant is hidden. */
function tenantOf(
  asked: DecisionRequest | undefined,
  shown: Partial<DecisionRequest> | undefined,
  defaultTenant: string | undefined,
): unknown {
  const named = asked?.tenant !== undefined || asked?.context?.tenant !== undefined
  return named ? (shown?.tenant?.tenant ?? shown?.context?.tenant) : defaultTenant
}

function member(name: string, text: string | undefined): string {
  return text === undefined ? '' : `,"${name}":${text}`
}

/** What JSON writes as it is, between quotes. */
const plain = /^[ !#-[\]-~]*$/

/** The value as JSON, undefined for undefined; for a short text twice as fast as `JSON.stringify` alone. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && plain.test(value) ? `"${value}"` : JSON.stringify(value)
}
