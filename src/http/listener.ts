import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener, RequestError } from '@hono/node-server'
import { addressOf, bind, loopbackOnly } from './bind.ts'
import type { Bindings, Body } from './body.ts'
import type { Certificates } from './certificates.ts'
import type { Authorize } from './decision-api.ts'
import { framingFault } from './framing.ts'
import { createHttpServer } from './http-server.ts'
import { withBody } from './incoming-body.ts'
import type { HttpLog } from './instruments.ts'
import { refusal } from './refusal.ts'
import { renderError } from './render.ts'
import type { Reply } from './reply.ts'
import { requestId } from './request-id.ts'

export interface ListenSettings {
  readonly limits: { readonly body_bytes: number }
  readonly http: {
    /** Longer than the idle timeout of the gateway in front, or it meets resets. */
    readonly keep_alive_ms: number
    /** From the first byte of a request to its last. */
    readonly request_timeout_ms: number
    readonly headers_timeout_ms: number
  }
}

export interface ListenHooks {
  readonly log?: HttpLog
  /** A request that never reached the app: 400 framing, 408 too slow, 431 headers too large. */
  readonly refused?: (status: number) => void
}

export interface App {
  /** Never throws, and never rejects. */
  readonly authorize?: Authorize
  /** Whether nobody is let in without a credential. */
  readonly knowsCallers?: boolean
  fetch(request: Request, bindings: Bindings): Response | Promise<Response>
}

/** An app that reads the request as it came, bodies left unread. */
export interface RawApp {
  /** Whether nobody is let in without a credential. */
  readonly knowsCallers?: boolean
  /** Never throws. */
  handle(incoming: IncomingMessage, outgoing: ServerResponse): void
}

/** A server that is listening, with the steps of a graceful stop in the order in which to take them. */
export interface Listener {
  /** `http://host:port`, `https://host:port` or `unix:/path`, with the port that was really taken. */
  readonly address: string
  connections(): number
  /** From now on every answer carries `Connection: close`, also those under way. Still accepts. */
  announceClose(): void
  /** Accepts nothing more and closes what is idle, now and as it falls idle. */
  stop(): void
  /** Cuts what is left. */
  destroy(): void
  /** Settles when the server has stopped and the last connection is gone. */
  readonly closed: Promise<void>
}

const answerInProgress = Symbol('answer in progress')
const refusedForGood = Symbol('refused for good')
const bodyRead = Symbol('body read')
type ReadRequest = IncomingMessage & { [bodyRead]: Body }
type TrackedSocket = Socket & { [answerInProgress]?: ServerResponse; [refusedForGood]?: true }

/** How often a stopped server looks for connections that have fallen idle. */
const sweepMs = 20

/**
 * Serves `app` on `host:port`, `[v6]:port` or `unix:/path` (mode 0660); over TLS where there are certificates.
 *
 * @throws ListenError when the address is malformed, in use or not permitted, or not loopback where callers need neither
 *   a certificate nor another credential
 */
export async function listen(
  app: App | RawApp,
  address: string,
  settings: ListenSettings,
  hooks: ListenHooks = {},
  certificates?: Certificates,
): Promise<Listener> {
  const known = certificates?.authenticateCallers === true || app.knowsCallers === true
  const target = known ? addressOf(address) : await loopbackOnly(address)
  const { keep_alive_ms, request_timeout_ms, headers_timeout_ms } = settings.http
  const sockets = new Set<TrackedSocket>()
  let closing = false

  const passOn = 'handle' in app ? app.handle : throughBody(app, settings.limits.body_bytes, hooks)
  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const socket = incoming.socket as TrackedSocket
    socket[answerInProgress] = outgoing
    if (closing) outgoing.setHeader('Connection', 'close')
    const fault = framingFault(incoming)
    if (fault === undefined) {
      passOn(incoming, outgoing)
      return
    }
    hooks.refused?.(400)
    socket[refusedForGood] = true
    const { headers, body } = refusal('malformed_request', requestId(headerOf(incoming, 'x-request-id')), {
      detail: fault,
    })
    outgoing.writeHead(400, headers).end(body)
  }

  const options = {
    keepAliveTimeout: keep_alive_ms,
    requireHostHeader: false, // framingFault says it in our words
    requestTimeout: request_timeout_ms,
    headersTimeout: Math.min(headers_timeout_ms, request_timeout_ms),
    // Node looks for slow requests this often, by default every 30 s, so a timeout of 5 s would take up to 35.
    connectionsCheckingInterval: Math.ceil(Math.min(headers_timeout_ms, request_timeout_ms, 10_000) / 4),
  }
  const server = createHttpServer(options, onRequest, certificates)
  // Over TLS a request comes on another socket than the one that was accepted.
  const accepted = new Set<Socket>()
  server.on('connection', (socket) => {
    accepted.add(socket)
    socket.once('close', () => accepted.delete(socket))
  })
  server.on(certificates === undefined ? 'connection' : 'secureConnection', (socket: TrackedSocket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // One whose handshake failed has no ears for HTTP.
    if (sockets.has(socket as TrackedSocket)) refuseOnSocket(error, socket as TrackedSocket, hooks)
    else socket.destroy()
  })

  const taken = await bind(server, target, address)
  let settleClosed: () => void
  const closed = new Promise<void>((resolve) => {
    settleClosed = resolve
  })
  return {
    address: taken,
    connections: () => sockets.size,
    announceClose() {
      closing = true
      for (const socket of sockets) {
        const outgoing = socket[answerInProgress]
        if (outgoing !== undefined && !outgoing.headersSent) outgoing.setHeader('Connection', 'close')
      }
    },
    stop() {
      // Node closes idle connections once, here; one that falls idle later would stay for the keep-alive timeout.
      const sweep = setInterval(() => server.closeIdleConnections(), sweepMs)
      server.close(() => {
        clearInterval(sweep)
        settleClosed()
      })
      server.closeIdleConnections()
    },
    // Those in a handshake, too, which are no HTTP connections yet.
    destroy: () => accepted.forEach((socket) => void socket.destroy()),
    closed,
  }
}

/** Reads the body first, then answers by `authorize` or as a web request. */
function throughBody(app: App, bodyBytes: number, hooks: ListenHooks): RawApp['handle'] {
  const handle = getRequestListener(
    (request, { incoming }) =>
      app.fetch(request, { body: (incoming as ReadRequest)[bodyRead], address: incoming.socket.remoteAddress }),
    {
      hostname: 'localhost', // for HTTP/1.0 without a Host header
      errorHandler: (error) => unforeseen(error, hooks),
    },
  )
  return (incoming, outgoing) =>
    // Before the app rather than in it: `text()` and `arrayBuffer()` of node-server 2.x buffer without bound.
    withBody(incoming, bodyBytes, (body) => {
      // The one path that is hot enough to go around web requests altogether. A body that was cut off is left to
      // node-server, which knows how to end such a connection.
      if (app.authorize !== undefined && body !== 'too_large' && isAuthorize(incoming)) {
        const { 'content-type': contentType, 'x-request-id': sent, authorization } = incoming.headers
        const { remoteAddress: address } = incoming.socket
        const requestId = typeof sent === 'string' ? sent : undefined
        const made = app.authorize({ contentType, requestId, authorization, address }, body)
        if (made instanceof Promise) made.then((later) => write(outgoing, later))
        else write(outgoing, made)
        return
      }
      ;(incoming as ReadRequest)[bodyRead] = body
      handle(incoming, outgoing)
    })
}

/** What is odd about the Host is left to node-server, which refuses it. */
function isAuthorize({ method, url, headers }: IncomingMessage): boolean {
  return url === '/authorize' && method === 'POST' && headers.host !== undefined && plainHost.test(headers.host)
}

const plainHost = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/

function write(outgoing: ServerResponse, { status, headers, body }: Reply): void {
  outgoing.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) }).end(body)
}

/** Answers what Node's parser gave up on, unless an answer has already begun: a second status line would be a forgery. */
function refuseOnSocket(error: NodeJS.ErrnoException, socket: TrackedSocket, hooks: ListenHooks): void {
  const outgoing = socket[answerInProgress]
  const midAnswer = outgoing?.headersSent === true && !outgoing.writableFinished
  if (error.code === 'ECONNRESET' || !socket.writable || midAnswer || socket[refusedForGood] === true) {
    socket.destroy()
    return
  }
  const { status, headers, body } = refusalOf(error.code)
  hooks.refused?.(status)
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('\r\n')}\r\n\r\n${body}`)
  // The other half would otherwise stay open for as long as the caller likes.
  socket.destroySoon()
}

function refusalOf(parserCode: string | undefined): Reply {
  const id = requestId(undefined)
  if (parserCode === 'ERR_HTTP_REQUEST_TIMEOUT') return refusal('request_timeout', id)
  if (parserCode === 'HPE_HEADER_OVERFLOW') return refusal('headers_too_large', id)
  return refusal('malformed_request', id, { detail: 'the request is not HTTP/1.1' })
}

/** What threw outside the app: node-server refusing a URL or Host, or a defect. */
function unforeseen(error: unknown, hooks: ListenHooks): Response {
  const id = requestId(undefined)
  const malformed = error instanceof RequestError
  if (malformed) hooks.refused?.(400)
  else hooks.log?.error('failed closed', { request_id: id, code: 'evaluation_failed', error })
  return new Response(renderError(malformed ? 'malformed_request' : 'evaluation_failed', id), {
    status: malformed ? 400 : 503,
    headers: {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      'X-Request-ID': id,
      ...(malformed ? { Connection: 'close' } : {}),
    },
  })
}

function headerOf(incoming: IncomingMessage, name: string): string | undefined {
  const value = incoming.headers[name]
  return typeof value === 'string' ? value : undefined
}
