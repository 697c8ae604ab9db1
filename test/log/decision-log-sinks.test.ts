import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { openFileSink } from '../../src/log/file-sink.ts'
import { httpSink } from '../../src/log/http-sink.ts'
import { streamSink } from '../../src/log/stream-sink.ts'
import { until } from '../http/fixture.ts'
import { type Event, logTo, recorded } from './decision-log-fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-log-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n').slice(0, -1)
const range = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('the file', () => {
  it('grows to its bound, then moves; only so many are kept, and no line is torn', async () => {
    const path = join(folder, 'rotated.jsonl')
    const sink = openFileSink({ path, maxBytes: 100, keepFiles: 2 })
    for (const index of range(20)) await sink.write(Buffer.from(`{"first":${index}}\n{"second":${index}}\n`))
    sink.writeNow?.(Buffer.from('{"last":20}\n'))
    sink.close()
    const files = readdirSync(folder)
      .filter((name) => name.startsWith('rotated'))
      .sort()
    expect(files).toEqual(['rotated.jsonl', 'rotated.jsonl.1', 'rotated.jsonl.2'])
    const kept = ['rotated.jsonl.2', 'rotated.jsonl.1', 'rotated.jsonl'].flatMap((name) => linesOf(join(folder, name)))
    const all = [...range(20).flatMap((index) => [`{"first":${index}}`, `{"second":${index}}`]), '{"last":20}']
    expect(kept).toEqual(all.slice(-kept.length))
    for (const name of files) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(100)
    expect(statSync(path).mode & 0o137).toBe(0)
  })

  it('is appended to by the next process', async () => {
    const path = join(folder, 'again.jsonl')
    for (const line of ['{"a":1}', '{"a":2}']) {
      const sink = openFileSink({ path, maxBytes: 1_000, keepFiles: 1 })
      await sink.write(Buffer.from(`${line}\n`))
      sink.close()
    }
    expect(linesOf(path)).toEqual(['{"a":1}', '{"a":2}'])
  })

  it('is closed under a write after that write: its descriptor is no other file meanwhile', async () => {
    const path = join(folder, 'closed.jsonl')
    const free = openSync(join(folder, 'first'), 'w')
    closeSync(free)
    const sink = openFileSink({ path, maxBytes: 1e9, keepFiles: 1 })
    const written = sink.write(Buffer.from('1\n'))
    sink.close()
    const other = openSync(join(folder, 'other'), 'w')
    await written
    closeSync(other)
    expect(other).not.toBe(free)
    expect(linesOf(path)).toEqual(['1'])
  })

  it('that cannot be written refuses the decision where a record is required, until it can be again', () => {
    const path = join(folder, 'away', 'required.jsonl')
    mkdirSync(join(folder, 'away'))
    const sink = openFileSink({ path, maxBytes: 1, keepFiles: 1 })
    const { log, failures } = logTo(sink, { required: true })
    log.decided(recorded({ requestId: 'before' }))
    expect(linesOf(path)).toHaveLength(1)
    // The next event rotates the file, for which its folder is needed.
    rmSync(join(folder, 'away'), { recursive: true })
    expect(() => log.decided(recorded())).toThrow('the decision could not be recorded, and a record is required')
    expect(existsSync(path)).toBe(false)
    mkdirSync(join(folder, 'away'))
    log.decided(recorded({ requestId: 'after' }))
    expect(linesOf(path).map((line) => JSON.parse(line).req_id)).toEqual(['after'])
    expect(log.counts).toMatchObject({ written: 2, dropped: 1 })
    expect(failures).toHaveLength(1)
  })
})

describe('the stream', () => {
  it('gets lines, and its failure is the failure of the write', async () => {
    const texts: string[] = []
    let broken: Error | undefined
    const sink = streamSink({
      write: (lines, done) => {
        texts.push(lines.toString())
        done(broken)
      },
      on: () => undefined,
    })
    await sink.write(Buffer.from('1\n2\n'))
    broken = new Error('EPIPE')
    await expect(sink.write(Buffer.from('3\n'))).rejects.toThrow('EPIPE')
    expect(texts).toEqual(['1\n2\n', '3\n'])
  })
})

describe('the log service', () => {
  it('that never answers is not waited for once the sink is closed', async () => {
    const server = createServer(() => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const sink = httpSink(`http://127.0.0.1:${(server.address() as AddressInfo).port}/logs`, 60_000)
    try {
      const arrived = new Promise((resolve) => server.once('request', resolve))
      const written = sink.write(Buffer.from('{}\n'))
      await arrived
      sink.close()
      await expect(written).rejects.toThrow('aborted')
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  it('that points elsewhere has not taken the events, whatever is there', async () => {
    const paths: (string | undefined)[] = []
    const server = createServer((request, response) => {
      paths.push(request.url)
      response.writeHead(request.url === '/logs' ? 302 : 200, { Location: '/elsewhere' }).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const sink = httpSink(`http://127.0.0.1:${(server.address() as AddressInfo).port}/logs`)
    try {
      await expect(sink.write(Buffer.from('{}\n'))).rejects.toThrow('fetch failed')
      expect(paths).toEqual(['/logs'])
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  it('gets gzipped arrays as OPA sends them, each event once and in order, through 500s and silence', async () => {
    const got: Event[] = []
    const headers: unknown[] = []
    let requests = 0
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        requests++
        if (requests === 1) return response.writeHead(500).end('no')
        if (requests === 2) return undefined // says nothing until the sink gives up
        headers.push([request.method, request.headers['content-type'], request.headers['content-encoding']])
        got.push(...JSON.parse(gunzipSync(Buffer.concat(chunks)).toString('utf8')))
        return response.writeHead(200).end('{}')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/logs`
    const limits = { events: 300, bytes: 64 * 1024 * 1024, batchBytes: 20_000 }
    const { log, failures } = logTo(httpSink(url, 200), { limits })
    try {
      for (const index of range(320)) log.decided(recorded({ requestId: `r-${index}` }))
      await until(() => log.counts.written === 300, 5_000)
      expect(got.map(({ req_id }) => req_id)).toEqual(range(300).map((index) => `r-${index}`))
      expect(new Set(headers.map(String))).toEqual(new Set(['POST,application/json,gzip']))
      expect(requests - 2).toBeGreaterThan(1)
      expect(log.counts).toMatchObject({ written: 300, dropped: 20 })
      expect(failures).toHaveLength(1)
    } finally {
      await log.close(100)
      server.closeAllConnections()
      server.close()
    }
  })
})
