import type { Change, ChangeFeed, EndedSessions } from '../pdp/change-feed.ts'
import { type Following, revisionText, revOf } from './following.ts'
import { change, query } from './statement.ts'
import type { Session } from './store.ts'

/** Changes that are kept; who was away for more starts anew. */
export const keptChanges = 100_000

/** Appends to the feed, within the transaction of the change, at its rev. */
export async function appendChange(
  session: Session,
  rev: number,
  tenant: string,
  kind: string,
  ended: readonly EndedSessions[],
): Promise<void> {
  await session.insert('change', [{ rev, tenant, kind, ended: JSON.stringify(ended) }])
  await session.all(forget, { until: rev - keptChanges })
}

/**
 * The change feed of a store, up to what this process decides upon: who is told of a change and asks at once is to be
 * answered upon it.
 */
export function storedFeed(
  session: Session,
  following: Pick<Following, 'epoch' | 'newest'>,
): Omit<ChangeFeed, 'watch'> {
  const revisionOf = (rev: number) => revisionText(following.epoch, rev)
  const head = async () => {
    const position = await following.newest()
    return { position, revision: revisionOf(position) }
  }
  return {
    head,
    async positionOf(revision) {
      const position = revOf(following.epoch, revision)
      if (position === undefined) return undefined
      const newest = await following.newest()
      // What came before a gap or after the end is unknown.
      return position <= newest && position >= newest - keptChanges ? position : undefined
    },
    async after(position, limit, tenant) {
      const from = { after: position, until: await following.newest(), limit }
      const rows = await (tenant === undefined ? session.all(ofAll, from) : session.all(ofTenant, { ...from, tenant }))
      return rows.map(
        ({ rev, ended, ...change }): Change => ({
          position: rev,
          revision: revisionOf(rev),
          ...change,
          ended: JSON.parse(ended),
        }),
      )
    },
  }
}

const columns = ['rev', 'tenant', 'kind', 'ended'] as const
const ofAll = query(['after', 'until', 'limit'], (db, { after, until, limit }) =>
  db
    .selectFrom('change')
    .select(columns)
    .where('rev', '>', after)
    .where('rev', '<=', until)
    .orderBy('rev')
    .limit(limit),
)
const ofTenant = query(['tenant', 'after', 'until', 'limit'], (db, { tenant, after, until, limit }) =>
  db
    .selectFrom('change')
    .select(columns)
    .where('tenant', '=', tenant)
    .where('rev', '>', after)
    .where('rev', '<=', until)
    .orderBy('rev')
    .limit(limit),
)
const forget = change(['until'], (db, { until }) => db.deleteFrom('change').where('rev', '<=', until))
