import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, type GatewayProgram, startGateway } from '../../examples/gateway-program.ts'
import { tenantDocuments } from '../../src/app/project.ts'
import { serve } from '../../src/app/serve.ts'
import { loadSettings } from '../../src/document/settings.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import { builtBundle, project } from '../support/policy.ts'
import { audience, issuer, keySetFile } from '../support/tokens.ts'

/** A request as the service behind the gateway received it. */
export interface Reached {
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
}

/** What the gateway asked about, and the status of Postern's answer. */
export interface Asked {
  readonly method: string
  readonly url: string
  readonly status: number
}

/** Stands where Postern should: nothing, a connection that ends, silence, or an answer of this status. */
export type Trouble = 'none' | 'down' | 'slow' | number

export interface Rig {
  readonly reached: Reached[]
  readonly asked: Asked[]
  meet(trouble: Trouble): void
  /** What the service could not read as a request. */
  readonly unreadable: string[]
  /**
   * The status of what is sent as it stands, bytes as Latin-1; 0 where none came before the connection ended, which it
   * does after `patience` milliseconds at the latest.
   */
  raw(text: string, patience?: number): Promise<number>
  /** Answers that the decision API has given, its metrics left out. */
  decisionAnswers(): Promise<number>
  stop(): void
}

/** A gateway with the configuration of this project, between a service and a Postern that both record. */
export async function gatewayRig(program: GatewayProgram): Promise<Rig> {
  const reached: Reached[] = []
  const asked: Asked[] = []
  const unreadable: string[] = []
  let trouble: Trouble = 'none'
  const service = await listening(({ method = '', url = '', rawHeaders }, response) => {
    reached.push({ method, url, rawHeaders })
    response.end('served')
  })
  service.on('clientError', ({ code, message }: NodeJS.ErrnoException, socket) => {
    if (code?.startsWith('HPE_')) unreadable.push(message)
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
  })
  const { listeners } = await serve({
    bundle: builtBundle(),
    source: 'test',
    settings: loadSettings(
      undefined,
      {
        POSTERN_LISTEN_DECISION: '127.0.0.1:0',
        POSTERN_LISTEN_GATEWAY: '127.0.0.1:0',
        POSTERN_IDENTITY_JWT_KEYS: keySetFile(),
        POSTERN_IDENTITY_JWT_ISSUER: issuer,
        POSTERN_IDENTITY_JWT_AUDIENCE: audience,
      },
      project.root,
    ),
    tenantFiles: tenantDocuments(project, null),
    root: project.root,
    log: createServerLog({ sink: () => {} }),
    version: 'test',
  })
  const [decision, gatewayPort] = listeners.map(({ address }) => Number(new URL(address).port))
  const prefix = program.name === 'nginx' ? 'x-original-' : 'x-forwarded-'
  const front = await listening(({ method = '', url = '', rawHeaders, headers, socket }, response) => {
    if (trouble === 'slow') return
    if (trouble === 'down') return void socket.destroy()
    if (typeof trouble === 'number') return void response.writeHead(trouble).end()
    const about = { method: String(headers[`${prefix}method`]), url: String(headers[`${prefix}uri`]) }
    passOn(gatewayPort as number, { method, url, rawHeaders }, response, (status) => asked.push({ ...about, status }))
  })
  const folder = mkdtempSync(join(tmpdir(), `postern-${program.name}-`))
  const port = await freePort()
  const ports = { clients: port, postern: portOf(front), service: portOf(service) }
  const gateway = await startGateway(program, join(project.root, 'config/gateways'), folder, ports)
  asked.length = 0

  return {
    reached,
    asked,
    unreadable,
    meet(next) {
      trouble = next
    },
    raw: (text, patience = 40_000) => rawStatus(port, text, patience),
    async decisionAnswers() {
      const metrics = await (await fetch(`http://127.0.0.1:${decision}/metrics`)).text()
      const counted = [...metrics.matchAll(/^http_requests_total\{([^}]*)\} (\d+)$/gm)]
      return counted
        .filter(([, labels = '']) => !labels.includes('path="gateway"') && !labels.includes('path="/metrics"'))
        .reduce((sum, [, , count]) => sum + Number(count), 0)
    },
    stop() {
      // Not SIGKILL: nginx would leave its workers behind.
      gateway.kill('SIGTERM')
      for (const listener of listeners) listener.destroy()
      for (const server of [service, front]) {
        server.closeAllConnections()
        server.close()
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Sends a request on as it came, header by header, and its answer back. */
function passOn(to: number, request: Reached, response: ServerResponse, answered: (status: number) => void): void {
  const socket = connect(to, '127.0.0.1')
  let head = `${request.method} ${request.url} HTTP/1.1\r\n`
  for (let index = 0; index < request.rawHeaders.length; index += 2)
    if (request.rawHeaders[index]?.toLowerCase() !== 'connection')
      head += `${request.rawHeaders[index]}: ${request.rawHeaders[index + 1]}\r\n`
  // Not ended: half a connection counts as a caller that has gone.
  socket.write(`${head}Connection: close\r\n\r\n`, 'latin1')
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('close', () => {
    answered(statusOf(text))
    response.socket?.end(text, 'latin1')
  })
}

function rawStatus(port: number, text: string, patience: number): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    const waited = setTimeout(() => socket.destroy(), patience)
    socket.setEncoding('latin1')
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(waited)
      resolve(statusOf(answer))
    })
    socket.write(text, 'latin1')
  })
}

/** Of the answer, not of a `100 Continue` before it. */
function statusOf(answer: string): number {
  return Number(/^(?:HTTP\/1\.\d 1\d\d [\s\S]*?\r\n\r\n)*HTTP\/1\.\d ([2-5]\d\d)/.exec(answer)?.[1] ?? 0)
}

function listening(handle: RequestListener): Promise<Server> {
  // A gateway may pass on what has no `Host`, or long headers; that a service refuses them is not what is measured.
  const server = createServer({ requireHostHeader: false, maxHeaderSize: 262_144 }, handle)
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
