import type { Activity, ActivityPage, ActivityQuery } from '../pdp/activity.ts'
import type { ChangeFeed, EndedSessions } from '../pdp/change-feed.ts'
import { PosternError } from '../pdp/errors.ts'
import type { TenantFacts, TenantSource } from '../pdp/facts.ts'
import type { Freshness } from '../pdp/freshness.ts'
import type { MembersPage, MembersQuery } from '../pdp/members-query.ts'
import type { Session } from '../pdp/session.ts'
import type { TenantDocument } from '../pdp/tenant-document.ts'
import type { TenantReport } from '../pdp/tenant-report.ts'
import { activityOf, appendActivity, forgetActivity } from './activity.ts'
import { checkTables, type DirectoryCheck } from './check-tables.ts'
import { changes } from './draft-changes.ts'
import { appendChange, storedFeed } from './feed.ts'
import { type Following, notFollowed, ownState, revisionText, revOf } from './following.ts'
import { type Journal, journalOf } from './journal.ts'
import { lookups } from './lookups.ts'
import { membersPage } from './member-list.ts'
import { type Months, storedMonths } from './months.ts'
import { carriedOutOnce, type Once } from './once.ts'
import { isPostgres } from './place.ts'
import { type FollowOptions, followPostgres } from './postgres-following.ts'
import { openPostgresStore } from './postgres-store.ts'
import { endSession, endSessionsOf, keepLastLogins, lastLogins, register, sessionsOf } from './sessions.ts'
import { openSqliteStore } from './sqlite-store.ts'
import { change, query } from './statement.ts'
import type { Session as Database, Store } from './store.ts'
import { storedDraft } from './stored-draft.ts'
import { storedFacts } from './stored-facts.ts'
import { type StoredOutbox, storedOutbox } from './stored-outbox.ts'
import { type TenantRow, tenantTables } from './tables.ts'
import { TenantCache } from './tenant-cache.ts'
import type { TenantDraft } from './tenant-draft.ts'
import { exportTenant } from './tenant-export.ts'
import { type ReportOptions, tenantReport } from './tenant-report.ts'
import { insertTenant } from './tenant-rows.ts'
import { storedTokens, type Tokens } from './tokens.ts'

/**
 * Stored tenants. Look-ups and writes reject with `PosternError` `directory_unavailable` where the database fails;
 * `backup` and `restore` with `DirectoryError`.
 */
export interface Directory {
  readonly tenants: TenantSource
  readonly freshness: Freshness
  /** Whether decisions can be made upon what this process knows. */
  isFresh(): boolean
  /** Waits until nobody decides upon facts from before this revision any more; false where that cannot be said. */
  everywhere(revision: string): Promise<boolean>
  readonly feed: ChangeFeed
  readonly tokens: Tokens
  /** Up to `limit` tenants behind the id `after`, by id in the order of code points. */
  list(limit: number, after?: string): Promise<readonly TenantSummary[]>
  /** A page of the tenant's members. Undefined where there is no such tenant. */
  members(tenant: string, query: MembersQuery): Promise<MembersPage | undefined>
  has(tenant: string): Promise<boolean>
  /** The tenant as a document, and its revision. Undefined where there is no such tenant. */
  export(tenant: string): Promise<Exported | undefined>
  /**
   * Stores each document whole, all of them or none, in the place of the tenant that has its id. The documents have been
   * checked. Answers with the revision. What is asked for `once` is the request of the first document's tenant.
   */
  put(documents: readonly TenantDocument[], once?: Once): Promise<string>
  /**
   * Runs `work` as the only writer, in one transaction that is on disk when this resolves. `facts` are what was true when
   * it began, so decide upon them first and change the draft then. Nothing is written unless `work` says `commit`.
   * Undefined where there is no such tenant.
   */
  write<T>(
    tenant: string,
    work: (draft: TenantDraft, facts: TenantFacts, journal: Journal) => Promise<Write<T>>,
  ): Promise<Written<T> | undefined>
  /**
   * Registers the session of an active member, or says anew what it is about. Of a member's sessions the oldest end
   * where there would be too many. Rejects with `unknown_tenant`, `unknown_member` or `session_exists`.
   */
  registerSession(tenant: string, session: Session, once?: Once): Promise<void>
  /** What was done to the tenant, the newest first. Undefined where there is no such tenant. */
  activity(tenant: string, query: ActivityQuery): Promise<ActivityPage | undefined>
  /** Forgets some of what was done before the instant; whether there may be more. */
  forgetActivity(before: string): Promise<boolean>
  /** Undefined where there is no such tenant. */
  report(tenant: string, options: ReportOptions): Promise<TenantReport | undefined>
  /** The member's sessions, the oldest first. */
  sessions(tenant: string, user: string): Promise<readonly Session[]>
  /** Answers with the revision; undefined where there is no such session. */
  endSession(tenant: string, id: string, once?: Once): Promise<string | undefined>
  readonly outbox: StoredOutbox
  readonly months: Months
  /** Writes a whole copy to a file that must not exist. */
  backup(file: string): Promise<void>
  /** Replaces everything by a copy. No revision that was given out before is of the new state. */
  restore(copy: string): Promise<void>
  /** What is not as it should be: the file itself, and every column and count that look-ups rely upon. */
  check(): Promise<DirectoryCheck>
  close(): Promise<void>
}

/**
 * What the work of a transaction came to. `change` is a word for the change feed, such as the action's name; `ended` are
 * the users whose sessions end with it, and `activity` is what to say of it to people.
 */
export type Write<T> =
  | {
      readonly commit: true
      readonly change: string
      readonly ended?: readonly string[]
      readonly activity?: Omit<Activity, 'revision'>
      readonly value: T
    }
  | { readonly commit: false; readonly value: T }

export interface Written<T> {
  readonly value: T
  /** Of the tenant, after the write. */
  readonly revision: string
}

export interface Exported {
  readonly document: TenantDocument
  readonly revision: string
}

export interface TenantSummary {
  readonly id: string
  readonly system: string
  readonly plan: string | null
  readonly members: number
}

export interface DirectoryOptions {
  /** For a server, which decides upon what it keeps of a database that others write. Nothing is decided without. */
  readonly follow?: {
    /** Undefined: the same as that of the database, which no pool is then in front of. */
    readonly listenUrl: string | undefined
    readonly maxAgeMs: number
    readonly log: FollowOptions['log']
  }
}

/** Opens or creates the directory: the path of a file, or the URL of a PostgreSQL database. Rejects with a `DirectoryError`. */
export async function openDirectory(directory: string, { follow }: DirectoryOptions = {}): Promise<Directory> {
  if (!isPostgres(directory)) {
    const store = openSqliteStore(directory)
    return directoryOver(store, ({ announce }) => ownState(store, announce))
  }
  const named = follow !== undefined && follow.listenUrl === undefined
  const store = await openPostgresStore(directory, { named })
  if (follow === undefined) return directoryOver(store, () => notFollowed(store))
  const { listenUrl: url = directory, maxAgeMs, log } = follow
  return directoryOver(store, (on) => followPostgres({ ...on, store, url, maxAgeMs, log }))
}

/** `begin` says how what others write is followed. */
async function directoryOver(
  store: Store,
  begin: (on: Pick<FollowOptions, 'changed' | 'reset'> & { announce(): void }) => Promise<Following>,
): Promise<Directory> {
  const watchers = new Set<() => void>()
  const announce = () => {
    for (const changed of watchers) changed()
  }
  const cache = new TenantCache(store, (row) => revisionAt(row))
  const drop = (tenants: readonly string[]) => {
    for (const tenant of tenants) cache.drop(tenant)
  }
  const on = {
    announce,
    changed(tenants: readonly string[]) {
      drop(tenants)
      announce()
    },
    reset() {
      cache.clear()
      announce()
    },
  }
  let following: Following
  try {
    following = await begin(on)
  } catch (error) {
    await store.close()
    throw error
  }
  const revisionOf = (rev: number) => revisionText(following.epoch, rev)
  const revisionAt = ({ revision }: Pick<TenantRow, 'revision'>) => revisionOf(revision)
  const feed = storedFeed(store, following)
  const has = async (tenant: string) => (await store.first(lookups.tenant, { tenant })) !== undefined

  return {
    tenants: {
      find(id) {
        if (!following.isFresh()) throw new PosternError('stale_directory')
        const known = cache.get(id)
        if (known !== undefined) return known
        const row = store.reader.first(lookups.tenant, { tenant: id })
        return row && cache.keep(row)
      },
    },
    freshness: following,
    isFresh: () => following.isFresh(),
    async everywhere(revision) {
      const rev = revOf(following.epoch, revision)
      return rev !== undefined && following.everywhere(rev)
    },
    async list(limit, after = '') {
      const rows = await store.all(page, { after, limit })
      return rows.map(({ id, system, plan, pending, active, inactive }) => ({
        id,
        system,
        plan,
        members: pending + active + inactive,
      }))
    },
    members: async (tenant, query) => ((await has(tenant)) ? membersPage(store, tenant, query) : undefined),
    has,
    async export(tenant) {
      const document = await store.snapshot((session) => exportTenant(session, tenant))
      return document && { document, revision: revisionOf(document.revision ?? 0) }
    },
    async put(documents, once) {
      const ids = documents.map(({ tenant }) => tenant)
      const dropAll = () => drop(ids)
      const storeAll = async (session: Database) => {
        for (const document of documents) {
          const logins = await lastLogins(session, document.tenant)
          for (const remove of removals) await session.all(remove, { tenant: document.tenant })
          await insertTenant(session, document)
          await keepLastLogins(session, document.tenant, logins)
        }
        // At last, for from here on nobody else can write anything.
        let rev = 0
        for (const tenant of ids) {
          rev = await nextRev(session)
          await session.all(revise, { tenant, rev })
          await appendChange(session, rev, tenant, 'put', [])
        }
        return { value: rev, commit: true, committed: dropAll }
      }
      const last = await store.transaction(
        ids,
        (session) => carriedOutOnce(session, ids[0] ?? '', once, () => storeAll(session)),
        dropAll,
      )
      following.wrote()
      return revisionOf(last)
    },
    async write<T>(
      tenant: string,
      work: (draft: TenantDraft, facts: TenantFacts, journal: Journal) => Promise<Write<T>>,
    ) {
      const written = await store.transaction<Carried<T> | undefined>(
        [tenant],
        async (session) => {
          const row = await session.first(lookups.tenant, { tenant })
          if (row === undefined) return { value: undefined, commit: false }
          const draft = storedDraft(session, row)
          const facts = storedFacts(session.reader, row, revisionAt(row))
          const result = await work(draft, facts, journalOf(session, tenant))
          if (!result.commit) return { value: { result, row }, commit: false }
          const ended = await endAll(session, tenant, result.ended ?? [])
          const revision = await nextRev(session)
          const after = { ...draft.row(), revision }
          const { system: _, ...columns } = after
          await session.all(changes.tenant, columns)
          if (result.activity !== undefined) await appendActivity(session, revision, tenant, result.activity)
          await appendChange(session, revision, tenant, result.change, ended)
          return {
            value: { result, row: after },
            commit: true,
            committed: () => cache.replace(row, after, draft.touched),
          }
        },
        () => drop([tenant]),
      )
      if (written === undefined) return undefined
      if (written.result.commit) following.wrote()
      return { value: written.result.value, revision: revisionAt(written.row) }
    },
    feed: {
      ...feed,
      watch(changed) {
        watchers.add(changed)
        return () => watchers.delete(changed)
      },
    },
    tokens: storedTokens(store),
    async registerSession(tenant, session, once) {
      const told = await store.transaction([tenant], (database) =>
        carriedOutOnce(database, tenant, once, async () => {
          if ((await database.first(lookups.tenant, { tenant })) === undefined)
            throw new PosternError('unknown_tenant', `no tenant \`${tenant}\``)
          const ended = await register(database, tenant, session)
          if (ended.length > 0) await appendChange(database, await nextRev(database), tenant, 'session:end', ended)
          return { value: ended.length > 0, commit: true }
        }),
      )
      if (told) following.wrote()
    },
    activity: async (tenant, query) => ((await has(tenant)) ? activityOf(store, revisionOf, tenant, query) : undefined),
    forgetActivity: (before) =>
      store.transaction([], async (session) => ({ value: await forgetActivity(session, before), commit: true })),
    report: (tenant, options) => store.snapshot((session) => tenantReport(session, tenant, options)),
    sessions: (tenant, user) => sessionsOf(store, tenant, user),
    async endSession(tenant, id, once) {
      const rev = await store.transaction([tenant], (session) =>
        carriedOutOnce<number | undefined>(session, tenant, once, async () => {
          const ended = await endSession(session, tenant, id)
          if (ended === undefined) return { value: undefined, commit: false }
          const next = await nextRev(session)
          await appendChange(session, next, tenant, 'session:end', [ended])
          return { value: next, commit: true }
        }),
      )
      if (rev === undefined) return undefined
      following.wrote()
      return revisionOf(rev)
    },
    outbox: storedOutbox(store),
    months: storedMonths(store),
    backup: (copy) => store.copyTo(copy),
    async restore(copy) {
      cache.clear()
      await store.replaceBy(copy)
      await following.renew()
    },
    async check() {
      const found = await store.faults()
      const faults = found.map((fault) => `the file: ${fault}`)
      const tables = await store.snapshot(checkTables)
      return { ...tables, faults: [...faults, ...tables.faults] }
    },
    async close() {
      await following.close()
      await store.close()
    },
  }
}

/** What a write came to, and the tenant's row after it. */
interface Carried<T> {
  readonly result: Write<T>
  readonly row: TenantRow
}

async function endAll(session: Database, tenant: string, users: readonly string[]) {
  const ended: EndedSessions[] = []
  for (const user of new Set(users)) ended.push(await endSessionsOf(session, tenant, user))
  return ended
}

/** The rev of the write whose transaction this is. */
async function nextRev(session: Database): Promise<number> {
  const bumped = await session.first(changes.bump, {})
  return bumped?.rev as number
}

const revise = change(['tenant', 'rev'], (db, { tenant, rev }) =>
  db.updateTable('tenant').set({ revision: rev }).where('id', '=', tenant),
)
const page = query(['after', 'limit'], (db, { after, limit }) =>
  db.selectFrom('tenant').selectAll().where('id', '>', after).orderBy('id').limit(limit),
)
const removals = [
  ...tenantTables.map((table) =>
    change(['tenant'], (db, { tenant }) => db.deleteFrom(table).where('tenant', '=', tenant)),
  ),
  change(['tenant'], (db, { tenant }) => db.deleteFrom('tenant').where('id', '=', tenant)),
]
