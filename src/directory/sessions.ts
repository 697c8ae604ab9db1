import type { EndedSessions } from '../pdp/change-feed.ts'
import { PosternError } from '../pdp/errors.ts'
import { type Member, statusOf } from '../pdp/member.ts'
import type { Session } from '../pdp/session.ts'
import { lookups } from './lookups.ts'
import { change, query } from './statement.ts'
import type { Session as StoreSession } from './store.ts'

/** A member's sessions beyond this are the oldest, which end: what is listed and told at once stays bounded. */
export const mostSessions = 100

/**
 * Registers a session within a transaction, or says anew what it is about; answers with what it took the place of.
 *
 * @throws PosternError `unknown_member` where no active member has the user, `session_exists` for another user's id
 */
export async function register(
  database: StoreSession,
  tenant: string,
  session: Session,
): Promise<readonly EndedSessions[]> {
  const { id, user } = session
  const found = await database.first(lookups.member, { tenant, user })
  if (found === undefined || statusOf(JSON.parse(found.record) as Member) !== 'active')
    throw new PosternError('unknown_member', `\`${user}\` is no active member`)
  const known = await database.first(holder, { tenant, id })
  if (known !== undefined && known.user !== user) throw new PosternError('session_exists')
  await database.all(remove, { tenant, id })
  const all = await database.all(ofUser, { tenant, user })
  const oldest = all.slice(0, -(mostSessions - 1))
  for (const old of oldest) await database.all(remove, { tenant, id: old.id })
  await database.insert('session', [{ tenant, ...session }])
  await database.all(noteLogin, { tenant, user, at: session.at })
  return oldest.length === 0 ? [] : [{ user, sessions: oldest.map((old) => old.id) }]
}

/** When members last registered a session; who never did is left out. */
export function lastLogins(database: StoreSession, tenant: string): Promise<readonly LastLogin[]> {
  return database.all(logins, { tenant })
}

export interface LastLogin {
  readonly user: string
  readonly last_login: string
}

/** Says so again of those who are members of the tenant that was stored in the place of that one. */
export async function keepLastLogins(database: StoreSession, tenant: string, known: readonly LastLogin[]) {
  for (const { user, last_login: at } of known) await database.all(noteLogin, { tenant, user, at })
}

/** The member's sessions, the oldest first. */
export function sessionsOf(database: StoreSession, tenant: string, user: string): Promise<readonly Session[]> {
  return database.all(ofUser, { tenant, user })
}

/** Undefined where there is no such session. Within a transaction. */
export async function endSession(
  database: StoreSession,
  tenant: string,
  id: string,
): Promise<EndedSessions | undefined> {
  const known = await database.first(holder, { tenant, id })
  if (known === undefined) return undefined
  await database.all(remove, { tenant, id })
  return { user: known.user, sessions: [id] }
}

/** Ends all that a user has. Within a transaction. */
export async function endSessionsOf(database: StoreSession, tenant: string, user: string): Promise<EndedSessions> {
  const ended = await database.all(removeAll, { tenant, user })
  return { user, sessions: ended.map(({ id }) => id) }
}

const holder = query(['tenant', 'id'], (db, { tenant, id }) =>
  db.selectFrom('session').select('user').where('tenant', '=', tenant).where('id', '=', id),
)
const ofUser = query(['tenant', 'user'], (db, { tenant, user }) =>
  db
    .selectFrom('session')
    .select(['id', 'user', 'about', 'at'])
    .where('tenant', '=', tenant)
    .where('user', '=', user)
    .orderBy('at')
    .orderBy('id'),
)
const noteLogin = change(['tenant', 'user', 'at'], (db, { tenant, user, at }) =>
  db.updateTable('member').set({ last_login: at }).where('tenant', '=', tenant).where('user', '=', user),
)
const logins = query(['tenant'], (db, { tenant }) =>
  db.selectFrom('member').select(['user', 'last_login']).where('tenant', '=', tenant).where('last_login', '>', ''),
)
const remove = change(['tenant', 'id'], (db, { tenant, id }) =>
  db.deleteFrom('session').where('tenant', '=', tenant).where('id', '=', id),
)
const removeAll = change(['tenant', 'user'], (db, { tenant, user }) =>
  db.deleteFrom('session').where('tenant', '=', tenant).where('user', '=', user).returning('id'),
)
