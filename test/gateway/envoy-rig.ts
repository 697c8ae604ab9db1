import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js'
import {
  commandOf,
  freePort,
  type GatewayProgram,
  gatewayPrograms,
  isInstalled,
} from '../../examples/gateway-program.ts'
import { listenGrpc } from '../../src/gateway/grpc-listener.ts'
import { project } from '../support/policy.ts'
import { listening } from './listening.ts'
import { type PosternBehind, posternBehind } from './postern-behind.ts'
import { rawStatus } from './raw-status.ts'
import { stopGateway } from './stop-gateway.ts'

const program = gatewayPrograms.find(({ name }) => name === 'envoy') as GatewayProgram

/** Whether the tests on the real Envoy can run here; where they must, they do. */
export const hasEnvoy = process.env.POSTERN_TEST_REQUIRE === '1' || isInstalled(program)
if (!hasEnvoy) console.warn(`skipped: the tests on the real Envoy, which is not here; ${program.toGet}`)

export type Protocol = 'http' | 'grpc'

/** What stands between the gateway and Postern: nothing, nobody, one who never answers, or one who answers a status. The
 * empty one answers a gRPC message of no bytes. */
export type Trouble = 'none' | 'down' | 'slow' | 'empty' | number

export interface Reached {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

export interface Rig extends Pick<PosternBehind, 'otherAnswers' | 'allows'> {
  readonly port: number
  /** What the service behind the gateway was asked. */
  readonly reached: Reached[]
  meet(trouble: Trouble): Promise<void>
  /** See `rawStatus`. */
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
  const listener = protocol === 'http' ? 'POSTERN_LISTEN_GATEWAY' : 'POSTERN_LISTEN_GATEWAY_GRPC'
  const postern = await posternBehind({ [listener]: '127.0.0.1:0', ...variables }, root)
  const front = await frontOf(protocol, postern.port)

  const folder = mkdtempSync(join(tmpdir(), 'postern-envoy-'))
  const port = await freePort()
  const ports: Readonly<Record<string, number>> = { 8080: port, 9000: servicePort, 8182: front.port, 8183: front.port }
  const shipped = readFileSync(join(project.root, `config/gateways/envoy/envoy-${protocol}.yaml`), 'utf8')
  const placed = shipped.replace(/port_value: (8080|9000|8182|8183)\b/g, (_, at: string) => `port_value: ${ports[at]}`)
  writeFileSync(join(folder, 'envoy.yaml'), edit(placed))
  const envoy = spawn(
    commandOf(program),
    ['-c', join(folder, 'envoy.yaml'), '--use-dynamic-base-id', '--concurrency', '1', '--log-level', 'critical'],
    { stdio: 'ignore' },
  )
  await accepting(port, envoy)

  return {
    port,
    reached,
    meet: front.meet,
    raw: (text) => rawStatus(port, text, 1_500),
    otherAnswers: postern.otherAnswers,
    allows: postern.allows,
    async stop() {
      await stopGateway(envoy, folder)
      await postern.stop()
      await front.stop()
      service.closeAllConnections()
      service.close()
    },
  }
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
