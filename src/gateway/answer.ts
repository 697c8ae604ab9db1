import type { Obligation } from '../pdp/decision.ts'
import { denialPage, pageHeaders } from './denial-page.ts'
import type { Plugin } from './plugins.ts'

/** What goes back to a gateway. */
export interface GatewayAnswer {
  /** 200 allows, and nothing else does. */
  readonly status: 200 | 401 | 402 | 403 | 404 | 405 | 429 | 503
  readonly reason: string
  readonly subject?: string
  readonly decisionId?: string
  readonly obligations?: readonly Obligation[]
  /** For people: some gateways hand it to the client. An error has its message below `error`. */
  readonly body: Readonly<Record<string, unknown>>
  /** Whether the body leaves as a page. */
  readonly page?: boolean
  /** Whose plugin reads it, as a result; undefined for everybody who reads the status. */
  readonly plugin?: Plugin
  /** What a 401 asks for, a 405 allows, or when to come after a 429. */
  readonly more?: Readonly<Record<string, string>>
}

/**
 * The headers of an answer. Those that speak of the decision are always there, empty when there is nothing to say: a
 * gateway that copies a header which is missing would let the client's own one through.
 */
export function headersOf(answer: GatewayAnswer): Readonly<Record<string, string>> {
  const { subject = '', decisionId = '', reason, obligations = [], page, more } = answer
  return {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Postern-Subject': headerText(subject),
    'X-Postern-Decision-Id': decisionId,
    'X-Postern-Reason': reason,
    'X-Postern-Obligations': obligations.length === 0 ? '' : asciiJson(obligations),
    ...(page === true ? pageHeaders : {}),
    ...more,
  }
}

/** What an allow says to the service behind a gateway that is told each header by name. */
export function onwardHeaders(answer: GatewayAnswer): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headersOf(answer)).filter(([name]) => name.startsWith('X-Postern-')))
}

/** What a denial says to the client; who it is and what its service would have to do is not for it. */
export function clientHeaders(answer: GatewayAnswer): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headersOf(answer)).filter(([name]) => !withheld.has(name)))
}

const withheld: ReadonlySet<string> = new Set(['X-Postern-Subject', 'X-Postern-Obligations'])

/** The body of an answer, as text. */
export function bodyOf({ status, decisionId = '', body, page }: GatewayAnswer): string {
  if (page !== true) return JSON.stringify(body)
  const { message } = (body.error ?? body) as { readonly message?: unknown }
  return denialPage(status, String(message ?? ''), decisionId)
}

/** Visible ASCII stands for itself; all else, and `%`, is percent-encoded, so that no two texts are written alike. */
function headerText(text: string): string {
  return text.replace(/[^\x21-\x24\x26-\x7e]/gu, encodeURIComponent)
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
