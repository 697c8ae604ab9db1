import type { Decision } from '../pdp/decision.ts'
import type { RecordedDecision, RecordedFailure } from '../pdp/decision-recorder.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import { applyMasks, eraseCredentials, type Maskable, type Masks } from './mask.ts'

type Told = RecordedDecision | RecordedFailure

/** What was told to the log, with what only the moment itself knew. */
export interface Recorded {
  readonly told: Told
  /** Milliseconds since 1970. */
  readonly at: number
  /** How many decisions this one stands for. */
  readonly weight: number
}

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

/** The most bytes of a request that are logged; beyond it the tenant it brings is left out, then all of it. */
const largestInput = 65_536

/** The event in the field names of OPA's decision log, with ours beside them. */
export function writeEvent(
  { told, at, weight }: Recorded,
  { labels, masks, defaultTenant }: EventOptions,
): WrittenEvent {
  const { input: asked, inputText: askedText, oversized } = inputOf(told)
  const result = resultOf(told)
  const { hidden, maskFailed } = mask({ input: asked, result }, masks)
  const erased = [...hidden.erased]
  const maskedText = hidden.input === asked ? askedText : textOf(hidden.input)
  const input = maskedText === undefined ? undefined : eraseCredentials(hidden.input, maskedText, erased)
  // What is said again outside `input` and `result` is taken from them: a mask hides it in both places.
  const { subject, action, resource, context, tenant } = (input ?? {}) as Partial<DecisionRequest>
  const { reason } = (hidden.result ?? {}) as { readonly reason?: string }
  const about = JSON.stringify({
    labels,
    ...('answer' in told ? outcomeOf(told) : { error: { code: told.code } }),
    path: 'authz/decision',
    timestamp: new Date(at).toISOString(),
    req_id: told.requestId,
    batch_id: told.batchId,
    erased: erased.length > 0 ? erased : undefined,
    masked: hidden.masked.length > 0 ? hidden.masked : undefined,
    dialect: told.dialect,
    tenant: tenant?.tenant ?? context?.tenant ?? (told.request?.tenant === undefined ? defaultTenant : undefined),
    subject: subject && { type: subject.type, id: subject.id },
    action: action?.name,
    resource: resource && { type: resource.type, id: resource.id },
    reason,
    oversized: oversized ? true : undefined,
    weight,
  })
  // The two large members are texts already: the input was looked through as one, results are shared.
  const inputText = input === hidden.input ? maskedText : textOf(input)
  const resultText = hidden.result === result ? sharedText(told, result) : textOf(hidden.result)
  const text = `${about.slice(0, -1)}${member('input', inputText)}${member('result', resultText)}}`
  return { text, masked: erased.length > 0 || hidden.masked.length > 0, maskFailed, oversized }
}

function outcomeOf({ answer, seconds }: RecordedDecision) {
  return {
    decision_id: answer.decisionId,
    bundles: { postern: { revision: answer.decision.policy } },
    metrics: { timer_server_handler_ns: Math.round(seconds * 1e9) },
    effect: answer.decision.decision ? 'allow' : 'deny',
    directory_revision: answer.revision,
    cache: answer.cache,
    latency_us: Math.round(seconds * 1e6),
  }
}

function resultOf(told: Told): unknown {
  if (!('answer' in told)) return undefined
  const { decision, reason, message, rule, limit, obligations } = told.answer.decision
  return { decision, reason, message, rule, limit, obligations }
}

/** The tenants of a batch are one object, so that it is measured once. */
const largeTenants = new WeakSet<object>()

/** What was asked, as far as it is logged, and its text. What it took on the wire says little: items share a batch's parts. */
function inputOf({ request }: Told): { input: unknown; inputText: string | undefined; oversized: boolean } {
  if (request === undefined) return { input: undefined, inputText: undefined, oversized: false }
  const { tenant, ...rest } = request
  const restText = textOf(rest) as string
  const restBytes = Buffer.byteLength(restText)
  if (tenant === undefined && restBytes <= largestInput)
    return { input: request, inputText: restText, oversized: false }
  if (tenant !== undefined && !largeTenants.has(tenant)) {
    const inputText = textOf(request) as string
    const bytes = Buffer.byteLength(inputText)
    if (bytes <= largestInput) return { input: request, inputText, oversized: false }
    if (bytes - restBytes > largestInput) largeTenants.add(tenant)
  }
  if (restBytes > largestInput) return { input: undefined, inputText: undefined, oversized: true }
  return { input: rest, inputText: restText, oversized: true }
}

const resultTexts = new WeakMap<Decision, string>()

/** Decisions are frozen, and given again and again. */
function sharedText(told: Told, result: unknown): string | undefined {
  if (!('answer' in told)) return undefined
  const { decision } = told.answer
  const known = resultTexts.get(decision) ?? (textOf(result) as string)
  resultTexts.set(decision, known)
  return known
}

function member(name: string, text: string | undefined): string {
  return text === undefined ? '' : `,"${name}":${text}`
}

const none: readonly string[] = []

function mask(event: Maskable, masks: Masks) {
  if (masks.erase.length === 0 && masks.mask.length === 0)
    return { hidden: { input: event.input, result: event.result, erased: none, masked: none }, maskFailed: false }
  try {
    return { hidden: applyMasks(event, masks), maskFailed: false }
  } catch {
    return { hidden: { input: undefined, result: undefined, erased: [], masked: [] }, maskFailed: true }
  }
}

/** Undefined for undefined. */
function textOf(value: unknown): string | undefined {
  return JSON.stringify(value)
}
