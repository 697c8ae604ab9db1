import { PosternError } from './errors.ts'
import type { DecisionRequest } from './request.ts'

/** How fresh a request wants the facts that it is decided upon. */
export interface Wanted {
  /** A `revision` that some answer gave: facts are to be of that one or a later one. */
  readonly atLeast?: string
  /** Facts are to be those of the moment at which the request came, wherever they were written. */
  readonly full: boolean
}

/** Whoever knows how fresh the facts are that decisions are made upon. */
export interface Freshness {
  /**
   * Resolves as soon as facts are as fresh as wanted. Rejects with `revision_not_reached` where that takes too long, or the
   * revision is none of this directory's present state, and with `stale_directory` or `directory_unavailable` where nobody
   * can tell.
   */
  reach(wanted: Wanted): Promise<void>
}

/**
 * What `context.at_least` and `context.consistency` ask for; undefined where they are left out. Throws
 * `malformed_request`.
 */
export function freshnessOf({ context }: Pick<DecisionRequest, 'context'>): Wanted | undefined {
  const { at_least: atLeast, consistency } = context ?? {}
  if (atLeast === undefined && consistency === undefined) return undefined
  if (atLeast !== undefined && typeof atLeast !== 'string') throw malformed('at_least', 'is a `revision` of an answer')
  if (consistency !== undefined && consistency !== 'full') throw malformed('consistency', 'can only be `full`')
  return { ...(atLeast === undefined ? {} : { atLeast }), full: consistency === 'full' }
}

function malformed(name: string, rule: string): PosternError {
  return new PosternError('malformed_request', `\`context.${name}\` ${rule}`, { pointer: `/context/${name}` })
}

/** Tenants that are read once and never written: always as fresh as can be, and of no revision that anybody was given. */
export const unchanging: Freshness = {
  async reach({ atLeast }) {
    if (atLeast !== undefined)
      throw new PosternError(
        'revision_not_reached',
        'the tenants are documents, which have no revisions of a directory',
      )
  },
}
