import { secretCheck } from '../access/secret.ts'
import type { Grant, Need } from '../pdp/access-token.ts'
import { PosternError } from '../pdp/errors.ts'

/** Who asks for a management action. */
export interface Actor {
  readonly type: 'user' | 'service'
  readonly id: string
  /** RFC 3339; undefined where the console does not say when the session began. */
  readonly sessionIssuedAt: string | undefined
}

export interface Console {
  /** Rejects with `unauthenticated` for a caller that is not the console, `forbidden` for a token that does not cover it. */
  authenticate(headers: Headers, need: Need): Promise<void>
  /** The person or service that the console asks for. Rejects also with `unauthenticated` where it names none, or two. */
  actor(headers: Headers, need: Need): Promise<Actor>
}

/** Access tokens that were handed out beside the console's own. */
export interface GrantedTokens {
  find(secret: string): Promise<Grant | undefined>
}

/**
 * The console of a team, which has authenticated its user and says so: never the body of a request. Without a token
 * everybody who reaches the listener is taken for it.
 */
export function createConsole(token: string | null, granted: GrantedTokens, now: () => number = Date.now): Console {
  const isOwn = token === null ? undefined : secretCheck(`Bearer ${token}`)
  const authenticate = async (headers: Headers, need: Need): Promise<void> => {
    if (isOwn === undefined) return
    const sent = headers.get('authorization') ?? ''
    if (isOwn(sent)) return
    const grant = await granted.find(/^Bearer (.*)$/.exec(sent)?.[1] ?? '')
    if (grant === undefined || (grant.expires !== null && grant.expires <= now()))
      throw new PosternError('unauthenticated')
    if (need.scope === 'manage' && grant.scope !== 'manage')
      throw new PosternError('forbidden', 'this needs a token of the scope `manage`')
    if (grant.tenant !== null && grant.tenant !== need.tenant)
      throw new PosternError('forbidden', `this token is good for the tenant \`${grant.tenant}\` alone`)
  }
  return {
    authenticate,
    async actor(headers, need) {
      await authenticate(headers, need)
      const user = headers.get('x-postern-actor') ?? ''
      const service = headers.get('x-postern-actor-service') ?? ''
      if ((user === '') === (service === ''))
        throw new PosternError('unauthenticated', 'name who asks in `X-Postern-Actor` or in `X-Postern-Actor-Service`')
      const sessionIssuedAt = headers.get('x-postern-actor-session') ?? undefined
      return user === ''
        ? { type: 'service', id: service, sessionIssuedAt }
        : { type: 'user', id: user, sessionIssuedAt }
    },
  }
}
