/** A request's body, or the fact that it has more bytes than it may have. */
export type Body = Uint8Array | 'too_large'

/** What a listener hands over beside the web request; nothing under `app.request()`. */
export interface Bindings {
  /** Read beforehand, so that the handler need not wait. */
  readonly body?: Body
  /** The IP address at the other end. */
  readonly address?: string | undefined
}

/** Reads the body of a web request that no listener has read; never holds more than `limit` bytes. */
export async function readBody(request: Request, limit: number): Promise<Body> {
  if (declaredTooLarge(request.headers.get('content-length'), limit)) return 'too_large'
  if (request.body === null) return new Uint8Array(0)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > limit) return 'too_large'
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

/** True when Content-Length alone says so, before a byte is read. */
export function declaredTooLarge(contentLength: string | null | undefined, limit: number): boolean {
  return contentLength != null && Number(contentLength) > limit
}
