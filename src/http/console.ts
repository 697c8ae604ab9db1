import { createHash, timingSafeEqual } from 'node:crypto'
import { PosternError } from '../pdp/errors.ts'

/** Who asks for a management action. */
export interface Actor {
  readonly type: 'user' | 'service'
  readonly id: string
  /** RFC 3339; undefined where the console does not say when the session began. */
  readonly sessionIssuedAt: string | undefined
}

export interface Console {
  /** Throws `unauthenticated` for a caller that is not the console. */
  authenticate(headers: Headers): void
  /** The person or service that the console asks for. Throws `unauthenticated` where it names none, or two. */
  actor(headers: Headers): Actor
}

/**
 * The console of a team, which has authenticated its user and says so: never the body of a request. Without a token
 * everybody who reaches the listener is taken for it.
 */
export function createConsole(token: string | null): Console {
  const expected = token === null ? undefined : digest(`Bearer ${token}`)
  const authenticate = (headers: Headers): void => {
    if (expected === undefined) return
    if (!timingSafeEqual(digest(headers.get('authorization') ?? ''), expected))
      throw new PosternError('unauthenticated')
  }
  return {
    authenticate,
    actor(headers) {
      authenticate(headers)
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

/** Of one length, so that comparing takes the same time for every text. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
