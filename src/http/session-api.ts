import type { Context } from 'hono'
import { PosternError } from '../pdp/errors.ts'
import type { Session } from '../pdp/session.ts'
import { malformed } from './authzen-question.ts'
import type { Bindings } from './body.ts'
import type { DecisionApiParts } from './decision-api.ts'
import type { EventStreams } from './event-streams.ts'
import { jsonBody } from './json-body.ts'
import { refuseUnknown } from './page-parameters.ts'
import { type Reply, reply } from './reply.ts'
import { type Fleet, idempotencyKey, waitsForFleet, written } from './written.ts'

/** The port to the sessions of a directory. What has a `key` is carried out once. Methods reject with `PosternError`. */
export interface SessionRegister extends Fleet {
  register(tenant: string, session: Omit<Session, 'at'>, key: string | undefined): Promise<void>
  /** The oldest first; undefined where there is no such tenant. */
  sessions(tenant: string, user: string): Promise<readonly Session[] | undefined>
  /** Answers with the revision; undefined where there is no such session. */
  endSession(tenant: string, id: string, key: string | undefined): Promise<string | undefined>
}

export interface SessionApiParts extends Pick<DecisionApiParts, 'settings'> {
  readonly management: SessionRegister & { has(tenant: string): Promise<boolean> }
  readonly events: EventStreams
}

type Call = Context<{ Bindings: Bindings }>

/** The longest id and the longest text about a session, in UTF-16 code units. */
const longest = 1_000

export async function registerSession(parts: SessionApiParts, c: Call, id: string): Promise<Reply> {
  const body = await jsonBody(parts, c)
  const [extra] = Object.keys(body).filter((name) => !['id', 'user', 'about'].includes(name))
  if (extra !== undefined) throw malformed('', `a session has \`id\`, \`user\` and \`about\`, not \`${extra}\``)
  const text = (name: string, value: unknown, least: number): string => {
    if (typeof value === 'string' && value.length >= least && value.length <= longest) return value
    throw malformed(`/${name}`, `\`${name}\` must be a string of ${least} to ${longest} characters`)
  }
  const session = {
    id: text('id', body.id, 1),
    user: text('user', body.user, 1),
    about: text('about', body.about ?? '', 0),
  }
  await parts.management.register(c.req.param('tenant') as string, session, idempotencyKey(c))
  return reply(200, JSON.stringify(session), id)
}

export async function listSessions({ management }: SessionApiParts, c: Call, id: string): Promise<Reply> {
  const tenant = c.req.param('tenant') as string
  const sessions = await management.sessions(tenant, c.req.param('user') as string)
  if (sessions === undefined) throw new PosternError('unknown_tenant', `no tenant \`${tenant}\``)
  return reply(200, JSON.stringify({ sessions }), id)
}

export async function endSession({ management }: SessionApiParts, c: Call, id: string): Promise<Reply> {
  const waits = waitsForFleet(c)
  const [tenant, session] = [c.req.param('tenant') as string, c.req.param('session') as string]
  const revision = await management.endSession(tenant, session, idempotencyKey(c))
  if (revision === undefined) throw new PosternError('unknown_session')
  return written(management, waits, revision, JSON.stringify({ revision }), id)
}

export async function streamEvents({ management, events }: SessionApiParts, c: Call, id: string): Promise<Response> {
  const parameters = new URL(c.req.url).searchParams
  refuseUnknown(parameters, ['tenant'])
  const tenant = parameters.get('tenant') ?? undefined
  if (tenant !== undefined && !(await management.has(tenant)))
    throw new PosternError('unknown_tenant', `no tenant \`${tenant}\``)
  return new Response(await events.open(tenant, c.req.raw.headers.get('last-event-id')), {
    headers: {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Request-ID': id,
      // A stream ends with its server; then its connection is of no use to anybody.
      Connection: 'close',
    },
  })
}
