import type { IncomingMessage } from 'node:http'

/**
 * What is wrong with a request's framing, or undefined. Node's parser lets through two things that the next hop may
 * read differently, which is how requests are smuggled: a `Host` that is repeated (RFC 9112 section 3.2: a 400, as when
 * it is missing) and a `Transfer-Encoding` that is not `chunked` alone (section 6.1).
 */
export function framingFault(incoming: IncomingMessage): string | undefined {
  const raw = incoming.rawHeaders
  let hosts = 0
  let encoded = false
  // By length first: this runs on every request, and few headers have 4 or 17 letters.
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
    else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      encoded = true
      if ((raw[index + 1] as string).toLowerCase() !== 'chunked') return 'Transfer-Encoding may only be `chunked`'
    }
  }
  if (hosts === 0 && incoming.httpVersion !== '1.0') return 'the Host header is missing'
  if (hosts > 1) return 'the Host header is repeated'
  if (encoded && incoming.httpVersion === '1.0') return 'HTTP/1.0 has no Transfer-Encoding'
  return undefined
}
