import { request as httpRequest } from 'node:http'
import type { BenchRequest } from './contender.ts'

/** Where a server listens: on a loopback port, or on a Unix socket where it has one. */
export interface Place {
  readonly port: number
  readonly socket?: string
}

/** Sends one request and reads the whole answer. Rejects where there is no answer in `timeout` milliseconds. */
export const ask = (
  { port, socket }: Place,
  { method, path, headers, body }: BenchRequest,
  timeout = 30_000,
): Promise<{ readonly status: number; readonly body: string }> =>
  new Promise((resolve, reject) => {
    const where = socket === undefined ? { host: '127.0.0.1', port } : { socketPath: socket }
    const length = { 'Content-Length': Buffer.byteLength(body) }
    const signal = AbortSignal.timeout(timeout)
    const sent = httpRequest({ ...where, method, path, headers: { ...headers, ...length }, signal }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }))
      answer.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
