import type { Rights } from '../pdp/access-token.ts'
import type { Answer } from '../pdp/decision.ts'
import { recordFailure } from '../pdp/decision-recorder.ts'
import { errorTable, PosternError } from '../pdp/errors.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import { type Sent, sentBy } from './bearer.ts'
import { type Body, readBody } from './body.ts'
import { type DecisionApi, type DecisionApiParts, failure, isJson, readJson } from './decision-api.ts'
import { renderError } from './render.ts'
import { type Reply, reply, toResponse } from './reply.ts'
import { requestId } from './request-id.ts'
import { decisionRequest } from './request-shape.ts'

export interface OpaApiParts
  extends Pick<DecisionApiParts, 'pdp' | 'callers' | 'settings' | 'metrics' | 'log' | 'recorder'> {
  /** Version of this program, for `?provenance`. */
  readonly version: string
}

type Document = (answer: Answer) => unknown

/** A question as it came: `bytes` is what it took on the wire, `input` undefined where there was none. */
interface Asked {
  readonly input: unknown
  readonly bytes: number
}

/** Who asks, and the id of their request. */
interface Asker {
  readonly rights: Rights
  readonly id: string
}

/** The documents that exist. A path is looked up here and nowhere else: none leads into the policy. */
const documents: ReadonlyMap<string, Document> = new Map<string, Document>([
  ['authz/allow', ({ decision }) => decision.decision],
  ['authz/decision', decisionDocument],
])

const below = '/v1/data/'
/** How every document is called in the table of routes. */
const anyDocument = '/v1/data/{path}'
const methods = ['GET', 'HEAD', 'POST']

/**
 * Adds what clients of OPA's REST API call: `POST` and `GET /v1/data/{path}` for the documents `authz/decision` and
 * `authz/allow`, and `POST /` for the first of them, without `input` around the question and `result` around the answer.
 * The input is a request as `POST /authorize` takes it. Any other document is undefined, as OPA has it: 200, no result.
 *
 * INVARIANT: a result only ever stands in an answer that the policy gave. What cannot be decided is a 4xx or a 503 with
 * OPA's error body.
 */
export function addOpaApi(app: DecisionApi, parts: OpaApiParts): void {
  app.all(`${below}:path{.+}`, async (c) => {
    const { raw } = c.req
    const document = documents.get(c.req.path.slice(below.length))
    const made = methods.includes(raw.method)
      ? await guarded(parts, raw, sentBy(c), (asker) => dataAnswer(parts, raw, c.env?.body, document, asker))
      : notAllowed(raw)
    parts.metrics.responded(anyDocument, raw.method, made.status)
    return toResponse(made)
  })

  app.post('/', async (c) => {
    const { raw } = c.req
    const made = await guarded(parts, raw, sentBy(c), async (asker) =>
      JSON.stringify((await ask(parts, await bodyOf(parts, raw, c.env?.body), decisionDocument, asker)).result),
    )
    parts.metrics.responded('/', 'POST', made.status)
    return toResponse(made)
  })
}

/** `metrics`, `provenance` and `pretty` are asked for as in OPA: by their name alone, or `=true`. */
async function dataAnswer(
  parts: OpaApiParts,
  raw: Request,
  read: Body | undefined,
  document: Document | undefined,
  asker: Asker,
): Promise<string> {
  const began = performance.now()
  const query = new URL(raw.url).searchParams
  const question = raw.method === 'POST' ? inputOf(await bodyOf(parts, raw, read)) : inputParameter(parts, query)
  const asked = document === undefined ? undefined : await ask(parts, question, document, asker)
  const provenance = {
    version: parts.version,
    ...(asked === undefined ? {} : { bundles: { postern: { revision: asked.answer.decision.policy } } }),
  }
  const metrics = {
    timer_rego_query_eval_ns: nanoseconds(asked?.took ?? 0),
    timer_server_handler_ns: nanoseconds(performance.now() - began),
  }
  const body = {
    ...(asked === undefined ? {} : { decision_id: asked.answer.decisionId }),
    ...(isAsked(query, 'provenance') ? { provenance } : {}),
    ...(isAsked(query, 'metrics') ? { metrics } : {}),
    ...(asked === undefined ? {} : { result: asked.result }),
  }
  return JSON.stringify(body, null, isAsked(query, 'pretty') ? 2 : undefined)
}

/** Throws a `PosternError` where there is no decision, a `TypeError` where the policy's is no boolean. */
async function ask(parts: OpaApiParts, { input, bytes }: Asked, document: Document, { rights, id }: Asker) {
  if (input === undefined) throw new PosternError('malformed_request', '`input` is missing')
  const request: DecisionRequest = decisionRequest(input)
  parts.callers.admit(rights, request, 'decide')
  const about = { dialect: 'opa', requestId: id, bytes, request } as const
  try {
    const began = performance.now()
    const answer = await parts.pdp.decide(request)
    const took = performance.now() - began
    if (typeof answer.decision.decision !== 'boolean') throw new TypeError('a decision must be true or false')
    // Throws where a record is required and cannot be had: then this answer must not leave, and is not counted.
    parts.recorder?.decided({ ...about, answer, seconds: took / 1000 })
    parts.metrics.decided('opa', answer, took / 1000)
    return { answer, took, result: document(answer) }
  } catch (error) {
    recordFailure(parts.recorder, about, error)
    throw error
  }
}

function decisionDocument({ decision: { stage: _, ...decision }, revision }: Answer): unknown {
  return { ...decision, revision }
}

async function bodyOf({ settings }: OpaApiParts, raw: Request, read: Body | undefined): Promise<Asked> {
  if (!isJson(raw.headers.get('content-type'))) throw new PosternError('unsupported_media_type')
  const body = read ?? (await readBody(raw, settings.limits.body_bytes))
  return { input: readJson(body, settings.limits), bytes: body.length }
}

function inputOf({ input: body, bytes }: Asked): Asked {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new PosternError('malformed_request', 'the body must be an object with the member `input`')
  return { input: Object.hasOwn(body, 'input') ? (body as { input: unknown }).input : undefined, bytes }
}

function inputParameter({ settings }: OpaApiParts, query: URLSearchParams): Asked {
  const text = query.get('input')
  if (text === null) return { input: undefined, bytes: 0 }
  return { input: readJson(new TextEncoder().encode(text), settings.limits), bytes: text.length }
}

function isAsked(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)
  return value === '' || value === 'true'
}

function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6)
}

/** The answer that `make` writes, or the error in OPA's words; counted and logged like every other. */
async function guarded(
  parts: OpaApiParts,
  raw: Request,
  sent: Sent,
  make: (asker: Asker) => Promise<string>,
): Promise<Reply> {
  const id = requestId(raw.headers.get('x-request-id'))
  try {
    return reply(200, await make({ rights: await parts.callers.identify(sent), id }), id)
  } catch (error) {
    const failed = failure(parts, error, id)
    const said =
      error instanceof PosternError
        ? `${error.code}: ${error.message}`
        : `evaluation_failed: ${errorTable.evaluation_failed.message}`
    return { ...failed, body: errorBody(failed.status, said) }
  }
}

function notAllowed(raw: Request): Reply {
  const id = requestId(raw.headers.get('x-request-id'))
  const allow = { Allow: methods.join(', ') }
  return reply(errorTable.method_not_allowed.status, renderError('method_not_allowed', id), id, allow)
}

/** OPA knows few codes; ours stands at the start of the message. */
function errorBody(status: number, message: string): string {
  return JSON.stringify({ code: status < 500 ? 'invalid_parameter' : 'internal_error', message })
}
