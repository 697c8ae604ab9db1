import { LRUCache } from 'lru-cache'
import type { Activity, ActivityPage, ActivityQuery } from '../pdp/activity.ts'
import type { ChangeFeed } from '../pdp/change-feed.ts'
import { PosternError } from '../pdp/errors.ts'
import type { FactRecord, TenantFacts, TenantSource } from '../pdp/facts.ts'
import type { MembersPage, MembersQuery } from '../pdp/members-query.ts'
import type { Session } from '../pdp/session.ts'
import type { TenantDocument } from '../pdp/tenant-document.ts'
import { prepareActivity } from './activity.ts'
import { checkStore, type DirectoryCheck } from './check-store.ts'
import { prepareChanges } from './draft-changes.ts'
import { prepareFeed } from './feed.ts'
import { type Journal, prepareJournal } from './journal.ts'
import { prepareLookups } from './lookups.ts'
import { prepareMemberList } from './member-list.ts'
import { prepareSessions, type Sessions } from './sessions.ts'
import { openStore } from './store.ts'
import { storedDraft } from './stored-draft.ts'
import { type RecordCache, storedFacts } from './stored-facts.ts'
import { prepareOutbox, type StoredOutbox } from './stored-outbox.ts'
import { type TenantRow, tenantTables } from './tables.ts'
import type { TenantDraft } from './tenant-draft.ts'
import { prepareExport } from './tenant-export.ts'
import { insertTenant } from './tenant-rows.ts'
import { prepareTokens, type Tokens } from './tokens.ts'

/**
 * Stored tenants. One process owns the file. Look-ups and writes throw `PosternError` `directory_unavailable` where the
 * file fails; `backup`, `restore` and `close` throw `DirectoryError`.
 */
export interface Directory {
  readonly tenants: TenantSource
  readonly feed: ChangeFeed
  readonly tokens: Tokens
  /** Up to `limit` tenants behind the id `after`, by id in the order of code points. */
  list(limit: number, after?: string): readonly TenantSummary[]
  /** A page of the tenant's members. Undefined where there is no such tenant. */
  members(tenant: string, query: MembersQuery): MembersPage | undefined
  /** The tenant as a document. */
  export(tenant: string): TenantDocument | undefined
  /**
   * Stores each document whole, all of them or none, in the place of the tenant that has its id. The documents have been
   * checked. Answers with the revision.
   */
  put(documents: readonly TenantDocument[]): string
  /**
   * Runs `work` as the only writer, in one transaction that is on disk when this returns. `facts` are what was true when
   * it began, so decide upon them first and change the draft then. Nothing is written unless `work` says `commit`.
   * Undefined where there is no such tenant.
   */
  write<T>(
    tenant: string,
    work: (draft: TenantDraft, facts: TenantFacts, journal: Journal) => Write<T>,
  ): Written<T> | undefined
  /**
   * Registers the session of an active member, or says anew what it is about. Of a member's sessions the oldest end
   * where there would be too many. Throws `unknown_tenant`, `unknown_member` or `session_exists`.
   */
  registerSession(tenant: string, session: Session): void
  /** What was done to the tenant, the newest first. Undefined where there is no such tenant. */
  activity(tenant: string, query: ActivityQuery): ActivityPage | undefined
  /** The member's sessions, the oldest first. */
  sessions: Sessions['list']
  /** Answers with the revision; undefined where there is no such session. */
  endSession(tenant: string, id: string): string | undefined
  readonly outbox: StoredOutbox
  /** Writes a whole copy to a file that must not exist. */
  backup(file: string): void
  /** Replaces everything by a copy. No revision that was given out before is of the new state. */
  restore(copy: string): void
  /** What is not as it should be: the file itself, and every column and count that look-ups rely upon. */
  check(): DirectoryCheck
  close(): void
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

export interface TenantSummary {
  readonly id: string
  readonly system: string
  readonly plan: string | null
  readonly members: number
}

/** Headers that are kept, with the texts that they remember. */
const keptTenants = 1_000

/** Member records that are kept: how many, and how many characters of stored text. */
const keptRecords = { max: 100_000, maxSize: 32 * 1024 * 1024 }

interface Kept {
  /** Names the records of one tenant as it was put; a tenant that is put anew has another. */
  readonly generation: number
  readonly facts: TenantFacts
}

/** Opens or creates the directory of a file. Throws a `DirectoryError`. */
export function openDirectory(file: string): Directory {
  const store = openStore(file)
  const lookups = prepareLookups(store)
  const changes = prepareChanges(store)
  const journal = prepareJournal(store)
  const memberList = prepareMemberList(store)
  const exported = prepareExport(store, lookups)
  const meta = store.query([], (db) => db.selectFrom('meta').select('epoch'))
  let epoch = meta.first({})?.epoch
  const page = store.query(['after', 'limit'], (db, { after, limit }) =>
    db.selectFrom('tenant').selectAll().where('id', '>', after).orderBy('id').limit(limit),
  )
  const removals = [
    ...tenantTables.map((table) => store.change(['id'], (db, { id }) => db.deleteFrom(table).where('tenant', '=', id))),
    store.change(['id'], (db, { id }) => db.deleteFrom('tenant').where('id', '=', id)),
  ]

  // INVARIANT: this process alone writes the file, so what is kept is true until `put` or `write` drops it, and they
  // drop it before anybody can ask again.
  const kept = new LRUCache<string, Kept>({ max: keptTenants })
  const records = new LRUCache<string, FactRecord>(keptRecords)
  let generations = 0
  const recordsOf = (generation: number): RecordCache => ({
    get: (user) => records.get(`${generation} ${user}`),
    set: (user, record, size) => records.set(`${generation} ${user}`, record, { size: size + user.length + 1 }),
  })
  const revisionOf = ({ revision }: Pick<TenantRow, 'revision'>) => `v1.${epoch}.${revision}`
  const feed = prepareFeed(store, (revision) => revisionOf({ revision }))
  const activity = prepareActivity(store, (revision) => revisionOf({ revision }))
  const sessions = prepareSessions(store, lookups)
  const nextRev = () => changes.bump.first({})?.rev as number

  let writing = false
  /** Whatever a failed write came to on disk, nothing that was kept before it is believed. */
  const alone = <T>(tenants: readonly string[], work: () => T): T => {
    writing = true
    try {
      return work()
    } catch (error) {
      for (const tenant of tenants) kept.delete(tenant)
      throw error
    } finally {
      writing = false
    }
  }

  return {
    tenants: {
      find(id) {
        if (writing) throw new Error('inside a write only its own facts are read')
        const known = kept.get(id)
        if (known !== undefined) return known.facts
        const row = lookups.tenant.first({ tenant: id })
        if (row === undefined) return undefined
        generations += 1
        const facts = storedFacts(lookups, row, revisionOf(row), recordsOf(generations))
        kept.set(id, { generation: generations, facts })
        return facts
      },
    },
    list: (limit, after = '') =>
      page.all({ after, limit }).map(({ id, system, plan, pending, active, inactive }) => ({
        id,
        system,
        plan,
        members: pending + active + inactive,
      })),
    members: (tenant, query) =>
      lookups.tenant.first({ tenant }) === undefined ? undefined : memberList(tenant, query),
    export: exported,
    put(documents) {
      const ids = documents.map(({ tenant }) => tenant)
      const putAll = () => {
        let last = 0
        for (const document of documents) {
          const { tenant } = document
          last = nextRev()
          for (const remove of removals) remove.all({ id: tenant })
          insertTenant(store, document, last)
          feed.append(last, tenant, 'put', [])
        }
        return last
      }
      const revision = alone(ids, () => store.transaction(putAll, () => true))
      for (const id of ids) kept.delete(id)
      feed.announce()
      return revisionOf({ revision })
    },
    write(tenant, work) {
      const decideAndChange = () => {
        const row = lookups.tenant.first({ tenant })
        if (row === undefined) return undefined
        const draft = storedDraft(store, lookups, changes, row)
        const result = work(draft, storedFacts(lookups, row, revisionOf(row)), journal(tenant))
        if (!result.commit) return { result, row, touched: new Set<string>() }
        const revision = nextRev()
        const after = { ...draft.row(), revision }
        const { system: _, ...columns } = after
        changes.tenant.all(columns)
        if (result.activity !== undefined) activity.append(revision, tenant, result.activity)
        const ended = new Set(result.ended)
        feed.append(
          revision,
          tenant,
          result.change,
          [...ended].map((user) => sessions.endAll(tenant, user)),
        )
        return { result, row: after, touched: draft.touched }
      }
      const done = alone([tenant], () => store.transaction(decideAndChange, (made) => made?.result.commit === true))
      if (done === undefined) return undefined
      const { result, row, touched } = done
      const known = kept.get(tenant)
      if (result.commit && known !== undefined) {
        for (const user of touched) records.delete(`${known.generation} ${user}`)
        const facts = storedFacts(lookups, row, revisionOf(row), recordsOf(known.generation))
        kept.set(tenant, { generation: known.generation, facts })
      }
      if (result.commit) feed.announce()
      return { value: result.value, revision: revisionOf(row) }
    },
    feed,
    tokens: prepareTokens(store),
    registerSession(tenant, session) {
      const register = () => {
        if (lookups.tenant.first({ tenant }) === undefined)
          throw new PosternError('unknown_tenant', `no tenant \`${tenant}\``)
        const ended = sessions.register(tenant, session)
        if (ended.length > 0) feed.append(nextRev(), tenant, 'session:end', ended)
        return ended.length > 0
      }
      if (store.transaction(register, () => true)) feed.announce()
    },
    activity: (tenant, query) =>
      lookups.tenant.first({ tenant }) === undefined ? undefined : activity.page(tenant, query),
    sessions: sessions.list,
    endSession(tenant, id) {
      const end = () => {
        const ended = sessions.end(tenant, id)
        if (ended === undefined) return undefined
        const rev = nextRev()
        feed.append(rev, tenant, 'session:end', [ended])
        return rev
      }
      const revision = store.transaction(end, (rev) => rev !== undefined)
      if (revision === undefined) return undefined
      feed.announce()
      return revisionOf({ revision })
    },
    outbox: prepareOutbox(store),
    backup: (copy) => store.copyTo(copy),
    restore(copy) {
      kept.clear()
      store.replaceBy(copy)
      epoch = meta.first({})?.epoch
    },
    check: () => checkStore(store),
    close: () => store.close(),
  }
}
