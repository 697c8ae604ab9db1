import type { DecisionRequest } from '../pdp/request.ts'
import { applyMasks, eraseCredentials, type Masks, mayHoldCredential } from './mask.ts'

/** A request as it is logged. */
export interface LoggedInput {
  /** What is left of it; undefined where nothing is. */
  readonly shown: Partial<DecisionRequest> | undefined
  /** The same as JSON. */
  readonly text: string | undefined
  /** Whether JSON writes each text in it as it is, between quotes. */
  readonly isPlain: boolean
  /** JSON Pointers to what was taken out, and to what was replaced. */
  readonly erased: readonly string[]
  readonly masked: readonly string[]
  readonly oversized: boolean
}

/** The most bytes of a request that are logged; beyond it the tenant it brings is left out, then all of it. */
const largestInput = 65_536
/** No text of so many UTF-16 units takes more bytes than that. */
const surelySmall = Math.floor(largestInput / 3)

const none: readonly string[] = []

/**
 * Makes requests ready for the log; `masks` are those below `/input`, `sent` is the JSON that a request came as. Throws
 * an `Error` where a mask fails.
 */
export function inputLogger(masks: Masks): (request: DecisionRequest | undefined, sent?: string) => LoggedInput {
  const hasMasks = masks.erase.length > 0 || masks.mask.length > 0
  return (request, sent) => {
    if (sent !== undefined && !hasMasks && request?.tenant === undefined && isAsLogged(sent))
      return { shown: request, text: sent, isPlain: true, erased: none, masked: none, oversized: false }
    const bounded = withinBound(request)
    const { input, erased, masked } = hasMasks
      ? applyMasks({ input: bounded.input }, masks)
      : { input: bounded.input, erased: none, masked: none }
    const text = input === bounded.input ? bounded.text : textOf(input)
    const credentials: string[] = []
    const shown = text === undefined ? undefined : eraseCredentials(input, text, credentials)
    return {
      shown: shown as Partial<DecisionRequest> | undefined,
      text: shown === input ? text : textOf(shown),
      isPlain: false,
      erased: credentials.length === 0 ? erased : [...erased, ...credentials],
      masked,
      oversized: bounded.oversized,
    }
  }
}

/**
 * Whether what was sent can be logged as it is: on one line, small, and without a credential. An escape could be part of
 * a credential's name; where there is none, no text in it needs one either.
 */
function isAsLogged(sent: string): boolean {
  return (
    sent.length <= surelySmall &&
    !sent.includes('\\') &&
    !sent.includes('\n') &&
    !sent.includes('\r') &&
    !mayHoldCredential(sent)
  )
}

/** The tenants of a batch are one object, so that it is measured once. */
const largeTenants = new WeakSet<object>()

/** What of a request is not too large, and its text. */
function withinBound(request: DecisionRequest | undefined): {
  readonly input: unknown
  readonly text: string | undefined
  readonly oversized: boolean
} {
  if (request?.tenant === undefined) {
    const text = textOf(request)
    if (text === undefined || isSmall(text)) return { input: request, text, oversized: false }
    return { input: undefined, text: undefined, oversized: true }
  }
  const { tenant, ...rest } = request
  const restText = textOf(rest) as string
  if (!largeTenants.has(tenant)) {
    const text = textOf(request) as string
    if (isSmall(text)) return { input: request, text, oversized: false }
    if (Buffer.byteLength(text) - Buffer.byteLength(restText) > largestInput) largeTenants.add(tenant)
  }
  if (!isSmall(restText)) return { input: undefined, text: undefined, oversized: true }
  return { input: rest, text: restText, oversized: true }
}

function isSmall(text: string): boolean {
  return text.length <= surelySmall || Buffer.byteLength(text) <= largestInput
}

/** Undefined for undefined. */
function textOf(value: unknown): string | undefined {
  return JSON.stringify(value)
}
