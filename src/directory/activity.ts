import type { Kysely } from 'kysely'
import type { Activity, ActivityPage, ActivityQuery } from '../pdp/activity.ts'
import { change, query } from './statement.ts'
import type { Session } from './store.ts'
import type { Tables } from './tables.ts'

/** Says what was done to a tenant, within the transaction of the action, at its rev. */
export async function appendActivity(
  session: Session,
  rev: number,
  tenant: string,
  { at, action, actor, targets }: Omit<Activity, 'revision'>,
): Promise<void> {
  const row = { tenant, rev, at, action, actor_type: actor.type, actor: actor.id, targets: JSON.stringify(targets) }
  // A service is no user, though it may be called like one.
  const users = new Set([...(actor.type === 'user' ? [actor.id] : []), ...targets])
  await session.insert('activity', [row])
  await session.insert(
    'activity_user',
    [...users].map((user) => ({ tenant, user, rev })),
  )
}

/** What was done to a tenant, the newest first; `revisionOf` spells a rev for callers. */
export async function activityOf(
  session: Session,
  revisionOf: (rev: number) => string,
  tenant: string,
  { user, before = Number.MAX_SAFE_INTEGER, limit }: ActivityQuery,
): Promise<ActivityPage> {
  // One more than is shown says whether there is a next page.
  const at = { tenant, before, limit: limit + 1 }
  const rows = await (user === undefined ? session.all(ofTenant, at) : session.all(ofUser, { ...at, user }))
  const activity = rows.slice(0, limit).map((row) => ({
    at: row.at,
    revision: revisionOf(row.rev),
    action: row.action,
    actor: { type: row.actor_type, id: row.actor },
    targets: JSON.parse(row.targets),
  }))
  return { activity, next: rows.length > limit ? rows[limit - 1]?.rev : undefined }
}

/** So many are forgotten in one transaction. */
const forgottenAtOnce = 500

/** Forgets some of what was done before the instant, the oldest first, within a transaction; whether there may be more. */
export async function forgetActivity(session: Session, before: string): Promise<boolean> {
  const some = { before, limit: forgottenAtOnce }
  await session.all(forgetUsers, some)
  return (await session.all(forget, some)).length === forgottenAtOnce
}

const forgetUsers = change(['before', 'limit'], (db, { before, limit }) =>
  db
    .deleteFrom('activity_user')
    .where(({ eb, refTuple }) => eb(refTuple('tenant', 'rev'), 'in', oldest(db, before, limit))),
)
const forget = change(['before', 'limit'], (db, { before, limit }) =>
  db
    .deleteFrom('activity')
    .where(({ eb, refTuple }) => eb(refTuple('tenant', 'rev'), 'in', oldest(db, before, limit)))
    .returning('rev'),
)

const oldest = (db: Kysely<Tables>, before: string, limit: number) =>
  db
    .selectFrom('activity')
    .select(['tenant', 'rev'])
    .where('at', '<', before)
    .orderBy('at')
    .orderBy('rev')
    .limit(limit)
    .$asTuple('tenant', 'rev')

const ofTenant = query(['tenant', 'before', 'limit'], (db, { tenant, before, limit }) =>
  db
    .selectFrom('activity')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('rev', '<', before)
    .orderBy('rev', 'desc')
    .limit(limit),
)
const ofUser = query(['tenant', 'user', 'before', 'limit'], (db, { tenant, user, before, limit }) =>
  db
    .selectFrom('activity_user as about')
    .innerJoin('activity', (join) =>
      join.onRef('activity.tenant', '=', 'about.tenant').onRef('activity.rev', '=', 'about.rev'),
    )
    .selectAll('activity')
    .where('about.tenant', '=', tenant)
    .where('about.user', '=', user)
    .where('about.rev', '<', before)
    .orderBy('about.rev', 'desc')
    .limit(limit),
)
