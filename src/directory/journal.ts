import type { Store } from './store.ts'

/** What a write transaction on one tenant keeps beside its document. Times are milliseconds since 1970. */
export interface Journal {
  /** What the request of this key was answered; undefined for a key that was not used, or long ago. */
  answered(key: string, at: number): KeptAnswer | undefined
  keepAnswer(key: string, answer: KeptAnswer, at: number): void
  /** The user whose invitation has this digest and has not run out. */
  invitee(digest: string, at: number): string | undefined
  /** Takes the place of the user's earlier invitation. */
  invite(user: string, digest: string, expires: number): void
  withdrawInvitation(user: string): void
  /** Puts a message behind the others that are to leave the process. */
  send(message: OutgoingMessage): void
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

/** A journal for the tenant of each write, its statements compiled once. */
export function prepareJournal(store: Store): (tenant: string) => Journal {
  const answered = store.query(['tenant', 'key', 'since'], (db, { tenant, key, since }) =>
    db
      .selectFrom('answered')
      .select(['digest', 'body'])
      .where('tenant', '=', tenant)
      .where('key', '=', key)
      .where('at', '>', since),
  )
  const forget = store.change(['until'], (db, { until }) => db.deleteFrom('answered').where('at', '<=', until))
  const invitee = store.query(['tenant', 'digest', 'at'], (db, { tenant, digest, at }) =>
    db
      .selectFrom('invitation')
      .select('user')
      .where('tenant', '=', tenant)
      .where('digest', '=', digest)
      .where('expires', '>', at),
  )
  const withdraw = store.change(['tenant', 'user'], (db, { tenant, user }) =>
    db.deleteFrom('invitation').where('tenant', '=', tenant).where('user', '=', user),
  )
  return (tenant) => ({
    answered: (key, at) => answered.first({ tenant, key, since: at - kept }),
    keepAnswer(key, answer, at) {
      forget.all({ until: at - kept })
      store.insert('answered', { tenant, key, ...answer, at })
    },
    invitee: (digest, at) => invitee.first({ tenant, digest, at })?.user,
    invite(user, digest, expires) {
      withdraw.all({ tenant, user })
      store.insert('invitation', { tenant, user, digest, expires })
    },
    withdrawInvitation: (user) => void withdraw.all({ tenant, user }),
    send({ invitation, ...message }) {
      const { secret = null, digest = null, expires = null } = invitation ?? {}
      const fresh = { attempts: 0, due: message.created, dead: 0, error: null }
      store.insert('outbox', { tenant, ...message, secret, digest, expires, ...fresh })
    },
  })
}
