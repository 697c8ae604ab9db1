import type { TokenClaims, VerifyJwt } from '../access/jwt.ts'
import { secretCheck } from '../access/secret.ts'
import { allRights, demand, type Need, type Rights } from '../pdp/access-token.ts'
import { PosternError } from '../pdp/errors.ts'
import { type BearerParts, bearerToken, createBearer, refusedCredential, type Sent } from './bearer.ts'

/** Who asks for a management action. */
export interface Actor {
  readonly type: 'user' | 'service'
  readonly id: string
  /** RFC 3339; undefined where the console does not say when the session began. */
  readonly sessionIssuedAt: string | undefined
}

export interface Asking {
  readonly actor: Actor
  /** Whether a console vouches for what the request says of the actor's surroundings. */
  readonly byConsole: boolean
}

export interface Console {
  /** Whether nobody is let in without a credential, so that the listener may be anywhere. */
  readonly known: boolean
  /** Rejects with `unauthenticated` or `too_many_failures`, or with `forbidden` for who may not do this. */
  authenticate(sent: Sent, need: Need): Promise<void>
  /**
   * The person or service that an action is asked for. Rejects also with `unauthenticated` where a console names none,
   * or two.
   */
  actor(sent: Sent, headers: Headers, need: Need): Promise<Asking>
}

export interface ConsoleParts extends BearerParts {
  /** The console's own secret, which may do everything. */
  readonly token: string | null
  /** Says whose a person's own token is; undefined where none is taken. */
  readonly verify?: VerifyJwt | undefined
}

const namingHeaders = ['x-postern-actor', 'x-postern-actor-service', 'x-postern-actor-session'] as const

/**
 * Tells who calls the management API: the console of a team, which has authenticated its user and says so, or that
 * person, by a token of the team's issuer; never the body of a request. With neither secret nor issuer everybody who
 * reaches the listener is taken for the console.
 */
export function createConsole({ token, verify, ...parts }: ConsoleParts): Console {
  const known = token !== null || verify !== undefined
  const isOwn = token === null ? () => false : secretCheck(token)
  const bearer = createBearer(parts)

  const identify = async (sent: Sent): Promise<Rights | TokenClaims> => {
    if (!known) return allRights
    if (sent.authorization == null) throw new PosternError('unauthenticated')
    const secret = bearerToken(sent.authorization)
    if (isOwn(secret)) return allRights
    if (verify === undefined || secret.split('.').length !== 3) return bearer(sent)
    const claims = await verify(secret)
    if (claims === undefined) throw refusedCredential(parts.failures, sent.address)
    return claims
  }
  return {
    known,
    async authenticate(sent, need) {
      const caller = await identify(sent)
      // What is not an action is not decided by the policy, so that nobody could say what of it is a person's to do.
      if ('subject' in caller) throw new PosternError('forbidden', "a person's own token is good for actions alone")
      demand(caller, need)
    },
    async actor(sent, headers, need) {
      const caller = await identify(sent)
      if ('subject' in caller) return { actor: person(caller, headers, need), byConsole: false }
      demand(caller, need)
      return { actor: namedActor(headers), byConsole: true }
    },
  }
}

function person({ subject, issuedAt, scopes }: TokenClaims, headers: Headers, { tenant }: Need): Actor {
  if (scopes !== undefined && (tenant === undefined || !scopes.includes(tenant)))
    throw new PosternError('forbidden', 'the `token_scopes` of this token do not have the tenant')
  if (namingHeaders.some((name) => headers.has(name)))
    throw new PosternError('forbidden', "a person's own token says who asks; leave out `X-Postern-Actor`")
  return { type: 'user', id: subject, sessionIssuedAt: issuedAt }
}

function namedActor(headers: Headers): Actor {
  const [user, service, sessionIssuedAt] = namingHeaders.map((name) => headers.get(name) ?? undefined)
  if (!user === !service)
    throw new PosternError('unauthenticated', 'name who asks in `X-Postern-Actor` or in `X-Postern-Actor-Service`')
  return user
    ? { type: 'user', id: user, sessionIssuedAt }
    : { type: 'service', id: service as string, sessionIssuedAt }
}
