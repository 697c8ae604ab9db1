import { mkdtempSync } from 'node:fs'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, type GatewayProgram, startGateway } from '../../examples/gateway-program.ts'
import { project } from '../support/policy.ts'
import { audience, issuer, keySetFile } from '../support/tokens.ts'
import { listening } from './listening.ts'
import { type PosternBehind, posternBehind } from './postern-behind.ts'
import { rawStatus, statusOf } from './raw-status.ts'
import { stopGateway } from './stop-gateway.ts'

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

export interface Rig extends Pick<PosternBehind, 'otherAnswers'> {
  readonly reached: Reached[]
  readonly asked: Asked[]
  meet(trouble: Trouble): void
  /** What the service could not read as a request. */
  readonly unreadable: string[]
  /** See `rawStatus`. */
  raw(text: string, patience?: number): Promise<number>
  stop(): Promise<void>
}

/** A gateway with the configuration of this project, between a service and a Postern that both record. */
export async function gatewayRig(program: GatewayProgram): Promise<Rig> {
  const reached: Reached[] = []
  const asked: Asked[] = []
  const unreadable: string[] = []
  let trouble: Trouble = 'none'
  const service = recording(({ method = '', url = '', rawHeaders }, response) => {
    reached.push({ method, url, rawHeaders })
    response.end('served')
  })
  service.on('clientError', ({ code, message }: NodeJS.ErrnoException, socket) => {
    if (code?.startsWith('HPE_')) unreadable.push(message)
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
  })
  const postern = await posternBehind({
    POSTERN_LISTEN_GATEWAY: '127.0.0.1:0',
    POSTERN_IDENTITY_JWT_KEYS: keySetFile(),
    POSTERN_IDENTITY_JWT_ISSUER: issuer,
    POSTERN_IDENTITY_JWT_AUDIENCE: audience,
  })
  const prefix = program.name === 'nginx' ? 'x-original-' : 'x-forwarded-'
  const front = recording(({ method = '', url = '', rawHeaders, headers, socket }, response) => {
    if (trouble === 'slow') return
    if (trouble === 'down') return void socket.destroy()
    if (typeof trouble === 'number') return void response.writeHead(trouble).end()
    const about = { method: String(headers[`${prefix}method`]), url: String(headers[`${prefix}uri`]) }
    passOn(postern.port, { method, url, rawHeaders }, response, (status) => asked.push({ ...about, status }))
  })
  const folder = mkdtempSync(join(tmpdir(), `postern-${program.name}-`))
  const port = await freePort()
  const ports = { clients: port, postern: await listening(front), service: await listening(service) }
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
    otherAnswers: postern.otherAnswers,
    async stop() {
      for (const server of [service, front]) server.closeAllConnections()
      await stopGateway(gateway, folder)
      await postern.stop()
      for (const server of [service, front]) {
        server.closeAllConnections()
        server.close()
      }
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

function recording(handle: RequestListener) {
  // A gateway may pass on what has no `Host`, or long headers; that a service refuses them is not what is measured.
  return createServer({ requireHostHeader: false, maxHeaderSize: 262_144 }, handle)
}
