import { type Selectable, sql } from 'kysely'
import type { Store } from './store.ts'
import type { OutboxRow } from './tables.ts'

/** The messages that wait to leave the process. Times are milliseconds since 1970; methods throw `directory_unavailable`. */
export interface StoredOutbox {
  /** The tenants that have a message which is not dead. */
  waiting(): readonly string[]
  /**
   * The tenant's first message for one of the channels that is not dead, due or not. A message whose invitation is void is
   * dropped: it was revoked, accepted, made anew, or has run out.
   */
  next(tenant: string, channels: readonly string[], at: number): StoredMessage | undefined
  /** Removes the message. */
  delivered(id: string): void
  /** Without `due` the message is dead. */
  failed(id: string, error: string, due: number | undefined): void
  dropVoid(at: number): void
  /** In the order in which they were written, without what is secret, behind the place `after`. */
  list(dead: boolean, limit: number, after: number): readonly ListedMessage[]
  /** Has the message tried anew, as if for the first time. Its tenant; undefined where there is no such message. */
  retry(id: string, at: number): string | undefined
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

export function prepareOutbox(store: Store): StoredOutbox {
  const tenantBehind = store.query(['after'], (db, { after }) =>
    db
      .selectFrom('outbox')
      .select('tenant')
      .where('dead', '=', 0)
      .where('tenant', '>', after)
      .orderBy('tenant')
      .limit(1),
  )
  const first = store.query(['tenant', 'channels'], (db, { tenant, channels }) =>
    db
      .selectFrom('outbox')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('dead', '=', 0)
      // The channels are one text, with a comma on both sides of each.
      .where(sql<number>`instr(${channels}, ',' || channel || ',')`, '>', 0)
      .orderBy('seq')
      .limit(1),
  )
  const invitation = store.query(['tenant', 'digest', 'at'], (db, { tenant, digest, at }) =>
    db
      .selectFrom('invitation')
      .select('user')
      .where('tenant', '=', tenant)
      .where('digest', '=', digest)
      .where('expires', '>', at),
  )
  const remove = store.change(['id'], (db, { id }) => db.deleteFrom('outbox').where('id', '=', id))
  const failed = store.change(['id', 'error', 'due', 'dead'], (db, { id, error, due, dead }) =>
    db
      .updateTable('outbox')
      .set((eb) => ({ attempts: eb('attempts', '+', 1), error, due, dead }))
      .where('id', '=', id),
  )
  const dropVoid = store.change(['at'], (db, { at }) =>
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
  const page = store.query(['dead', 'after', 'limit'], (db, { dead, after, limit }) =>
    db
      .selectFrom('outbox')
      .select(listed)
      .where('dead', '=', dead)
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(limit),
  )
  const again = store.change(['id', 'at'], (db, { id, at }) =>
    db.updateTable('outbox').set({ attempts: 0, due: at, dead: 0 }).where('id', '=', id).returning('tenant'),
  )

  return {
    waiting() {
      const tenants: string[] = []
      for (
        let row = tenantBehind.first({ after: '' });
        row !== undefined;
        row = tenantBehind.first({ after: row.tenant })
      )
        tenants.push(row.tenant)
      return tenants
    },
    next(tenant, channels, at) {
      for (;;) {
        const found = first.first({ tenant, channels: `,${channels.join(',')},` })
        if (found === undefined) return undefined
        const { seq: _, dead: __, error: ___, ...message } = found
        if (message.digest === null) return message
        if (invitation.first({ tenant, digest: message.digest, at }) !== undefined) return message
        remove.all({ id: message.id })
      }
    },
    delivered: (id) => void remove.all({ id }),
    failed: (id, error, due) => void failed.all({ id, error, due: due ?? 0, dead: due === undefined ? 1 : 0 }),
    dropVoid: (at) => void dropVoid.all({ at }),
    list: (dead, limit, after) => page.all({ dead: dead ? 1 : 0, limit, after }),
    retry: (id, at) => again.first({ id, at })?.tenant,
  }
}
