import { Hono } from 'hono'
import type { Answer, Pdp } from '../pdp/decision.ts'
import { type ErrorCode, errorTable, PosternError } from '../pdp/errors.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import { type Bindings, type Body, readBody } from './body.ts'
import type { FailClosedCode, HttpLog, Instruments, Readiness } from './instruments.ts'
import { guardJson } from './json-guard.ts'
import { renderAnswer, renderError } from './render.ts'
import { requestId } from './request-id.ts'
import { decisionRequest } from './request-shape.ts'
import { decisionRoutes } from './routes.ts'

export interface DecisionApiParts {
  readonly pdp: Pdp
  readonly settings: { readonly limits: { readonly body_bytes: number; readonly depth: number } }
  readonly metrics: Instruments
  readonly log: HttpLog
  readonly readiness: Readiness
}

export type DecisionApi = Hono<{ Bindings: Bindings }>

const applicationJson = /^application\/json[ \t]*(?:;|$)/i
const allowedMethods = new Map<string, string>(decisionRoutes.map(({ path, methods }) => [path, methods.join(', ')]))
// `ignoreBOM` leaves a byte order mark in the text, where JSON.parse refuses it (RFC 8259 section 8.1).
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The decision API: `POST /authorize`, the health paths and `/metrics`. `decision: false` in an answer only ever means
 * that the policy said no; everything else is a row of the error table, and an exception that nobody foresaw is a 503.
 *
 * @example
 * const api = createDecisionApi({ pdp, settings, metrics, log, readiness })
 * const answer = await api.request('/authorize', { method: 'POST', headers, body })
 */
export function createDecisionApi(parts: DecisionApiParts): DecisionApi {
  const { metrics, readiness } = parts
  // One handler per path and no middleware: with a single match Hono calls the handler without composing a chain.
  const app: DecisionApi = new Hono()

  app.post('/authorize', (c) => authorize(parts, c.req.raw, c.env))

  const get = (path: string, answer: (c: { verbose: boolean; requestId: string }) => Response) =>
    app.get(path, (c) => {
      const response = answer({
        verbose: c.req.query('verbose') !== undefined,
        requestId: requestId(c.req.header('x-request-id')),
      })
      metrics.responded(path, c.req.method, response.status)
      return response
    })

  // The event loop turned, and that is all it says: a restart would lose the last good policy.
  get('/livez', ({ requestId }) => respond(200, '{"status":"live"}', requestId))

  get('/readyz', ({ verbose, requestId }) => {
    const ready = readiness.ready()
    const status = ready ? 200 : errorTable.not_ready.status
    if (verbose) {
      return respond(
        status,
        JSON.stringify({ status: ready ? 'ready' : 'not_ready', checks: readiness.checks() }),
        requestId,
      )
    }
    return respond(status, ready ? '{"status":"ready"}' : renderError('not_ready', requestId), requestId)
  })

  // As OPA's server answers it, so that probes written for OPA work.
  get('/health', ({ requestId }) => respond(readiness.ready() ? 200 : 500, '{}', requestId))

  get('/metrics', ({ requestId }) =>
    respond(200, metrics.render(), requestId, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }),
  )

  app.notFound((c) => {
    const allow = allowedMethods.get(c.req.path)
    const id = requestId(c.req.header('x-request-id'))
    if (allow === undefined) {
      metrics.responded('other', c.req.method, 404)
      return respond(404, renderError('not_found', id), id)
    }
    metrics.responded(c.req.path, c.req.method, 405)
    return respond(405, renderError('method_not_allowed', id), id, { Allow: allow })
  })

  // INVARIANT: what throws is a 503, whatever it is. `/authorize` catches its own; this is for the rest.
  app.onError((error, c) => {
    const id = requestId(c.req.header('x-request-id'))
    const response = failure(parts, error, id)
    metrics.responded(c.req.path, c.req.method, response.status)
    return response
  })

  return app
}

/** Answers without a promise when the listener has read the body and the PDP decides at once, as it mostly does. */
function authorize(parts: DecisionApiParts, request: Request, bindings: Bindings | undefined) {
  const id = requestId(request.headers.get('x-request-id'))
  if (!isJson(request.headers.get('content-type'))) return refuse(parts, new PosternError('unsupported_media_type'), id)
  const body = bindings?.body
  if (body !== undefined) return decide(parts, body, id)
  return readBody(request, parts.settings.limits.body_bytes).then(
    (read) => decide(parts, read, id),
    (error) => refuse(parts, error, id),
  )
}

function decide(parts: DecisionApiParts, body: Body, id: string): Response | Promise<Response> {
  try {
    const question = readQuestion(body, parts.settings.limits)
    const asked = performance.now()
    const answer = parts.pdp.decide(question)
    if (!(answer instanceof Promise)) return answered(parts, answer, asked, id)
    return answer.then((later) => answered(parts, later, asked, id)).catch((error) => refuse(parts, error, id))
  } catch (error) {
    return refuse(parts, error, id)
  }
}

function readQuestion(body: Body, limits: DecisionApiParts['settings']['limits']): DecisionRequest {
  if (body === 'too_large') throw new PosternError('too_large', `the limit is ${limits.body_bytes} bytes`)
  const value = parseJson(body)
  guardJson(value, limits.depth)
  return decisionRequest(value)
}

function answered({ metrics }: DecisionApiParts, answer: Answer, asked: number, id: string): Response {
  const seconds = (performance.now() - asked) / 1000
  const response = respond(200, renderAnswer(answer), id)
  metrics.decided('authorize', answer, seconds)
  metrics.responded('/authorize', 'POST', 200)
  return response
}

function refuse(parts: DecisionApiParts, error: unknown, id: string): Response {
  const response = failure(parts, error, id)
  parts.metrics.responded('/authorize', 'POST', response.status)
  return response
}

function isJson(type: string | null): boolean {
  return type === 'application/json' || (type !== null && applicationJson.test(type))
}

function parseJson(bytes: Uint8Array): unknown {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    throw new PosternError('malformed_json', 'the body is not valid UTF-8')
  }
  try {
    return JSON.parse(text)
  } catch {
    // The message of the SyntaxError quotes the body, so it goes nowhere.
    throw new PosternError('malformed_json')
  }
}

function failure({ metrics, log }: DecisionApiParts, error: unknown, id: string): Response {
  if (!(error instanceof PosternError)) {
    metrics.failedClosed('unexpected')
    log.error('failed closed', { request_id: id, code: 'evaluation_failed', error })
    return respond(errorTable.evaluation_failed.status, renderError('evaluation_failed', id), id)
  }
  const { code, message, pointer, status } = error
  if (isFailClosed(code)) {
    metrics.failedClosed(code)
    log.error('failed closed', { request_id: id, code, error: error.cause ?? error })
  }
  const detail = message === errorTable[code].message ? {} : { detail: message }
  return respond(status, renderError(code, id, pointer === undefined ? detail : { ...detail, pointer }), id)
}

function isFailClosed(code: ErrorCode): code is FailClosedCode {
  return errorTable[code].status === 503
}

function respond(status: number, body: string | null, id: string, more?: Record<string, string>): Response {
  // A plain object, and `Response` itself rather than `c.body()`: node-server then writes both as they are.
  const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', 'X-Request-ID': id }
  return new Response(body, { status, headers: more === undefined ? headers : { ...headers, ...more } })
}
