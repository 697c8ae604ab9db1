import type { Context } from 'hono'
import type { FailureLimit } from '../access/failure-limit.ts'
import { type Grant, type Rights, rightsOf } from '../pdp/access-token.ts'
import { PosternError } from '../pdp/errors.ts'
import type { Bindings } from './body.ts'

/** Who sent a request, as far as that is known before it is looked at. */
export interface Sent {
  /** The header as it came. */
  readonly authorization: string | null | undefined
  /** The IP address at the other end; undefined on a Unix socket. */
  readonly address: string | undefined
}

export function sentBy({ req: { raw }, env }: Context<{ Bindings: Bindings }>): Sent {
  return { authorization: raw.headers.get('authorization'), address: env?.address }
}

/** Finds what an access token was handed out for; undefined where there is no such token. */
export type FindGrant = (secret: string) => Grant | undefined | Promise<Grant | undefined>

export interface BearerParts {
  readonly find: FindGrant
  readonly failures: FailureLimit
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined
}

/** The rights of whoever sent an access token. Throws `unauthenticated` or `too_many_failures`, or rejects with it. */
export type Bearer = (sent: Sent) => Rights | Promise<Rights>

export function createBearer({ find, failures, now = Date.now }: BearerParts): Bearer {
  return ({ authorization, address }) => {
    const judged = (grant: Grant | undefined): Rights => {
      const rights = grant === undefined ? undefined : rightsOf(grant, now())
      if (rights === undefined) throw refusedCredential(failures, address)
      return rights
    }
    const found = find(bearerToken(authorization))
    return found instanceof Promise ? found.then(judged) : judged(found)
  }
}

/** The token in an `Authorization` header; empty where it has none. */
export function bearerToken(authorization: string | null | undefined): string {
  return /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1] ?? ''
}

/** What becomes of a credential that is not good. */
export function refusedCredential(failures: FailureLimit, address: string | undefined): PosternError {
  const retryAfter = failures(address)
  return retryAfter === undefined
    ? new PosternError('unauthenticated')
    : new PosternError('too_many_failures', undefined, { retryAfter })
}
