import { type Selectable, sql } from 'kysely'
import { change, query } from './statement.ts'
import type { Session } from './store.ts'
import type { OutboxRow } from './tables.ts'

/** The messages that wait to leave the process. Times are milliseconds since 1970; methods reject with `directory_unavailable`. */
export interface StoredOutbox {
  /** The tenants that have a message for one of the channels which is not dead. */
  waiting(channels: readonly string[]): Promise<readonly string[]>
  /**
   * Makes the holder the only one who delivers for the tenant, for so many milliseconds from now; the one who has it
   * already has it for longer. False where somebody else has it.
   */
  claim(tenant: string, holder: string, ms: number): Promise<boolean>
  /** Gives it back, where the holder has it. */
  release(tenant: string, holder: string): Promise<void>
  /**
   * The tenant's first message for one of the channels that is not dead, due or not. A message whose invitation is void is
   * dropped: it was revoked, accepted, made anew, or has run out.
   */
  next(tenant: string, channels: readonly string[], at: number): Promise<StoredMessage | undefined>
  /** Removes the message. */
  delivered(id: string): Promise<void>
  /** Without `due` the message is dead. */
  failed(id: string, error: string, due: number | undefined): Promise<void>
  dropVoid(at: number): Promise<void>
  counts(): Promise<OutboxCounts>
  /** In the order in which they were written, without what is secret, behind the place `after`. */
  list(dead: boolean, limit: number, after: number): Promise<readonly ListedMessage[]>
  /** Has the message tried anew, as if for the first time. Its tenant; undefined where there is no such message. */
  retry(id: string, at: number): Promise<string | undefined>
}

export interface OutboxCounts {
  readonly pending: number
  readonly dead: number
}

export type StoredMessage = Omit<Selectable<OutboxRow>, 'seq' | 'dead' | 'error'>

export interface ListedMessage extends Omit<StoredMessage, 'secret' | 'digest'> {
  /** The place in the list. */
  readonly seq: number
  readonly error: string | null
}

const listed = [
  'seq',
  'id',
  'tenant',
  'channel',
  'type',
  'body',
  'recipient',
  'expires',
  'created',
  'attempts',
  'due',
  'error',
] as const

export function storedOutbox(session: Session): StoredOutbox {
  return {
    async waiting(channels) {
      const rows = await session.all(tenants, { channels: listOf(channels) })
      return rows.map(({ tenant }) => tenant)
    },
    async claim(tenant, holder, ms) {
      return (await session.first(claim, { tenant, holder, ms })) !== undefined
    },
    async release(tenant, holder) {
      await session.all(release, { tenant, holder })
    },
    async next(tenant, channels, at) {
      for (;;) {
        const found = await session.first(first, { tenant, channels: listOf(channels) })
        if (found === undefined) return undefined
        const { seq: _, dead: __, error: ___, ...message } = found
        if (message.digest === null) return message
        const valid = await session.first(invitation, { tenant, digest: message.digest, at })
        if (valid !== undefined) return message
        await session.all(forget, { id: message.id })
      }
    },
    async delivered(id) {
      await session.all(forget, { id })
    },
    async failed(id, error, due) {
      await session.all(fail, { id, error, due: due ?? 0, dead: due === undefined ? 1 : 0 })
    },
    async dropVoid(at) {
      await session.all(withoutInvitation, { at })
    },
    async counts() {
      const rows = await session.all(counts, {})
      const of = (dead: number) => rows.find((row) => row.dead === dead)?.messages ?? 0
      return { pending: of(0), dead: of(1) }
    },
    list: (dead, limit, after) => session.all(messages, { dead: dead ? 1 : 0, limit, after }),
    async retry(id, at) {
      const found = await session.first(again, { id, at })
      return found?.tenant
    },
  }
}

/** One text, with a comma on both sides of each. */
function listOf(channels: readonly string[]): string {
  return `,${channels.join(',')},`
}

const isListed = (channels: string) => sql<boolean>`${channels} like '%,' || channel || ',%'`

const tenants = query(['channels'], (db, { channels }) =>
  db.selectFrom('outbox').select('tenant').distinct().where('dead', '=', 0).where(isListed(channels)),
)
const first = query(['tenant', 'channels'], (db, { tenant, channels }) =>
  db
    .selectFrom('outbox')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('dead', '=', 0)
    .where(isListed(channels))
    .orderBy('seq')
    .limit(1),
)
const claim = change(['tenant', 'holder', 'ms'], (db, { tenant, holder, ms }) =>
  db
    .insertInto('lane')
    .values(({ selectFrom }) => ({
      tenant,
      holder,
      expires: selectFrom('clock').select((eb) => eb('now', '+', ms).as('until')),
    }))
    .onConflict((on) =>
      on
        .column('tenant')
        .doUpdateSet(({ ref }) => ({ holder: ref('excluded.holder'), expires: ref('excluded.expires') }))
        .where(({ or, eb, ref, selectFrom }) =>
          or([
            eb('lane.holder', '=', ref('excluded.holder')),
            eb('lane.expires', '<=', selectFrom('clock').select('now')),
          ]),
        ),
    )
    .returning('tenant'),
)
const release = change(['tenant', 'holder'], (db, { tenant, holder }) =>
  db.deleteFrom('lane').where('tenant', '=', tenant).where('holder', '=', holder),
)
const invitation = query(['tenant', 'digest', 'at'], (db, { tenant, digest, at }) =>
  db
    .selectFrom('invitation')
    .select('user')
    .where('tenant', '=', tenant)
    .where('digest', '=', digest)
    .where('expires', '>', at),
)
const forget = change(['id'], (db, { id }) => db.deleteFrom('outbox').where('id', '=', id))
const fail = change(['id', 'error', 'due', 'dead'], (db, { id, error, due, dead }) =>
  db
    .updateTable('outbox')
    .set((eb) => ({ attempts: eb('attempts', '+', 1), error, due, dead }))
    .where('id', '=', id),
)
const withoutInvitation = change(['at'], (db, { at }) =>
  db
    .deleteFrom('outbox')
    .where('digest', 'is not', null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('invitation')
            .select('user')
            .whereRef('invitation.tenant', '=', 'outbox.tenant')
            .whereRef('invitation.digest', '=', 'outbox.digest')
            .where('invitation.expires', '>', at),
        ),
      ),
    ),
)
const counts = query([], (db) =>
  db
    .selectFrom('outbox')
    .select(({ fn }) => ['dead', fn.countAll<number>().as('messages')])
    .groupBy('dead'),
)
const messages = query(['dead', 'after', 'limit'], (db, { dead, after, limit }) =>
  db.selectFrom('outbox').select(listed).where('dead', '=', dead).where('seq', '>', after).orderBy('seq').limit(limit),
)
const again = change(['id', 'at'], (db, { id, at }) =>
  db.updateTable('outbox').set({ attempts: 0, due: at, dead: 0 }).where('id', '=', id).returning('tenant'),
)
