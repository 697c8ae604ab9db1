import type { Context } from 'hono'
import { errorTable, PosternError } from '../pdp/errors.ts'
import { asObject, type Question } from './authzen-question.ts'
import { sentBy } from './bearer.ts'
import { type Bindings, readBody } from './body.ts'
import { type DecisionApi, type DecisionApiParts, failure, isJson, readJson } from './decision-api.ts'
import { type EvaluationsParts, evaluate, evaluateAll } from './evaluations.ts'
import { accessPaths, renderMetadata } from './metadata.ts'
import { createPageTokens, type PageTokens } from './page-tokens.ts'
import { renderError } from './render.ts'
import { type Reply, reply, toResponse } from './reply.ts'
import { echoedRequestId } from './request-id.ts'
import { accessApi, metadataPath } from './routes.ts'
import { type SearchParts, search } from './search.ts'

export interface AuthzenApiParts extends Pick<EvaluationsParts, 'pdp' | 'callers' | 'metrics' | 'log' | 'recorder'> {
  readonly settings: EvaluationsParts['settings'] &
    DecisionApiParts['settings'] & {
      readonly public_url: string | null
      readonly authzen: {
        /** Types of subjects that stand for `user`. */
        readonly person_types: readonly string[]
      }
      readonly search: SearchParts['settings']['search'] & {
        /** See `createPageTokens`. */
        readonly token_key: string | null
      }
    }
}

type Call = Context<{ Bindings: Bindings }>
type Parts = AuthzenApiParts & { readonly pageTokens: PageTokens }
type Answer = (parts: Parts, question: Question) => Promise<Reply>

const apis: Readonly<Record<keyof typeof accessPaths, Answer>> = {
  access_evaluation_endpoint: evaluate,
  access_evaluations_endpoint: evaluateAll,
  search_subject_endpoint: (parts, question) => search(parts, question, 'subject'),
  search_resource_endpoint: (parts, question) => search(parts, question, 'resource'),
  search_action_endpoint: (parts, question) => search(parts, question, 'action'),
}

/** The same until the process starts anew with another `public_url`. */
const cacheable = { 'Cache-Control': 'public, max-age=3600' }

/**
 * Adds AuthZEN's Authorization API 1.0: once for the default tenant or the one that `context.tenant` names, and once
 * below `/t/{tenant}` for each.
 */
export function addAuthzenApi(app: DecisionApi, given: AuthzenApiParts): void {
  const parts = { ...given, pageTokens: createPageTokens(given.settings.search.token_key) }
  for (const [name, path] of Object.entries(accessPaths)) {
    const api = apis[name as keyof typeof accessPaths]
    for (const below of ['', '/t/:tenant'])
      app.all(`${below}${path}`, (c) => answer(parts, c, accessApi, ['POST'], (id) => asked(parts, c, id, api)))
  }
  // A decision point whose identifier has a path has that path behind the well-known one.
  const { public_url } = parts.settings
  const base = public_url?.replace(/^https:\/\/[^/]+/, '') ?? ''
  for (const below of ['', '/t/:tenant'])
    app.all(`${metadataPath}${base}${below}`, (c) =>
      answer(parts, c, metadataPath, ['GET', 'HEAD'], (id) => metadata(parts, c, id)),
    )
}

/** Never rejects. AuthZEN has a body of another type answered with 400; it knows no 415. */
async function answer(
  parts: AuthzenApiParts,
  c: Call,
  counted: string,
  methods: readonly string[],
  make: (id: string) => Reply | Promise<Reply>,
): Promise<Response> {
  const { method, headers } = c.req.raw
  const id = echoedRequestId(headers.get('x-request-id'))
  let made: Reply
  try {
    made = methods.includes(method)
      ? await make(id)
      : reply(errorTable.method_not_allowed.status, renderError('method_not_allowed', id), id, {
          Allow: methods.join(', '),
        })
  } catch (error) {
    const failed = failure(parts, error, id)
    made = failed.status === errorTable.unsupported_media_type.status ? { ...failed, status: 400 } : failed
  }
  parts.metrics.responded(counted, method, made.status)
  return toResponse(made)
}

async function asked(parts: Parts, c: Call, requestId: string, api: Answer): Promise<Reply> {
  const rights = await parts.callers.identify(sentBy(c))
  const { limits } = parts.settings
  const { headers } = c.req.raw
  if (!isJson(headers.get('content-type'))) throw new PosternError('unsupported_media_type')
  const read = c.env?.body ?? (await readBody(c.req.raw, limits.body_bytes))
  const value = readJson(read, limits)
  const bytes = read === 'too_large' ? 0 : read.byteLength
  const full = headers.get('x-postern-context') === 'full'
  const { person_types: personTypes } = parts.settings.authzen
  const body = asObject(value, '', 'the body')
  return api(parts, { rights, body, tenant: c.req.param('tenant'), full, personTypes, requestId, bytes })
}

async function metadata(parts: AuthzenApiParts, c: Call, id: string): Promise<Reply> {
  const { public_url } = parts.settings
  if (public_url === null) throw new PosternError('no_public_url')
  const tenant = c.req.param('tenant')
  // Nothing is said of a tenant that does not exist.
  if (tenant !== undefined) {
    const about = { context: { tenant } }
    parts.callers.admit(await parts.callers.identify(sentBy(c)), about, 'decide')
    await parts.pdp.snapshot().open(about)
  }
  return reply(200, renderMetadata(public_url, tenant), id, cacheable)
}
