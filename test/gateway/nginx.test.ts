import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { tenantDocuments } from '../../src/app/project.ts'
import { serve } from '../../src/app/serve.ts'
import { loadSettings } from '../../src/document/settings.ts'
import type { Listener } from '../../src/http/listener.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import { builtBundle, project } from '../support/policy.ts'
import { audience, issuer, keySetFile, tokenOf } from '../support/tokens.ts'
import { hostilePaths } from './hostile-paths.ts'

const hasNginx = process.env.POSTERN_TEST_REQUIRE === '1' || responds('nginx', '-v')
if (!hasNginx)
  console.warn('skipped: the tests on the real nginx, which is not on PATH (Debian: apt-get install nginx)')

function responds(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

interface Reached {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

const reached: Reached[] = []
/** Stands where Postern should, for answers that Postern gives only in trouble. */
let trouble: 'none' | 'down' | 'slow' | number = 'none'
let folder: string
let service: Server
let front: Server
let nginx: ChildProcess
let listeners: readonly Listener[]
let port: number

describe.skipIf(!hasNginx)('nginx with the configuration of this project', () => {
  beforeAll(async () => {
    service = await listening((request, response) => {
      reached.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers })
      response.end('served')
    })
    const variables = {
      POSTERN_LISTEN_DECISION: '127.0.0.1:0',
      POSTERN_LISTEN_GATEWAY: '127.0.0.1:0',
      POSTERN_IDENTITY_JWT_KEYS: keySetFile(),
      POSTERN_IDENTITY_JWT_ISSUER: issuer,
      POSTERN_IDENTITY_JWT_AUDIENCE: audience,
    }
    const serving = await serve({
      bundle: builtBundle(),
      source: 'test',
      settings: loadSettings(undefined, variables, project.root),
      tenantFiles: tenantDocuments(project, null),
      root: project.root,
      log: createServerLog({ sink: () => {} }),
      version: 'test',
    })
    listeners = serving.listeners
    const gateway = Number(new URL(listeners[1]?.address as string).port)
    front = await listening((request, response) => {
      if (trouble === 'slow') return
      if (trouble === 'down') return void request.socket.destroy()
      if (trouble !== 'none') return void response.writeHead(trouble).end()
      const onward = { method: request.method ?? '', url: request.url ?? '', rawHeaders: request.rawHeaders }
      passTo(gateway, onward, response)
    })
    folder = mkdtempSync(join(tmpdir(), 'postern-nginx-'))
    port = portOf(await freed())
    const addresses: Readonly<Record<string, number>> = {
      '127.0.0.1:8182': portOf(front),
      '127.0.0.1:9000': portOf(service),
      '127.0.0.1:8080': port,
    }
    const shipped = readFileSync(join(project.root, 'config/gateways/nginx/nginx.conf'), 'utf8')
    const written = shipped.replace(/127\.0\.0\.1:(?:8182|9000|8080)/g, (text) => `127.0.0.1:${addresses[text]}`)
    writeFileSync(join(folder, 'nginx.conf'), written)
    nginx = spawn('nginx', ['-p', folder, '-c', 'nginx.conf', '-g', 'daemon off;'], { stdio: 'ignore' })
    await accepting(port)
  }, 30_000)

  afterEach(() => {
    trouble = 'none'
    reached.length = 0
  })

  afterAll(() => {
    nginx?.kill('SIGKILL')
    for (const listener of listeners ?? []) listener.destroy()
    for (const server of [service, front]) {
      server?.closeAllConnections()
      server?.close()
    }
    rmSync(folder, { recursive: true, force: true })
  })

  const bearer = async (user: string) => ({ Authorization: `Bearer ${await tokenOf(user)}` })
  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { method, headers })).status

  it('passes on what the policy allows, with who asked and why', async () => {
    expect(await get('/v1/members?page=2', await bearer('owner'))).toBe(200)
    expect(reached.map(({ method, url }) => [method, url])).toEqual([['GET', '/v1/members?page=2']])
    const { headers } = reached[0] as Reached
    expect([headers['x-postern-subject'], headers['x-postern-reason']]).toEqual(['owner', 'role_grant'])
    expect(headers['x-postern-decision-id']).toMatch(/^[0-9a-f]{32}$/)
  })

  it.each([
    ['a denial of the policy', 403, '/v1/members', 'bill', 'GET'],
    ['a route that is not listed', 403, '/v1/other', 'owner', 'GET'],
    ['a method that is not listed', 403, '/v1/members', 'owner', 'DELETE'],
    ['no credential', 401, '/v1/members', undefined, 'GET'],
  ])('stops at %s', async (_, status, path, user, method) => {
    expect(await get(path, user === undefined ? {} : await bearer(user), method)).toBe(status)
    expect(reached).toEqual([])
  })

  it.each(['down', 'slow', 503, 500, 302, 404, 429, 400] as const)(
    'stops where Postern is or answers %s',
    async (how) => {
      trouble = how
      expect(await get('/v1/members', await bearer('owner'))).toBe(500)
      expect(reached).toEqual([])
    },
  )

  it('keeps what a client sends under the names of the decision, or of another dialect, from having any effect', async () => {
    const names = ['X-Original-URI', 'X-Original-Method', 'X-Forwarded-Uri', 'X-Forwarded-Method', 'X-Postern-Token']
    const spelt = names.flatMap((name) => [name, name.toLowerCase(), name.toUpperCase(), name.replaceAll('-', '_')])
    for (const name of [...spelt, 'X-Http-Method-Override', 'X-Rewrite-Url', 'X-Original-Url', 'Forwarded'])
      expect([
        name,
        await get('/v1/members', { ...(await bearer('bill')), [name]: '/v1/accounts/acme-filestack/plan' }),
      ]).toEqual([name, 403])
    expect(reached).toEqual([])
    const spoofed = { 'X-Postern-Subject': 'owner', 'X-Postern-Reason': 'mine', 'x-postern-decision-id': 'mine' }
    expect(await get('/v1/accounts/acme-filestack/plan', { ...(await bearer('bill')), ...spoofed })).toBe(200)
    const { headers } = reached[0] as Reached
    expect([headers['x-postern-subject'], headers['x-postern-reason']]).toEqual(['bill', 'role_grant'])
    expect(headers['x-postern-decision-id']).not.toBe('mine')
  })

  it('passes on no hostile path that is not the very path that was decided upon, each sent as it stands', async () => {
    const { Authorization } = await bearer('owner')
    const answers = await Promise.all(hostilePaths.map((path) => raw(`GET ${path} HTTP/1.1`, Authorization)))
    // nginx itself reads these three as the plain path, and passes on what it asked about.
    const passed = hostilePaths.filter((_, index) => answers[index] === 200)
    expect(passed).toEqual(['http://x/v1/members', '/v1/members ', ' /v1/members'])
    expect(reached.map(({ url }) => url)).toEqual(passed.map(() => '/v1/members'))
    reached.length = 0
    expect(hostilePaths.length).toBeGreaterThan(100)
    expect(await raw('GET /v1/members HTTP/1.1', Authorization)).toBe(200)
    expect(await raw('GET /_postern HTTP/1.1', Authorization)).toBe(404)
    expect(reached.map(({ url }) => url)).toEqual(['/v1/members'])
  })

  /** The status of a request line that no client library would send; 0 where the connection just ends. */
  const raw = (line: string, authorization: string) =>
    new Promise<number>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      let text = ''
      socket.setEncoding('latin1')
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.on('error', () => resolve(0))
      socket.on('close', () => resolve(Number(/^HTTP\/1\.\d (\d{3})/.exec(text)?.[1] ?? 0)))
      socket.write(
        `${line}\r\nHost: api.example.com\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`,
        'latin1',
      )
    })
})

/** Sends a request on as it came, header by header. */
function passTo(
  to: number,
  { method, url, rawHeaders }: { method: string; url: string; rawHeaders: readonly string[] },
  response: import('node:http').ServerResponse,
): void {
  const socket = connect(to, '127.0.0.1')
  let head = `${method} ${url} HTTP/1.1\r\n`
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.toLowerCase() !== 'connection') head += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`
  // Not ended: half a connection counts as a caller that has gone.
  socket.write(`${head}Connection: close\r\n\r\n`)
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('close', () => {
    response.socket?.end(text, 'latin1')
  })
}

function listening(handle: import('node:http').RequestListener): Promise<Server> {
  const server = createServer(handle)
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

/** A server that has closed: its port is free. */
async function freed(): Promise<Server> {
  const server = await listening(() => {})
  const taken = server.address()
  await new Promise((resolve) => server.close(resolve))
  server.address = () => taken
  return server
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

async function accepting(at: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const ok = await new Promise<boolean>((resolve) => {
      const probe = connect(at, '127.0.0.1')
      probe.once('connect', () => resolve(probe.destroy() !== undefined))
      probe.once('error', () => resolve(false))
    })
    if (ok) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('nginx does not listen')
}
