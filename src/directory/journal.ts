import type { TenantReport } from '../pdp/tenant-report.ts'
import { isFirst } from './months.ts'
import { change, query } from './statement.ts'
import type { Session } from './store.ts'
import { type ReportOptions, tenantReport } from './tenant-report.ts'

/** What a write transaction on one tenant keeps beside its document. Times are milliseconds since 1970. */
export interface Journal {
  /** What the request of this key was answered; undefined for a key that was not used, or long ago. */
  answered(key: string, at: number): Promise<KeptAnswer | undefined>
  keepAnswer(key: string, answer: KeptAnswer, at: number): Promise<void>
  /** The user whose invitation has this digest and has not run out. */
  invitee(digest: string, at: number): Promise<string | undefined>
  /** Takes the place of the user's earlier invitation. */
  invite(user: string, digest: string, expires: number): Promise<void>
  withdrawInvitation(user: string): Promise<void>
  /** The tenant's report, as it is within the transaction. */
  report(options: ReportOptions): Promise<TenantReport | undefined>
  /** Says that the month's action is carried out for the user; false where it was before. */
  once(action: string, user: string, month: string): Promise<boolean>
  /** Puts a message behind the others that are to leave the process. */
  send(message: OutgoingMessage): Promise<void>
}

export interface OutgoingMessage {
  readonly id: string
  readonly channel: string
  readonly type: string
  /** JSON object. */
  readonly body: string
  readonly recipient: string | null
  /** The invitation that the message brings, which `invite` has been told of. */
  readonly invitation: { readonly secret: string; readonly digest: string; readonly expires: number } | undefined
  readonly created: number
}

export interface KeptAnswer {
  /** Of the request, so that another one under the same key is found out. */
  readonly digest: string
  /** The body of the answer, without secrets. */
  readonly body: string
}

/** So long a repeated request is known, in milliseconds. */
const kept = 24 * 60 * 60 * 1_000

/** The journal of the tenant that a transaction writes. */
export function journalOf(session: Session, tenant: string): Journal {
  return {
    answered: (key, at) => session.first(answered, { tenant, key, since: at - kept }),
    async keepAnswer(key, answer, at) {
      await session.all(forget, { until: at - kept })
      await session.insert('answered', [{ tenant, key, ...answer, at }])
    },
    async invitee(digest, at) {
      const found = await session.first(invitee, { tenant, digest, at })
      return found?.user
    },
    async invite(user, digest, expires) {
      await session.all(withdraw, { tenant, user })
      await session.insert('invitation', [{ tenant, user, digest, expires }])
    },
    async withdrawInvitation(user) {
      await session.all(withdraw, { tenant, user })
    },
    once: (action, user, month) => isFirst(session, { tenant, action, user, month }),
    report: (options) => tenantReport(session, tenant, options),
    async send({ invitation, ...message }) {
      const { secret = null, digest = null, expires = null } = invitation ?? {}
      const fresh = { attempts: 0, due: message.created, dead: 0, error: null }
      await session.insert('outbox', [{ tenant, ...message, secret, digest, expires, ...fresh }])
    },
  }
}

const answered = query(['tenant', 'key', 'since'], (db, { tenant, key, since }) =>
  db
    .selectFrom('answered')
    .select(['digest', 'body'])
    .where('tenant', '=', tenant)
    .where('key', '=', key)
    .where('at', '>', since),
)
const forget = change(['until'], (db, { until }) => db.deleteFrom('answered').where('at', '<=', until))
const invitee = query(['tenant', 'digest', 'at'], (db, { tenant, digest, at }) =>
  db
    .selectFrom('invitation')
    .select('user')
    .where('tenant', '=', tenant)
    .where('digest', '=', digest)
    .where('expires', '>', at),
)
const withdraw = change(['tenant', 'user'], (db, { tenant, user }) =>
  db.deleteFrom('invitation').where('tenant', '=', tenant).where('user', '=', user),
)
