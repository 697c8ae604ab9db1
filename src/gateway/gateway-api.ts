import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer, Pdp } from '../pdp/decision.ts'
import { type DecisionRecorder, recordFailure } from '../pdp/decision-recorder.ts'
import { errorTable, PosternError } from '../pdp/errors.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import { bodyOf, type GatewayAnswer, headersOf } from './answer.ts'
import { asksForPage } from './denial-page.ts'
import { describedBy } from './description.ts'
import { descriptionBody } from './description-body.ts'
import { type Asked, askedBy, authRequest } from './dialects.ts'
import type { Client, Identify, Sender } from './identity.ts'
import { isPlanDenial } from './plan-denial.ts'
import { pluginReply } from './plugin-reply.ts'
import { type Plugin, plugins } from './plugins.ts'
import type { RawHeaders } from './raw-headers.ts'
import { Refusal } from './refusals.ts'
import type { PlacedRoute } from './route.ts'
import { type Routed, routeRequest } from './route-request.ts'

export interface GatewayApiParts {
  readonly pdp: Pdp
  readonly routes: readonly PlacedRoute[]
  readonly identify: Identify
  /** Of a denial for want of seats or of another plan. */
  readonly planDenialStatus: 402 | 403
  readonly readiness: { ready(): boolean }
  readonly metrics: {
    decided(dialect: 'gateway', answer: Answer, seconds: number): void
    responded(path: 'gateway', method: 'ANY', status: number): void
    failedClosed(cause: string): void
  }
  readonly log: { error(message: string, fields: { code: string; error?: unknown }): void }
  /** Undefined where decisions are not recorded. */
  readonly recorder?: DecisionRecorder | undefined
}

/** About what a request made of a route and a target takes in memory; Node bounds what a target and headers hold. */
const requestBytes = 1_024

/** A raw request, of which nothing was decoded, joined or cleaned. */
export interface RawRequest {
  readonly method: string
  readonly target: string
  readonly headers: RawHeaders
  /** Read where a plugin sends its description, and nowhere else. */
  readonly body?: AsyncIterable<Uint8Array>
  /** The IP address at the other end; undefined on a Unix socket. */
  readonly address?: string | undefined
}

export interface GatewayApi {
  /** Never rejects. */
  answer(request: RawRequest): Promise<GatewayAnswer>
  /** To a gateway that does not ask by HTTP. Never rejects. */
  answerTo(asked: Asked, sender: Sender): Promise<GatewayAnswer>
  handle(incoming: IncomingMessage, outgoing: ServerResponse): void
}

/**
 * What gateways ask before each request of their clients, in the dialect of each, plus `/livez` and `/readyz`. Paths
 * are compared with the raw target, so that nothing a client writes into a path leads to another handler.
 *
 * INVARIANT: 200 leaves for an allow of the policy whose obligations somebody carries out, for the two probes, and with
 * the result for a plugin, which says `allow: true` of such an allow alone.
 */
export function createGatewayApi(parts: GatewayApiParts): GatewayApi {
  const answer = (request: RawRequest) => answerHttp(parts, request)
  const counted = (made: GatewayAnswer) => {
    parts.metrics.responded('gateway', 'ANY', made.status)
    return made
  }
  return {
    answer,
    answerTo: (asked, sender) => answerAsked(parts, asked, sender).then(counted),
    handle(incoming, outgoing) {
      const { method = '', url = '', rawHeaders } = incoming
      const { remoteAddress: address } = incoming.socket
      void answer({ method, target: url, headers: rawHeaders, body: incoming, address }).then((made) => {
        counted(made)
        const { status, headers, body } = replyTo(made)
        // A body that nobody has asked for is not read: the connection ends with the answer.
        const { 'content-length': length, 'transfer-encoding': encoding } = incoming.headers
        const wasRead = made.plugin !== undefined && incoming.complete
        if (!wasRead && ((length !== undefined && length !== '0') || encoding !== undefined))
          outgoing.setHeader('Connection', 'close')
        outgoing.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) }).end(body)
      })
    },
  }
}

function replyTo(made: GatewayAnswer) {
  if (made.plugin === undefined) return { status: made.status, headers: headersOf(made), body: bodyOf(made) }
  const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }
  return { status: 200, headers, body: pluginReply(made.plugin, made) }
}

async function answerHttp(parts: GatewayApiParts, request: RawRequest): Promise<GatewayAnswer> {
  const { method, target, headers, address } = request
  if (target === '/livez') return { status: 200, reason: '', body: { status: 'live' } }
  try {
    if (target === '/readyz') return probe(parts.readiness.ready())
    const plugin = plugins.get(target)
    if (plugin !== undefined && method !== 'POST') return notAllowed('POST')
    if (plugin !== undefined) return { ...(await answerPlugin(parts, plugin, request)), plugin }
    const asked = askedBy(method, target, headers)
    if (asked === undefined) return failure(404, 'not_found')
    if (asked === 'method') return notAllowed('GET')
    const made = await answerAsked(parts, asked, { client: headers, gateway: headers, address })
    // nginx makes a 500 of every status that it does not know from here.
    const unknown = made.status === 402 || made.status === 429
    return unknown && target === authRequest ? { ...made, status: 403 } : made
  } catch (error) {
    return refused(parts, error, undefined)
  }
}

/** What the gateway says of itself is in the headers that it sent to here, never among those that it describes. */
async function answerPlugin(
  parts: GatewayApiParts,
  plugin: Plugin,
  { headers, body, address }: RawRequest,
): Promise<GatewayAnswer> {
  try {
    const described = describedBy(plugin, body === undefined ? undefined : await descriptionBody(headers, body))
    return await answerAsked(parts, described.asked, { client: described.headers, gateway: headers, address })
  } catch (error) {
    return refused(parts, error, undefined)
  }
}

async function answerAsked(parts: GatewayApiParts, asked: Asked, sender: Sender): Promise<GatewayAnswer> {
  const made = await decidedFor(parts, asked, sender)
  return made.status !== 200 && asksForPage(sender.client) ? { ...made, page: true } : made
}

async function decidedFor(parts: GatewayApiParts, asked: Asked, sender: Sender): Promise<GatewayAnswer> {
  let client: Client | undefined
  try {
    const routed = routeRequest(parts.routes, asked, sender.client)
    const identified = await parts.identify(sender, asked.certificate)
    if (typeof identified === 'string') return unauthenticated(identified)
    client = identified
    return await decide(parts, routed, client)
  } catch (error) {
    return refused(parts, error, client)
  }
}

async function decide(parts: GatewayApiParts, routed: Routed, client: Client): Promise<GatewayAnswer> {
  const { planDenialStatus } = parts
  const { route, action, resource, tenant } = routed
  const request = {
    subject: { type: 'user', id: client.subject },
    action,
    resource,
    context: {
      ...(tenant === undefined ? {} : { tenant }),
      ...(client.sessionIssuedAt === undefined ? {} : { session_issued_at: client.sessionIssuedAt }),
      ...(client.tokenScopes === undefined ? {} : { token_scopes: client.tokenScopes }),
    },
  }
  const given = await recordedDecision(parts, request)
  const { decision, reason, message, obligations } = given.decision
  const about = { subject: client.subject, decisionId: given.decisionId }
  if (decision === true) {
    const unmet = obligations.find(({ type }) => route.obligations?.includes(type) !== true)
    if (unmet !== undefined)
      return {
        ...denial(new Refusal('obligation_unmet', `${route.place} does not carry out \`${unmet.type}\``)),
        ...about,
      }
  }
  const body = { decision, reason, message, decision_id: given.decisionId }
  const denied = isPlanDenial(given.decision) ? planDenialStatus : 403
  return { status: decision === true ? 200 : denied, reason, ...about, obligations, body }
}

async function recordedDecision({ pdp, metrics, recorder }: GatewayApiParts, request: DecisionRequest) {
  const about = { dialect: 'gateway', bytes: requestBytes, request } as const
  try {
    const asked = performance.now()
    const answer = await pdp.decide(request)
    const seconds = (performance.now() - asked) / 1000
    // Throws where a record is required and cannot be had: then this answer must not leave, and is not counted.
    recorder?.decided({ ...about, answer, seconds })
    metrics.decided('gateway', answer, seconds)
    return answer
  } catch (error) {
    recordFailure(recorder, about, error)
    throw error
  }
}

function probe(ready: boolean): GatewayAnswer {
  return ready ? { status: 200, reason: '', body: { status: 'ready' } } : failure(503, 'not_ready')
}

function unauthenticated(why: 'no_credential' | 'bad_credential'): GatewayAnswer {
  const challenge = why === 'no_credential' ? 'Bearer realm="postern"' : 'Bearer realm="postern", error="invalid_token"'
  return { ...failure(401, 'unauthenticated'), more: { 'WWW-Authenticate': challenge } }
}

function notAllowed(allow: 'GET' | 'POST'): GatewayAnswer {
  return { ...failure(405, 'method_not_allowed'), more: { Allow: allow } }
}

function failure(status: GatewayAnswer['status'], code: keyof typeof errorTable): GatewayAnswer {
  return { status, reason: code, body: { error: { code, message: errorTable[code].message } } }
}

function denial({ reason, message }: Refusal): GatewayAnswer {
  return { status: 403, reason, body: { error: { code: reason, message } } }
}

/** What the client's request is to blame for is a denial; everything else is a 503, which no gateway lets through. */
function refused({ metrics, log }: GatewayApiParts, error: unknown, client: Client | undefined): GatewayAnswer {
  const about = client === undefined ? {} : { subject: client.subject }
  if (error instanceof Refusal) return { ...denial(error), ...about }
  const known = error instanceof PosternError
  if (known && error.code === 'too_many_failures')
    return { ...failure(429, error.code), more: { 'Retry-After': String(error.retryAfter) } }
  if (known && error.status !== 503) return { ...failure(403, error.code), ...about }
  const code = known ? error.code : 'evaluation_failed'
  metrics.failedClosed(known ? code : 'unexpected')
  log.error('failed closed', { code, error: known ? (error.cause ?? error) : error })
  return { ...failure(503, code), ...about }
}
