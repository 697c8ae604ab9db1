import type { EndedSessions } from '../pdp/change-feed.ts'
import { PosternError } from '../pdp/errors.ts'
import { type Member, statusOf } from '../pdp/member.ts'
import type { Session } from '../pdp/session.ts'
import type { Lookups } from './lookups.ts'
import type { Store } from './store.ts'

/** A member's sessions beyond this are the oldest, which end: what is listed and told at once stays bounded. */
export const mostSessions = 100

/** The registered sessions of the tenants. Methods run within a transaction. */
export interface Sessions {
  /**
   * Registers a session, or says anew what it is about; answers with what it took the place of.
   *
   * @throws PosternError `unknown_member` where no active member has the user, `session_exists` for another user's id
   */
  register(tenant: string, session: Session): readonly EndedSessions[]
  /** The member's sessions, the oldest first. */
  list(tenant: string, user: string): readonly Session[]
  /** Undefined where there is no such session. */
  end(tenant: string, id: string): EndedSessions | undefined
  /** Ends all that a user has. */
  endAll(tenant: string, user: string): EndedSessions
}

export function prepareSessions(store: Store, lookups: Lookups): Sessions {
  const holder = store.query(['tenant', 'id'], (db, { tenant, id }) =>
    db.selectFrom('session').select('user').where('tenant', '=', tenant).where('id', '=', id),
  )
  const ofUser = store.query(['tenant', 'user'], (db, { tenant, user }) =>
    db
      .selectFrom('session')
      .select(['id', 'user', 'about', 'at'])
      .where('tenant', '=', tenant)
      .where('user', '=', user)
      .orderBy('at')
      .orderBy('id'),
  )
  const remove = store.change(['tenant', 'id'], (db, { tenant, id }) =>
    db.deleteFrom('session').where('tenant', '=', tenant).where('id', '=', id),
  )
  const removeAll = store.change(['tenant', 'user'], (db, { tenant, user }) =>
    db.deleteFrom('session').where('tenant', '=', tenant).where('user', '=', user).returning('id'),
  )
  return {
    register(tenant, session) {
      const { id, user } = session
      const found = lookups.member.first({ tenant, user })
      if (found === undefined || statusOf(JSON.parse(found.record) as Member) !== 'active')
        throw new PosternError('unknown_member', `\`${user}\` is no active member`)
      const known = holder.first({ tenant, id })
      if (known !== undefined && known.user !== user) throw new PosternError('session_exists')
      remove.all({ tenant, id })
      const oldest = ofUser.all({ tenant, user }).slice(0, -(mostSessions - 1))
      for (const old of oldest) remove.all({ tenant, id: old.id })
      store.insert('session', { tenant, ...session })
      return oldest.length === 0 ? [] : [{ user, sessions: oldest.map((old) => old.id) }]
    },
    list: (tenant, user) => ofUser.all({ tenant, user }),
    end(tenant, id) {
      const known = holder.first({ tenant, id })
      if (known === undefined) return undefined
      remove.all({ tenant, id })
      return { user: known.user, sessions: [id] }
    },
    endAll: (tenant, user) => ({ user, sessions: removeAll.all({ tenant, user }).map(({ id }) => id) }),
  }
}
