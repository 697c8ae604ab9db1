import { type ErrorCode, errorTable } from '../pdp/errors.ts'
import { renderError } from './render.ts'
import type { Reply } from './reply.ts'

/** What a request is answered that never reaches an API, because it is too slow, too large or not HTTP/1.1. */
export function refusal(code: ErrorCode, id: string, about: { detail?: string } = {}): Reply {
  const body = renderError(code, id, about)
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    'X-Request-ID': id,
    Connection: 'close',
  }
  return { status: errorTable[code].status, headers, body }
}
