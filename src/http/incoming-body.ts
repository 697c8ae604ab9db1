import type { IncomingMessage } from 'node:http'
import { type Body, declaredTooLarge } from './body.ts'

/**
 * Calls `use` once with the body of a node request, which is read at most to `limit` bytes. A caller that goes away
 * before its body is complete is not heard of again.
 */
export function withBody(incoming: IncomingMessage, limit: number, use: (body: Body) => void): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = incoming.headers
  if (length === undefined && encoding === undefined) use(new Uint8Array(0))
  else if (declaredTooLarge(length, limit)) use('too_large')
  else collect(incoming, limit, use)
}

function collect(incoming: IncomingMessage, limit: number, use: (body: Body) => void): void {
  let first: Uint8Array | undefined
  let rest: Uint8Array[] | undefined
  let size = 0
  const onData = (chunk: Uint8Array) => {
    size += chunk.length
    if (size > limit) {
      incoming.off('data', onData)
      incoming.off('end', onEnd)
      incoming.pause()
      use('too_large')
    } else if (first === undefined) first = chunk
    else if (rest === undefined) rest = [first, chunk]
    else rest.push(chunk)
  }
  const onEnd = () => use(rest === undefined ? (first ?? new Uint8Array(0)) : Buffer.concat(rest, size))
  incoming.on('data', onData)
  incoming.on('end', onEnd)
}
