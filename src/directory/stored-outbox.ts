import { type Selectable, sql } from 'kysely'
import { change, query } from './statement.ts'
import type { Session } from './store.ts'
import type { OutboxRow } from './tables.ts'

/** The messages that wait to leave the process. Times are milliseconds since 1970; methods reject with `directory_unavailable`. */
export interface StoredOutbox {
  /** The tenants that have a message which is not dead. */
  waiting(): Promise<readonly string[]>
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
  /** In the order in which they were written, without what is secret, behind the place `after`. */
  list(dead: boolean, limit: number, after: number): Promise<readonly ListedMessage[]>
  /** Has the message tried anew, as if for the first time. Its tenant; undefined where there is no such message. */
  retry(id: string, at: number): Promise<string | undefined>
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
    async waiting() {
      const tenants: string[] = []
      const next = (after: string) => session.first(tenantBehind, { after })
      for (let row = await next(''); row !== undefined; row = await next(row.tenant)) tenants.push(row.tenant)
      return tenants
    },
    async next(tenant, channels, at) {
      for (;;) {
        const found = await session.first(first, { tenant, channels: `,${channels.join(',')},` })
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
    list: (dead, limit, after) => session.all(messages, { dead: dead ? 1 : 0, limit, after }),
    async retry(id, at) {
      const found = await session.first(again, { id, at })
      return found?.tenant
    },
  }
}

const tenantBehind = query(['after'], (db, { after }) =>
  db.selectFrom('outbox').select('tenant').where('dead', '=', 0).where('tenant', '>', after).orderBy('tenant').limit(1),
)
const first = query(['tenant', 'channels'], (db, { tenant, channels }) =>
  db
    .selectFrom('outbox')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('dead', '=', 0)
    // The channels are one text, with a comma on both sides of each.
    .where(sql<boolean>`${channels} like '%,' || channel || ',%'`)
    .orderBy('seq')
    .limit(1),
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
const messages = query(['dead', 'after', 'limit'], (db, { dead, after, limit }) =>
  db.selectFrom('outbox').select(listed).where('dead', '=', dead).where('seq', '>', after).orderBy('seq').limit(limit),
)
const again = change(['id', 'at'], (db, { id, at }) =>
  db.updateTable('outbox').set({ attempts: 0, due: at, dead: 0 }).where('id', '=', id).returning('tenant'),
)
