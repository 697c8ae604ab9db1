import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Sink } from './decision-log.ts'

const compress = promisify(gzip)

/** As OPA's log plugin sends it: a JSON array, gzipped, by POST. Any answer but 2xx is a failure, to be tried again. */
export function httpSink(url: string, timeoutMs = 10_000): Sink {
  const closing = new AbortController()
  return {
    async write(lines) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
        body: await compress(arrayOf(lines)),
        // Events go to the address that was configured and to no other.
        redirect: 'error',
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), closing.signal]),
      })
      await response.body?.cancel()
      if (!response.ok) throw new Error(`the log service answered ${response.status}`)
    },
    close: () => closing.abort(),
  }
}

/** JSON lines as one JSON array: no line has a line break within. */
function arrayOf(lines: Buffer): Buffer {
  const array = Buffer.concat([Buffer.from('['), lines])
  for (let end = array.indexOf('\n'); end !== -1; end = array.indexOf('\n', end + 1)) array[end] = comma
  array[array.length - 1] = closingBracket
  return array
}

const comma = 0x2c
const closingBracket = 0x5d
