import type { Activity, ActivityPage, ActivityQuery } from '../pdp/activity.ts'
import type { Store } from './store.ts'

export interface ActivityList {
  /** Within the transaction of the action, at its rev. */
  append(rev: number, tenant: string, activity: Omit<Activity, 'revision'>): void
  page(tenant: string, query: ActivityQuery): ActivityPage
}

/** What was done to each tenant; `revisionOf` spells a rev for callers. */
export function prepareActivity(store: Store, revisionOf: (rev: number) => string): ActivityList {
  const ofTenant = store.query(['tenant', 'before', 'limit'], (db, { tenant, before, limit }) =>
    db
      .selectFrom('activity')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('rev', '<', before)
      .orderBy('rev', 'desc')
      .limit(limit),
  )
  const ofUser = store.query(['tenant', 'user', 'before', 'limit'], (db, { tenant, user, before, limit }) =>
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
  return {
    append(rev, tenant, { at, action, actor, targets }) {
      store.insert('activity', {
        tenant,
        rev,
        at,
        action,
        actor_type: actor.type,
        actor: actor.id,
        targets: JSON.stringify(targets),
      })
      // A service is no user, though it may be called like one.
      for (const user of new Set([...(actor.type === 'user' ? [actor.id] : []), ...targets]))
        store.insert('activity_user', { tenant, user, rev })
    },
    page(tenant, { user, before = Number.MAX_SAFE_INTEGER, limit }) {
      // One more than is shown says whether there is a next page.
      const at = { tenant, before, limit: limit + 1 }
      const rows = user === undefined ? ofTenant.all(at) : ofUser.all({ ...at, user })
      const activity = rows.slice(0, limit).map((row) => ({
        at: row.at,
        revision: revisionOf(row.rev),
        action: row.action,
        actor: { type: row.actor_type, id: row.actor },
        targets: JSON.parse(row.targets),
      }))
      return { activity, next: rows.length > limit ? rows[limit - 1]?.rev : undefined }
    },
  }
}
