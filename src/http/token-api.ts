import type { Context } from 'hono'
import { type NamedGrant, tokenName, tokenScopes } from '../pdp/access-token.ts'
import { PosternError } from '../pdp/errors.ts'
import { malformed } from './authzen-question.ts'
import type { Bindings } from './body.ts'
import type { DecisionApiParts } from './decision-api.ts'
import { jsonBody } from './json-body.ts'
import { type Reply, reply } from './reply.ts'

/** The port to the access tokens that were handed out. */
export interface TokenRegister {
  /** The secret, which is not to be had again; undefined where the name is taken. */
  create(token: NamedGrant): Promise<string | undefined>
  /** By name, also those that have run out. */
  list(): Promise<readonly NamedGrant[]>
  /** From now on it is good for nothing. False where there is no such token. */
  revoke(name: string): Promise<boolean>
}

export interface TokenApiParts extends Pick<DecisionApiParts, 'settings'> {
  readonly tokens: TokenRegister
}

type Call = Context<{ Bindings: Bindings }>

const dayMs = 24 * 60 * 60 * 1_000

export async function listTokens({ tokens }: TokenApiParts, _: Call, id: string): Promise<Reply> {
  return reply(200, JSON.stringify({ tokens: (await tokens.list()).map(shown) }), id)
}

export async function createToken(parts: TokenApiParts, c: Call, id: string): Promise<Reply> {
  const { body } = await jsonBody(parts, c)
  const [extra] = Object.keys(body).filter((member) => !['name', 'scope', 'tenant', 'days'].includes(member))
  if (extra !== undefined)
    throw malformed('', `a token has \`name\`, \`scope\`, \`tenant\` and \`days\`, not \`${extra}\``)
  const { name, tenant = null, days = null } = body
  const scope = tokenScopes.find((one) => one === body.scope)
  if (typeof name !== 'string' || !tokenName.test(name))
    throw malformed('/name', '`name` must begin with a letter, digit or `_`; `.` and `-` may follow, 100 in all')
  if (scope === undefined) throw malformed('/scope', `\`scope\` must be one of ${tokenScopes.join(', ')}`)
  if (tenant !== null && (typeof tenant !== 'string' || tenant === ''))
    throw malformed('/tenant', '`tenant` must name a tenant; leave it out for all')
  if (days !== null && !(Number.isInteger(days) && (days as number) >= 1 && (days as number) <= 9_999))
    throw malformed('/days', '`days` must be a whole number from 1 to 9999')
  const created = Date.now()
  const expires = days === null ? null : created + (days as number) * dayMs
  const token: NamedGrant = { name, scope, tenant, expires, created }
  const secret = await parts.tokens.create(token)
  if (secret === undefined) throw new PosternError('token_exists', `there is a token \`${name}\``)
  return reply(200, JSON.stringify({ ...shown(token), token: secret }), id)
}

export async function revokeToken({ tokens }: TokenApiParts, c: Call, id: string): Promise<Reply> {
  const name = c.req.param('name') as string
  if (!(await tokens.revoke(name))) throw new PosternError('unknown_token', `no token \`${name}\``)
  return reply(200, JSON.stringify({ name }), id)
}

function shown({ name, scope, tenant, expires, created }: NamedGrant) {
  const instant = (at: number) => new Date(at).toISOString()
  return { name, scope, tenant, expires_at: expires === null ? null : instant(expires), created_at: instant(created) }
}
