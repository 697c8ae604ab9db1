import type { Change, ChangeFeed, EndedSessions } from '../pdp/change-feed.ts'
import type { Store } from './store.ts'

/** Changes that are kept; who was away for more starts anew. */
export const keptChanges = 100_000

export interface Feed extends ChangeFeed {
  /** Within the transaction of the change, at its rev. */
  append(rev: number, tenant: string, kind: string, ended: readonly EndedSessions[]): void
  /** After that transaction, when whoever is told reads the new state. */
  announce(): void
}

/** The change feed of a store; `revisionOf` spells a rev for callers. */
export function prepareFeed(store: Store, revisionOf: (rev: number) => string): Feed {
  const newest = store.query([], (db) => db.selectFrom('meta').select('rev'))
  const ofAll = store.query(['after', 'limit'], (db, { after, limit }) =>
    db.selectFrom('change').selectAll().where('rev', '>', after).orderBy('rev').limit(limit),
  )
  const ofTenant = store.query(['tenant', 'after', 'limit'], (db, { tenant, after, limit }) =>
    db
      .selectFrom('change')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('rev', '>', after)
      .orderBy('rev')
      .limit(limit),
  )
  const forget = store.change(['until'], (db, { until }) => db.deleteFrom('change').where('rev', '<=', until))
  const watchers = new Set<() => void>()
  const head = () => {
    const position = newest.first({})?.rev ?? 0
    return { position, revision: revisionOf(position) }
  }
  return {
    append(rev, tenant, kind, ended) {
      store.insert('change', { rev, tenant, kind, ended: JSON.stringify(ended) })
      forget.all({ until: rev - keptChanges })
    },
    announce() {
      for (const changed of watchers) changed()
    },
    head,
    positionOf(revision) {
      const position = Number(/\.(\d{1,15})$/.exec(revision)?.[1])
      const now = head().position
      // Of another epoch the text is another one, and what came before a gap or after the end is unknown.
      const isKnown = revision === revisionOf(position) && position <= now && position >= now - keptChanges
      return isKnown ? position : undefined
    },
    after: (position, limit, tenant) =>
      (tenant === undefined
        ? ofAll.all({ after: position, limit })
        : ofTenant.all({ tenant, after: position, limit })
      ).map(
        ({ rev, ended, ...change }): Change => ({
          position: rev,
          revision: revisionOf(rev),
          ...change,
          ended: JSON.parse(ended),
        }),
      ),
    watch(changed) {
      watchers.add(changed)
      return () => watchers.delete(changed)
    },
  }
}
