import type { RecordedDecision, RecordedFailure } from '../pdp/decision-recorder.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import { applyMasks, eraseCredentials, type Maskable, type Masks } from './mask.ts'

/** What was told to the log, with what only the moment itself knew. */
export type Recorded = (RecordedDecision | RecordedFailure) & {
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
export function writeEvent(record: Recorded, { labels, masks, defaultTenant }: EventOptions): WrittenEvent {
  const { input: asked, oversized } = inputOf(record)
  const { hidden, maskFailed } = mask({ input: asked, result: resultOf(record) }, masks)
  const erased = [...hidden.erased]
  const input = hidden.input === undefined ? undefined : eraseCredentials(hidden.input, textOf(hidden.input), erased)
  // What is said again outside `input` and `result` is taken from them: a mask hides it in both places.
  const { subject, action, resource, context, tenant } = (input ?? {}) as Partial<DecisionRequest>
  const { reason } = (hidden.result ?? {}) as { readonly reason?: string }
  const text = JSON.stringify({
    labels,
    ...('answer' in record ? outcomeOf(record) : { error: { code: record.code } }),
    path: 'authz/decision',
    input,
    result: hidden.result,
    timestamp: new Date(record.at).toISOString(),
    req_id: record.requestId,
    batch_id: record.batchId,
    erased: erased.length > 0 ? erased : undefined,
    masked: hidden.masked.length > 0 ? hidden.masked : undefined,
    dialect: record.dialect,
    tenant: tenant?.tenant ?? context?.tenant ?? (record.request?.tenant === undefined ? defaultTenant : undefined),
    subject: subject && { type: subject.type, id: subject.id },
    action: action?.name,
    resource: resource && { type: resource.type, id: resource.id },
    reason,
    oversized: oversized ? true : undefined,
    weight: record.weight,
  })
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

function resultOf(record: Recorded): unknown {
  if (!('answer' in record)) return undefined
  const { decision, reason, message, rule, limit, obligations } = record.answer.decision
  return { decision, reason, message, rule, limit, obligations }
}

function inputOf({ request, bytes }: Recorded): { input: unknown; oversized: boolean } {
  if (bytes <= largestInput || request === undefined) return { input: request, oversized: false }
  const { tenant: _, ...rest } = request
  return { input: Buffer.byteLength(textOf(rest)) <= largestInput ? rest : undefined, oversized: true }
}

function mask(event: Maskable, masks: Masks) {
  try {
    return { hidden: applyMasks(event, masks), maskFailed: false }
  } catch {
    return { hidden: { input: undefined, result: undefined, erased: [], masked: [] }, maskFailed: true }
  }
}

function textOf(value: unknown): string {
  return JSON.stringify(value)
}
