import { type Context, Hono } from 'hono'
import { demand, type Rights } from '../pdp/access-token.ts'
import type { Answer, Pdp } from '../pdp/decision.ts'
import { type DecisionRecorder, recordFailure } from '../pdp/decision-recorder.ts'
import { type ErrorCode, errorTable, PosternError } from '../pdp/errors.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import { type Sent, sentBy } from './bearer.ts'
import { type Bindings, type Body, readBody } from './body.ts'
import type { Callers } from './callers.ts'
import type { FailClosedCode, HttpLog, Instruments, Readiness } from './instruments.ts'
import { guardJson } from './json-guard.ts'
import { renderAnswer, renderError } from './render.ts'
import { refuseRepeatedMember } from './repeated-member.ts'
import { type Reply, reply, toResponse } from './reply.ts'
import { requestId } from './request-id.ts'
import { decisionRequest } from './request-shape.ts'
import { accessApi, decisionRoutes, metadataPath } from './routes.ts'

export interface DecisionApiParts {
  readonly pdp: Pdp
  readonly callers: Callers
  readonly settings: { readonly limits: { readonly body_bytes: number; readonly depth: number } }
  readonly metrics: Instruments
  readonly log: HttpLog
  readonly readiness: Readiness
  /** Undefined where decisions are not recorded. */
  readonly recorder?: DecisionRecorder | undefined
}

/** The headers that `POST /authorize` reads. */
export interface Head extends Sent {
  readonly contentType: string | null | undefined
  readonly requestId: string | null | undefined
}

export type Authorize = (head: Head, body: Body) => Reply | Promise<Reply>

/** `authorize` is what `POST /authorize` does, for a listener that can do without web requests. */
export type DecisionApi = Hono<{ Bindings: Bindings }> & {
  readonly authorize: Authorize
  readonly knowsCallers: boolean
}

const applicationJson = /^application\/json[ \t]*(?:;|$)/i
// AuthZEN's paths answer for their own methods, wherever they are.
const allowedMethods = new Map<string, string>(
  decisionRoutes
    .filter(({ path }) => path !== accessApi && path !== metadataPath)
    .map(({ path, methods }) => [path, methods.join(', ')]),
)
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
  const app = new Hono<{ Bindings: Bindings }>()
  const authorize: Authorize = (head, body) => answerTo(parts, head, body)

  app.post('/authorize', async (c) => {
    const { raw } = c.req
    const { headers } = raw
    const head = {
      ...sentBy(c),
      contentType: headers.get('content-type'),
      requestId: headers.get('x-request-id'),
    }
    try {
      const body = c.env?.body ?? (await readBody(raw, parts.settings.limits.body_bytes))
      return toResponse(await authorize(head, body))
    } catch (error) {
      return toResponse(refuse(parts, error, requestId(head.requestId)))
    }
  })

  const get = (path: string, answer: (c: { verbose: boolean; requestId: string }) => Reply) =>
    app.get(path, (c) => {
      const made = answer({
        verbose: c.req.query('verbose') !== undefined,
        requestId: requestId(c.req.header('x-request-id')),
      })
      metrics.responded(path, c.req.method, made.status)
      return toResponse(made)
    })

  // The event loop turned, and that is all it says: a restart would lose the last good policy.
  get('/livez', ({ requestId }) => reply(200, '{"status":"live"}', requestId))

  get('/readyz', ({ verbose, requestId }) => {
    const ready = readiness.ready()
    const status = ready ? 200 : errorTable.not_ready.status
    if (verbose) {
      return reply(
        status,
        JSON.stringify({ status: ready ? 'ready' : 'not_ready', checks: readiness.checks() }),
        requestId,
      )
    }
    return reply(status, ready ? '{"status":"ready"}' : renderError('not_ready', requestId), requestId)
  })

  // As OPA's server answers it, so that probes written for OPA work.
  get('/health', ({ requestId }) => reply(readiness.ready() ? 200 : 500, '{}', requestId))

  app.get('/metrics', (c) =>
    forReaders(parts, c, (id) =>
      reply(200, metrics.render(), id, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }),
    ),
  )

  app.notFound((c) => {
    const allow = allowedMethods.get(c.req.path)
    const id = requestId(c.req.header('x-request-id'))
    if (allow === undefined) {
      metrics.responded('other', c.req.method, 404)
      return toResponse(reply(404, renderError('not_found', id), id))
    }
    metrics.responded(c.req.path, c.req.method, 405)
    return toResponse(reply(405, renderError('method_not_allowed', id), id, { Allow: allow }))
  })

  // INVARIANT: what throws is a 503, whatever it is. `/authorize` catches its own; this is for the rest.
  app.onError((error, c) => {
    const id = requestId(c.req.header('x-request-id'))
    const made = failure(parts, error, id)
    metrics.responded(c.req.path, c.req.method, made.status)
    return toResponse(made)
  })

  return Object.assign(app, { authorize, knowsCallers: parts.callers.known })
}

/** Answers whoever may read what is of every tenant; counted. */
export async function forReaders(
  parts: Pick<DecisionApiParts, 'callers' | 'metrics' | 'log'>,
  c: Context<{ Bindings: Bindings }>,
  make: (id: string) => Reply,
): Promise<Response> {
  const id = requestId(c.req.header('x-request-id'))
  let made: Reply
  try {
    demand(await parts.callers.identify(sentBy(c)), { scope: 'read', tenant: undefined })
    made = make(id)
  } catch (error) {
    made = failure(parts, error, id)
  }
  parts.metrics.responded(c.req.path, c.req.method, made.status)
  return toResponse(made)
}

/** Answers without a promise when the PDP decides at once, as it mostly does. Never throws. */
function answerTo(parts: DecisionApiParts, head: Head, body: Body): Reply | Promise<Reply> {
  const id = requestId(head.requestId)
  let question: DecisionRequest | undefined
  const bytes = body === 'too_large' ? 0 : body.byteLength
  const failed = (error: unknown): Reply => {
    recordFailure(parts.recorder, { dialect: 'authorize', requestId: id, bytes, request: question }, error)
    return refuse(parts, error, id)
  }
  const decide = (rights: Rights): Reply | Promise<Reply> => {
    if (!isJson(head.contentType)) throw new PosternError('unsupported_media_type')
    const request = readQuestion(body, parts.settings.limits)
    question = request
    parts.callers.admit(rights, request, 'decide')
    const asked = performance.now()
    const answer = parts.pdp.decide(request)
    const given = (answer: Answer) => answered(parts, answer, { asked, id, request, bytes })
    return answer instanceof Promise ? answer.then(given) : given(answer)
  }
  try {
    const rights = parts.callers.identify(head)
    const made = rights instanceof Promise ? rights.then(decide) : decide(rights)
    return made instanceof Promise ? made.catch(failed) : made
  } catch (error) {
    return failed(error)
  }
}

/** The question in a body. Throws a `PosternError` for whatever is not one. */
export function readQuestion(body: Body, limits: DecisionApiParts['settings']['limits']): DecisionRequest {
  return decisionRequest(readJson(body, limits))
}

/** The JSON in a body, its numbers, texts, names and depth checked. Throws a `PosternError` otherwise. */
export function readJson(body: Body, limits: DecisionApiParts['settings']['limits']): unknown {
  if (body === 'too_large') throw new PosternError('too_large', `the limit is ${limits.body_bytes} bytes`)
  const value = parseJson(body)
  refuseRepeatedMember(body, guardJson(value, limits.depth))
  return value
}

function answered(
  { metrics, recorder }: DecisionApiParts,
  answer: Answer,
  { asked, id, request, bytes }: { asked: number; id: string; request: DecisionRequest; bytes: number },
): Reply {
  const seconds = (performance.now() - asked) / 1000
  const made = reply(200, renderAnswer(answer), id)
  // Throws where a record is required and cannot be had: then this answer must not leave, and is not counted.
  recorder?.decided({ dialect: 'authorize', requestId: id, bytes, request, answer, seconds })
  metrics.decided('authorize', answer, seconds)
  metrics.responded('/authorize', 'POST', 200)
  return made
}

function refuse(parts: DecisionApiParts, error: unknown, id: string): Reply {
  const made = failure(parts, error, id)
  parts.metrics.responded('/authorize', 'POST', made.status)
  return made
}

/** Whether a Content-Type header declares JSON. */
export function isJson(type: string | null | undefined): boolean {
  return type === 'application/json' || (typeof type === 'string' && applicationJson.test(type))
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

/** The answer to what was thrown, counted and logged where it is ours to mend. */
export function failure(to: Pick<DecisionApiParts, 'metrics' | 'log'>, error: unknown, id: string): Reply {
  const known = reported(to, error, id)
  const { code, message, pointer, status } = known
  const detail = message === errorTable[code].message ? {} : { detail: message }
  const body = renderError(code, id, pointer === undefined ? detail : { ...detail, pointer })
  return reply(status, body, id, headersOf(known))
}

/** A 401 says which credential is wanted (RFC 9110 section 11.6.1), a 429 when to come again. */
function headersOf({ status, retryAfter }: PosternError): Readonly<Record<string, string>> | undefined {
  if (status === 401) return { 'WWW-Authenticate': 'Bearer realm="postern"' }
  return retryAfter === undefined ? undefined : { 'Retry-After': String(retryAfter) }
}

/** The row of the table that stands for what was thrown, with its detail. What nobody foresaw says nothing of itself. */
export function reported(
  { metrics, log }: Pick<DecisionApiParts, 'metrics' | 'log'>,
  error: unknown,
  id: string,
): PosternError {
  if (!(error instanceof PosternError)) {
    metrics.failedClosed('unexpected')
    log.error('failed closed', { request_id: id, code: 'evaluation_failed', error })
    return new PosternError('evaluation_failed')
  }
  const { code } = error
  if (isFailClosed(code)) {
    metrics.failedClosed(code)
    log.error('failed closed', { request_id: id, code, error: error.cause ?? error })
  }
  return error
}

function isFailClosed(code: ErrorCode): code is FailClosedCode {
  return errorTable[code].status === 503
}
