import { randomBytes } from 'node:crypto'

const visibleAscii = /^[\x21-\x7e]{1,128}$/

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

/** AuthZEN 1.0 knows no id that counts as not sent: whatever came as a header goes back as one. */
export function echoedRequestId(sent: string | null | undefined): string {
  return sent == null || sent === '' ? freshId() : sent
}

function freshId(): string {
  count++
  return `${processPart}-${count.toString(36)}`
}
