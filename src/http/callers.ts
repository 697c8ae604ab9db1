import { demand, type Rights } from '../pdp/access-token.ts'
import { PosternError } from '../pdp/errors.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import type { Bearer, Sent } from './bearer.ts'

export interface CallersParts {
  /** What is given to whoever sends no credential; undefined where one is needed. */
  readonly unasked: Rights | undefined
  /** Undefined where there are no tokens. */
  readonly bearer: Bearer | undefined
  /** The tenant of a question that names none. */
  readonly defaultTenant: string | undefined
}

/** Those who call the decision API. */
export interface Callers {
  /** Whether nobody is let in without a credential, so that the listener may be anywhere. */
  readonly known: boolean
  /** Throws `unauthenticated` or `too_many_failures`, or rejects with it. A credential that is sent is always judged. */
  identify(sent: Sent): Rights | Promise<Rights>
  /**
   * Throws `forbidden` where the caller may not ask about the tenant. What asks for `read` about a stored tenant asks for
   * `simulate` about one that the request brings, as every question does.
   */
  admit(rights: Rights, about: Pick<DecisionRequest, 'context' | 'tenant'>, scope: 'decide' | 'read'): void
}

export function createCallers({ unasked, bearer, defaultTenant }: CallersParts): Callers {
  return {
    known: unasked === undefined && bearer !== undefined,
    identify(sent) {
      if (bearer !== undefined && sent.authorization != null) return bearer(sent)
      if (unasked === undefined) throw new PosternError('unauthenticated')
      return unasked
    },
    admit(rights, { context, tenant: brought }, scope) {
      const tenant = brought === undefined ? (context?.tenant ?? defaultTenant) : brought.tenant
      demand(rights, {
        scope: brought === undefined ? scope : 'simulate',
        tenant: typeof tenant === 'string' ? tenant : undefined,
      })
    },
  }
}
