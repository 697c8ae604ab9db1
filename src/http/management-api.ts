import { type Context, Hono } from 'hono'
import type { TokenScope } from '../pdp/access-token.ts'
import type { ActivityPage, ActivityQuery } from '../pdp/activity.ts'
import type { Answer } from '../pdp/decision.ts'
import { PosternError } from '../pdp/errors.ts'
import type { MembersPage, MembersQuery } from '../pdp/members-query.ts'
import { activityCursor, activityQuery } from './activity-parameters.ts'
import { asObject, malformed } from './authzen-question.ts'
import { sentBy } from './bearer.ts'
import type { Bindings } from './body.ts'
import type { Actor, Console } from './console.ts'
import { type DecisionApiParts, failure } from './decision-api.ts'
import type { EventStreams } from './event-streams.ts'
import { jsonBody } from './json-body.ts'
import { memberCursor, membersQuery } from './members-parameters.ts'
import { pageLimit } from './page-parameters.ts'
import { type Reply, reply, toResponse } from './reply.ts'
import { requestId } from './request-id.ts'
import { endSession, listSessions, registerSession, type SessionRegister, streamEvents } from './session-api.ts'
import { createToken, listTokens, revokeToken, type TokenRegister } from './token-api.ts'
import { idempotencyKey, waitsForFleet, written } from './written.ts'

type Json = Readonly<Record<string, unknown>>

export interface Command {
  readonly tenant: string
  readonly actor: Actor
  /** The whole permission. */
  readonly action: string
  readonly resource: Json
  readonly context: Json
  /** The secret that an invitee was sent. */
  readonly invitation?: string | undefined
  readonly requestId?: string
  /** The `Idempotency-Key`. */
  readonly key?: string | undefined
}

/** What an allowed action did. */
export interface Done {
  /** Users whose record was written or removed. */
  readonly members: readonly string[]
  readonly sessions_ended: readonly string[]
  /** Shown once: the secret is not kept. */
  readonly invitations: readonly { readonly user: string; readonly invitation: string; readonly expires_at: string }[]
}

export interface Acted {
  /** Undefined where `replayed` is not. */
  readonly answer?: Answer
  readonly done?: Done
  /** What the first request of this `Idempotency-Key` did, but for its secrets. */
  readonly replayed?: Done
  readonly revision: string
}

/** The port to the directory. Methods reject with `PosternError`. */
export interface Management extends SessionRegister {
  has(tenant: string): Promise<boolean>
  /** The newest first; undefined where there is no such tenant. */
  activity(tenant: string, query: ActivityQuery): Promise<ActivityPage | undefined>
  list(limit: number, after: string | undefined): Promise<readonly Json[]>
  /** Undefined where there is no such tenant. */
  read(tenant: string): Promise<{ readonly document: unknown; readonly revision: string } | undefined>
  /** Undefined where there is no such tenant. */
  members(tenant: string, query: MembersQuery): Promise<MembersPage | undefined>
  /** Stores the document whole; once, where there is an `Idempotency-Key`. Rejects with `malformed_tenant` with a JSON Pointer, and nothing is written. */
  store(
    tenant: string,
    document: Json,
    key: string | undefined,
  ): Promise<{ readonly revision: string; readonly warnings: readonly unknown[] }>
  act(command: Command): Promise<Acted>
  /** Up to `limit` messages of the outbox behind the place `after`, dead ones or those that wait. */
  messages(dead: boolean, limit: number, after: number): Promise<readonly (Json & { readonly seq: number })[]>
  /** Has a message tried anew. Rejects with `unknown_message`. */
  retry(id: string): Promise<void>
}

export interface ManagementApiParts extends Pick<DecisionApiParts, 'settings' | 'log'> {
  readonly management: Management
  readonly console: Console
  readonly tokens: TokenRegister
  readonly events: EventStreams
  readonly metrics: Pick<DecisionApiParts['metrics'], 'responded' | 'failedClosed' | 'decided' | 'render'>
}

/** All of this API is one route to the metrics: who looks for a path looks into the log. */
export const managementRoute = {
  path: 'management',
  methods: ['ANY'],
  statuses: [200, 202, 400, 401, 403, 404, 405, 409, 413, 415, 429, 503],
} as const

const paths = {
  tenants: '/v1/tenants',
  tenant: '/v1/tenants/:tenant',
  members: '/v1/tenants/:tenant/members',
  activity: '/v1/tenants/:tenant/activity',
  sessions: '/v1/tenants/:tenant/sessions',
  sessionsOf: '/v1/tenants/:tenant/members/:user/sessions',
  session: '/v1/tenants/:tenant/sessions/:session',
  events: '/v1/events',
  action: '/v1/tenants/:tenant/actions/:action',
  outbox: '/v1/outbox',
  retry: '/v1/outbox/:id/retry',
  tokens: '/v1/tokens',
  token: '/v1/tokens/:name',
} as const

type Call = Context<{ Bindings: Bindings }>
type Made = Reply | Response | Promise<Reply | Response>
type Make = (parts: ManagementApiParts, c: Call, id: string) => Made

export type ManagementApi = Hono<{ Bindings: Bindings }> & { readonly knowsCallers: boolean }

/** The API that changes tenants, on a listener of its own. */
export function createManagementApi(parts: ManagementApiParts): ManagementApi {
  const app = new Hono<{ Bindings: Bindings }>()
  const answer = async (c: Call, make: (id: string) => Made): Promise<Response> => {
    const id = requestId(c.req.raw.headers.get('x-request-id'))
    let made: Reply | Response
    try {
      made = await make(id)
    } catch (error) {
      made = failure(parts, error, id)
    }
    parts.metrics.responded(managementRoute.path, 'ANY', made.status)
    return made instanceof Response ? made : toResponse(made)
  }

  /** What `make` answers to whoever has the scope, for the tenant that the path names or for all. */
  const asked =
    (scope: TokenScope, make: Make, tenantOf = (c: Call) => c.req.param('tenant')) =>
    (c: Call) =>
      answer(c, async (id) => {
        await parts.console.authenticate(sentBy(c), { scope, tenant: tenantOf(c) })
        return make(parts, c, id)
      })

  app.get(paths.tenants, asked('read', list))
  app.get(paths.tenant, asked('read', read))
  app.put(paths.tenant, asked('manage', store))
  app.get(paths.members, asked('read', members))
  app.post(paths.action, (c) => answer(c, (id) => act(parts, c, id)))
  app.get(paths.activity, asked('read', activity))
  app.post(paths.sessions, asked('manage', registerSession))
  app.get(paths.sessionsOf, asked('read', listSessions))
  app.delete(paths.session, asked('manage', endSession))
  app.get(
    paths.events,
    asked('read', streamEvents, (c) => c.req.query('tenant')),
  )
  app.get(paths.outbox, asked('read', listMessages))
  app.post(paths.retry, asked('manage', retry))
  app.get(paths.tokens, asked('manage', listTokens))
  app.post(paths.tokens, asked('manage', createToken))
  app.delete(paths.token, asked('manage', revokeToken))
  for (const path of Object.values(paths))
    app.all(path, (c) =>
      answer(c, () => {
        throw new PosternError('method_not_allowed')
      }),
    )
  app.notFound((c) =>
    answer(c, () => {
      throw new PosternError('not_found')
    }),
  )
  return Object.assign(app, { knowsCallers: parts.console.known })
}

async function list({ management }: ManagementApiParts, c: Call, id: string): Promise<Reply> {
  const limit = pageLimit(new URL(c.req.url).searchParams)
  return reply(200, JSON.stringify({ tenants: await management.list(limit, c.req.query('after')) }), id)
}

/** `next` is where the next page begins, if there may be one. */
async function listMessages({ management }: ManagementApiParts, c: Call, id: string): Promise<Reply> {
  const limit = pageLimit(new URL(c.req.url).searchParams)
  const { state = 'pending', after = '0' } = c.req.query()
  if (state !== 'pending' && state !== 'dead') throw malformed('', '`state` must be `pending` or `dead`')
  if (!/^(?:0|[1-9][0-9]{0,14})$/.test(after)) throw malformed('', '`after` must be the `next` of the page before')
  const found = await management.messages(state === 'dead', limit, Number(after))
  const last = found.length === limit ? found.at(-1) : undefined
  const messages = found.map(({ seq: _, ...message }) => message)
  return reply(200, JSON.stringify({ messages, ...(last && { next: String(last.seq) }) }), id)
}

async function retry({ management }: ManagementApiParts, c: Call, id: string): Promise<Reply> {
  const message = c.req.param('id') as string
  await management.retry(message)
  return reply(200, JSON.stringify({ id: message, state: 'pending' }), id)
}

async function read({ management }: ManagementApiParts, c: Call, id: string): Promise<Reply> {
  const name = c.req.param('tenant') as string
  const found = await management.read(name)
  if (found === undefined) throw new PosternError('unknown_tenant', `no tenant \`${name}\``)
  return reply(200, JSON.stringify(found.document), id, { 'X-Postern-Revision': found.revision })
}

async function members({ management }: ManagementApiParts, c: Call, id: string): Promise<Reply> {
  const tenant = c.req.param('tenant') as string
  const query = membersQuery(new URL(c.req.url).searchParams)
  const page = await management.members(tenant, query)
  if (page === undefined) throw new PosternError('unknown_tenant', `no tenant \`${tenant}\``)
  const next = page.next === undefined ? null : memberCursor(query.sort, page.next)
  return reply(200, JSON.stringify({ members: page.members, next }), id)
}

async function activity({ management }: ManagementApiParts, c: Call, id: string): Promise<Reply> {
  const tenant = c.req.param('tenant') as string
  const page = await management.activity(tenant, activityQuery(new URL(c.req.url).searchParams))
  if (page === undefined) throw new PosternError('unknown_tenant', `no tenant \`${tenant}\``)
  const next = page.next === undefined ? null : activityCursor(page.next)
  return reply(200, JSON.stringify({ activity: page.activity, next }), id)
}

async function store(parts: ManagementApiParts, c: Call, id: string): Promise<Reply> {
  const waits = waitsForFleet(c)
  const document = await jsonBody(parts, c)
  const stored = await parts.management.store(c.req.param('tenant') as string, document, idempotencyKey(c))
  return written(parts.management, waits, stored.revision, JSON.stringify(stored), id)
}

/** A denial is a 403 with the decision; one that ran into a limit is a 409, for room may come. */
async function act(parts: ManagementApiParts, c: Call, id: string): Promise<Reply> {
  const need = { scope: 'manage', tenant: c.req.param('tenant') } as const
  const { actor, byConsole } = await parts.console.actor(sentBy(c), c.req.raw.headers, need)
  const waits = waitsForFleet(c)
  const { resource = {}, context = {}, invitation } = await jsonBody(parts, c)
  if (invitation !== undefined && typeof invitation !== 'string')
    throw malformed('/invitation', '`invitation` must be a string')
  const said = asObject(context, '/context', '`context`')
  // Such as that their address is verified, or that they come from the dashboard.
  if (!byConsole && Object.keys(said).length > 0)
    throw malformed('/context', 'without a console nobody vouches for a `context`; leave it out')
  const acted = await parts.management.act({
    tenant: c.req.param('tenant') as string,
    actor,
    action: c.req.param('action') as string,
    resource: asObject(resource, '/resource', '`resource`'),
    context: said,
    invitation,
    requestId: id,
    key: idempotencyKey(c),
  })
  const { answer, done, replayed, revision } = acted
  if (answer === undefined) {
    const body = JSON.stringify({ decision: true, replayed: true, done: replayed, revision })
    return written(parts.management, waits, revision, body, id)
  }
  const { decision, stage: _, ...context_ } = answer.decision
  const body = JSON.stringify({ decision, context: { ...context_, decision_id: answer.decisionId }, done, revision })
  if (decision) return written(parts.management, waits, revision, body, id)
  return reply(context_.limit === undefined ? 403 : 409, body, id)
}
