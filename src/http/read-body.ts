import type { IncomingMessage } from 'node:http'
import { PosternError } from '../pdp/errors.ts'

/** What a listener hands over beside the web request; nothing under `app.request()`. */
export interface Bindings {
  readonly incoming?: IncomingMessage
}

/** The caller went away, or was cut off, before its body was complete: there is nobody left to answer. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone'
}

/**
 * Reads a whole body of at most `limit` bytes; no more than that is ever held.
 *
 * @throws PosternError `too_large`, from Content-Length before a byte is read, else while streaming; {@link CallerGone}
 */
export function readBody(request: Request, bindings: Bindings | undefined, limit: number): Promise<Uint8Array> {
  const declared = request.headers.get('content-length')
  if (declared !== null && Number(declared) > limit) return Promise.reject(tooLarge(limit))
  const incoming = bindings?.incoming
  // @hono/node-server 2.x: `text()` and `arrayBuffer()` buffer without bound, the latter copies, `body` builds a whole
  // web Request; the node stream beneath has none of these costs.
  return incoming === undefined ? readWebStream(request, limit) : readIncoming(incoming, limit)
}

function readIncoming(incoming: IncomingMessage, limit: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let first: Uint8Array | undefined
    let rest: Uint8Array[] | undefined
    let size = 0
    const onData = (chunk: Uint8Array) => {
      size += chunk.length
      if (size > limit) {
        incoming.off('data', onData)
        incoming.pause()
        rest = undefined
        reject(tooLarge(limit))
      } else if (first === undefined) first = chunk
      else if (rest === undefined) rest = [first, chunk]
      else rest.push(chunk)
    }
    let ended = false
    const onEnd = () => {
      ended = true
      resolve(rest === undefined ? (first ?? new Uint8Array(0)) : Buffer.concat(rest, size))
    }
    // `close` follows `end` on every request, and an Error costs more than all the rest of this function.
    const onGone = () => {
      if (!ended) reject(new CallerGone())
    }
    incoming.on('data', onData)
    incoming.on('end', onEnd)
    incoming.on('error', onGone)
    incoming.on('close', onGone)
  })
}

async function readWebStream(request: Request, limit: number): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array(0)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > limit) throw tooLarge(limit)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

function tooLarge(limit: number): PosternError {
  return new PosternError('too_large', `the limit is ${limit} bytes`)
}
