import { randomBytes } from 'node:crypto'

const visibleAscii = /^[\x21-\x7e]{1,128}$/
const ascii = /^[\t\x20-\x7e]+$/

// Unique, not secret; a UUID per request would cost more than the look-up of a cached decision.
const processPart = randomBytes(9).toString('base64url')
let count = 0

/**
 * The caller's request id (AuthZEN 1.0: MUST be echoed when sent), or a fresh one. An id that is not 1 to 128 visible
 * ASCII characters counts as not sent: it goes into a header and into the log.
 */
export function requestId(sent: string | null | undefined): string {
  if (sent != null && visibleAscii.test(sent)) return sent
  return freshId()
}

/**
 * For AuthZEN, to which no id is too long and blanks are as good as letters. Bytes beyond ASCII still count as not sent:
 * nothing says how to read them in a header, and they would not come back as they were.
 */
export function echoedRequestId(sent: string | null | undefined): string {
  return sent != null && ascii.test(sent) ? sent : freshId()
}

function freshId(): string {
  count++
  return `${processPart}-${count.toString(36)}`
}
