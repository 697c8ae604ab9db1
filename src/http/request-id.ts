import { randomUUID } from 'node:crypto'

const visibleAscii = /^[\x21-\x7e]{1,128}$/

/**
 * The caller's request id (AuthZEN 1.0: MUST be echoed when sent), or a fresh one. An id that is not 1 to 128 visible
 * ASCII characters counts as not sent: it goes into a header and into the log.
 */
export function requestId(sent: string | null | undefined): string {
  return sent != null && visibleAscii.test(sent) ? sent : randomUUID()
}
