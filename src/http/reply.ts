/** An answer before it is anybody's: a web `Response` for Hono, or written straight to the socket. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** An answer of the decision API: JSON unless `more` says otherwise, never to be stored, with its request id. */
export function reply(status: number, body: string, id: string, more?: Readonly<Record<string, string>>): Reply {
  const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', 'X-Request-ID': id }
  return { status, headers: more === undefined ? headers : { ...headers, ...more }, body }
}

/** A plain object of headers, and `Response` itself: node-server then writes both as they are. */
export function toResponse({ status, headers, body }: Reply): Response {
  return new Response(body, { status, headers })
}
