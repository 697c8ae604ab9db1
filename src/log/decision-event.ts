import type { RecordedDecision, RecordedFailure } from '../pdp/decision-recorder.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import { inputLogger } from './logged-input.ts'
import { resultLogger } from './logged-result.ts'
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
  const head = `{"labels":${JSON.stringify(labels)}`
  const inputOf = inputLogger(below('/input/', masks))
  const resultOf = resultLogger(below('/result/', masks))
  let clock = { at: Number.NaN, text: '' }

  const partsOf = (told: Told) => {
    try {
      return { input: inputOf(told.request), result: 'answer' in told ? resultOf(told.answer.decision) : undefined }
    } catch {
      return { input: undefined, result: undefined }
    }
  }

  return (told, at, weight) => {
    if (at !== clock.at) clock = { at, text: new Date(at).toISOString() }
    const { input, result } = partsOf(told)
    const erased = [...(input?.erased ?? []), ...(result?.erased ?? [])]
    const masked = [...(input?.masked ?? []), ...(result?.masked ?? [])]
    // What is said again outside `input` and `result` is taken from them: a mask hides it in both places.
    const { subject, action, resource } = input?.shown ?? {}
    const text =
      head +
      ('answer' in told ? outcomeOf(told) : `,"error":{"code":"${told.code}"}`) +
      `,"path":"authz/decision","timestamp":"${clock.text}"` +
      member('req_id', textOf(told.requestId)) +
      member('batch_id', textOf(told.batchId)) +
      (erased.length > 0 ? member('erased', JSON.stringify(erased)) : '') +
      (masked.length > 0 ? member('masked', JSON.stringify(masked)) : '') +
      `,"dialect":"${told.dialect}"` +
      member('tenant', textOf(tenantOf(told.request, input?.shown, defaultTenant))) +
      member('subject', entityText(subject)) +
      member('action', textOf(action?.name)) +
      member('resource', entityText(resource)) +
      member('reason', result?.reason) +
      (input?.oversized === true ? ',"oversized":true' : '') +
      `,"weight":${weight}` +
      member('input', input?.text) +
      member('result', result?.text) +
      '}'
    return {
      text,
      masked: erased.length > 0 || masked.length > 0,
      maskFailed: input === undefined,
      oversized: input?.oversized === true,
    }
  }
}

function below(part: string, { erase, mask }: Masks): Masks {
  const isBelow = (pointer: string) => pointer.startsWith(part)
  return { erase: erase.filter(isBelow), mask: mask.filter(isBelow) }
}

function outcomeOf({ answer, seconds }: RecordedDecision): string {
  const { decision, decisionId, revision, cache } = answer
  return (
    `,"decision_id":${textOf(decisionId)}` +
    `,"bundles":{"postern":{"revision":${textOf(decision.policy)}}}` +
    `,"metrics":{"timer_server_handler_ns":${Math.round(seconds * 1e9)}}` +
    `,"effect":"${decision.decision ? 'allow' : 'deny'}"` +
    `,"directory_revision":${textOf(revision)}` +
    `,"cache":"${cache}"` +
    `,"latency_us":${Math.round(seconds * 1e6)}`
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

function entityText(entity: { readonly type?: unknown; readonly id?: unknown } | undefined): string | undefined {
  if (entity === undefined) return undefined
  const { type, id } = entity
  if (typeof type !== 'string' || typeof id !== 'string') return JSON.stringify({ type, id })
  return `{"type":${textOf(type)},"id":${textOf(id)}}`
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
