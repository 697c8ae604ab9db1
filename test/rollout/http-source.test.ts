import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type HttpSourceOptions, httpSource } from '../../src/app/http-source.ts'
import type { Offer } from '../../src/app/policy-source.ts'
import { bundleFiles, packFiles } from '../../src/opa/bundle-archive.ts'
import { builtBundle } from '../support/policy.ts'

const bundle = builtBundle()

let archive: Uint8Array
let server: Server
let url: string
let answer: (request: IncomingMessage, response: ServerResponse) => void
const asked: (string | undefined)[][] = []
beforeAll(async () => {
  archive = await packFiles(bundleFiles(bundle, '[]'))
  server = createServer((request, response) => {
    asked.push([request.headers['if-none-match'], request.headers.authorization])
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bundle.tar.gz?secret=1`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => void asked.splice(0))

/** A source with a clock of its own and no chance in it. */
function sourceAt(clock: { ms: number }, more: Partial<HttpSourceOptions> = {}) {
  const usual = { url, token: null, poll_seconds: 30, timeout_ms: 5000, max_bytes: 10_000_000, key: undefined }
  const rows = { decision_rows: 'required', memory_mib: 64 } as const
  return httpSource(
    { ...usual, ...rows, ...more },
    () => 0.5,
    () => clock.ms,
  )
}

const withEtag = (etag: string) => (request: IncomingMessage, response: ServerResponse) => {
  response.setHeader('ETag', etag)
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end()
  response.end(archive)
}

const failure = (promise: Promise<unknown>) => promise.catch((error: Error) => error.message)

describe('a server', () => {
  it('is asked for what is newer than the last bundle, and names no secret of its URL', async () => {
    const clock = { ms: 0 }
    const source = sourceAt(clock, { token: 't0ken' })
    answer = withEtag('"one"')
    const offer = (await source.look('')) as Offer
    expect([offer.tag, offer.from, source.name]).toEqual(['"one"', url.split('?')[0], url.split('?')[0]])
    const { bundle: delivered, archive: kept } = await offer.deliver()
    expect([delivered.manifest, kept]).toEqual([bundle.manifest, Buffer.from(archive)])
    expect(await source.look('"one"')).toBe('not_due')
    clock.ms = 30_000
    expect(await source.look('"one"')).toBe('unchanged')
    answer = withEtag('"two"')
    clock.ms = 60_000
    expect(((await source.look('"one"')) as Offer).tag).toBe('"two"')
    expect(asked).toEqual([
      [undefined, 'Bearer t0ken'],
      ['"one"', 'Bearer t0ken'],
      ['"one"', 'Bearer t0ken'],
    ])
  })

  it('without ETags has its bundles compared', async () => {
    const clock = { ms: 0 }
    const source = sourceAt(clock)
    answer = (_, response) => void response.end(archive)
    const { tag } = (await source.look('')) as Offer
    clock.ms = 30_000
    expect(await source.look(tag)).toBe('unchanged')
    expect(asked).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ])
  })

  it('whose bundle carries no decision rows has one to offer only where they are ignored', async () => {
    const bare = await packFiles(bundleFiles(bundle))
    answer = (_, response) => void response.end(bare)
    const delivery = async (decision_rows: 'required' | 'ignored') =>
      ((await sourceAt({ ms: 0 }, { decision_rows }).look('')) as Offer).deliver()
    expect(await failure(delivery('required'))).toMatch(/^the bundle carries no decision rows; /)
    expect((await delivery('ignored')).bundle.manifest).toEqual(bundle.manifest)
  })

  it('that fails is asked again after a second, then after twice that, at most after the poll interval', async () => {
    const clock = { ms: 0 }
    const source = sourceAt(clock)
    answer = (_, response) => void response.writeHead(500).end()
    const untilAsked = async () => {
      const start = clock.ms
      let found = await failure(source.look('"one"'))
      while (found === 'not_due') {
        clock.ms += 250
        found = await failure(source.look('"one"'))
      }
      expect(found).toBe('the server answered 500')
      return clock.ms - start
    }
    const waits: number[] = []
    while (waits.length < 8) waits.push(await untilAsked())
    // Three quarters of 1, 2, 4, … 30 seconds, where chance gives a half.
    expect(waits).toEqual([0, 750, 1500, 3000, 6000, 12_000, 22_500, 22_500])
    answer = withEtag('"one"')
    clock.ms += 30_000
    expect(await source.look('"one"')).toBe('unchanged')
    answer = (_, response) => void response.writeHead(500).end()
    expect([await untilAsked(), await untilAsked()]).toEqual([30_000, 750])
  })

  it.each([
    [
      'a redirect',
      (r: ServerResponse) => r.writeHead(302, { location: '/other' }).end(),
      /^no answer from the server: /,
    ],
    [
      'an answer that breaks off',
      (r: ServerResponse) => r.writeHead(200, { 'content-length': 9999 }).end('x'),
      /broke off|no answer/,
    ],
    ['a closed connection', (r: ServerResponse) => r.destroy(), /^no answer from the server: /],
    ['304 to a question that had no ETag', (r: ServerResponse) => r.writeHead(304).end(), /^the server answered 304$/],
    ['too much', (r: ServerResponse) => r.end(Buffer.alloc(20_000)), /^the bundle is more than 10000 bytes$/],
    ['nothing in time', () => {}, /^no answer from the server: .*timeout/],
  ])('with %s has nothing to offer', async (_, reply, message) => {
    answer = (_request, response) => void reply(response)
    expect(await failure(sourceAt({ ms: 0 }, { max_bytes: 10_000, timeout_ms: 300 }).look(''))).toMatch(message)
  })

  it('with something else than a bundle offers what is refused', async () => {
    answer = (_, response) => void response.end('<html>')
    const offer = (await sourceAt({ ms: 0 }).look('')) as Offer
    expect(await failure(offer.deliver())).toBe('the archive cannot be read: it is not a whole gzip file')
  })
})
