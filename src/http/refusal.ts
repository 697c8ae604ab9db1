import { renderError } from './render.ts'

/** 408 and 431 have no row in the error table, so they say everything in the status line. */
export function refusal(status: number, id: string, detail: string): { headers: Record<string, string>; body: string } {
  const body = status === 400 ? renderError('malformed_request', id, { detail }) : ''
  const type: Record<string, string> = body === '' ? {} : { 'Content-Type': 'application/json' }
  const length = String(Buffer.byteLength(body))
  return {
    headers: {
      ...type,
      'Content-Length': length,
      'Cache-Control': 'no-store',
      'X-Request-ID': id,
      Connection: 'close',
    },
    body,
  }
}
