import type { Generated } from 'kysely'
import type { TokenScope } from '../pdp/access-token.ts'
import type { Session } from '../pdp/session.ts'

/**
 * The tables of the directory, as queries see them. `record` and `settings` hold JSON text, which is what the document
 * said; the other columns are what look-ups search by, always made from that text by one function (tenant-rows.ts).
 * `position` and `ordinal` keep the order of the document.
 */
export interface Tables {
  /** One row. `rev` counts the writes; a copy that was restored gets another epoch, so no revision means two states. */
  readonly meta: { readonly one: number; readonly epoch: string; readonly rev: number }
  /** What each revision changed; `ended` is a JSON list of the sessions that it ended, by user. */
  readonly change: { readonly rev: number; readonly tenant: string; readonly kind: string; readonly ended: string }
  readonly session: Session & { readonly tenant: string }
  /** The action that each revision carried out; `targets` is a JSON list of users. It outlives what it tells of. */
  readonly activity: {
    readonly tenant: string
    readonly rev: number
    readonly at: string
    readonly action: string
    readonly actor_type: 'user' | 'service'
    readonly actor: string
    readonly targets: string
  }
  /** The users that an activity is about, to be found by. */
  readonly activity_user: { readonly tenant: string; readonly user: string; readonly rev: number }
  /** Access tokens; times are milliseconds since 1970. */
  readonly token: {
    readonly name: string
    readonly digest: string
    readonly scope: TokenScope
    readonly tenant: string | null
    readonly expires: number | null
    readonly created: number
  }
  readonly tenant: TenantRow
  /** `last_login` is when a session of theirs was registered last, as an instant, and empty where none was. */
  readonly member: MemberRow & { readonly last_login: Generated<string> }
  readonly member_key: { readonly tenant: string; readonly api_key: string; readonly position: number }
  /** Members by role and status; only roles that some record has. */
  readonly role_count: StatusCounts & { readonly tenant: string; readonly role: string }
  readonly element: ElementRow
  readonly holding: HoldingRow
  /** The invitation of each pending member that has one; of its secret only the digest. */
  readonly invitation: {
    readonly tenant: string
    readonly user: string
    readonly digest: string
    /** Milliseconds since 1970. */
    readonly expires: number
  }
  /** Answers that were given to requests with an `Idempotency-Key`. */
  readonly answered: {
    readonly tenant: string
    readonly key: string
    readonly digest: string
    readonly body: string
    /** Milliseconds since 1970. */
    readonly at: number
  }
  /** What is to leave the process, in the order of `seq`. Delivered messages are gone. Times as above. */
  readonly outbox: OutboxRow
  /** Who delivers a tenant's messages, and until when by the database's clock, unless they claim it again. */
  readonly lane: { readonly tenant: string; readonly holder: string; readonly expires: number }
  /** The actions that a month asked for and that were carried out, so that none is a second time. Months are `YYYY-MM`. */
  readonly monthly: { readonly tenant: string; readonly action: string; readonly user: string; readonly month: string }
  /** The months that were gone through to the end. */
  readonly month: { readonly month: string }
  /** A view of one row: the database's clock, in milliseconds since 1970. */
  readonly clock: { readonly now: number }
  readonly entity: {
    readonly tenant: string
    readonly type: string
    readonly id: string
    readonly ordinal: number
    readonly record: string
  }
}

export interface StatusCounts {
  readonly pending: number
  readonly active: number
  readonly inactive: number
}

export interface TenantRow extends StatusCounts {
  readonly id: string
  readonly system: string
  readonly plan: string | null
  readonly settings: string
  /** JSON list of the document's members that are there, as an empty list is not the same text as none. */
  readonly present: string
  /** `meta.rev` of the last write of this tenant. */
  readonly revision: number
}

export interface MemberRow {
  readonly tenant: string
  readonly user: string
  readonly position: number
  readonly role: string | null
  /** The user's id and e-mail address with ASCII letters in lower case: how an invited address is looked up. */
  readonly user_address: string
  readonly email_address: string | null
  /** 1 for an active record without a second factor. */
  readonly without_two_factor: number
  readonly record: string
}

/** An element of one of the tenant's lists, or a member of one of its objects. */
export interface ElementRow {
  readonly tenant: string
  readonly list: string
  readonly ordinal: number
  /** `user` or `group` of a share, an owner or an access; `name` of a plain text and of an object's member. */
  readonly holder_kind: 'user' | 'group' | 'name' | null
  readonly holder: string | null
  /** Null, as `target`, for an entry that is about nothing. */
  readonly target_kind: TargetKind | null
  readonly target: string | null
  readonly record: string
}

export type TargetKind = 'path' | 'collection' | 'project'

/** What the lists inside `groups` and `collection_assets` hold, to be found from the inside. */
export interface HoldingRow {
  readonly tenant: string
  readonly list: string
  /** A user id, a path. */
  readonly value: string
  /** Ordinal of the element that holds it, and its name. */
  readonly ordinal: number
  readonly name: string
  /** JSON list of the indexes at which it stands. */
  readonly places: string
}

export interface OutboxRow {
  /** Made by the database. */
  readonly seq: Generated<number>
  readonly id: string
  readonly tenant: string
  readonly channel: string
  readonly type: string
  /** JSON object. */
  readonly body: string
  readonly recipient: string | null
  /** Of the invitation that the message brings: as it was made, for as long as the message is here, and its digest. */
  readonly secret: string | null
  readonly digest: string | null
  readonly expires: number | null
  readonly created: number
  readonly attempts: number
  readonly due: number
  /** 1 for a message that is not tried again by itself. */
  readonly dead: number
  /** What the last attempt failed of. */
  readonly error: string | null
}

/** The tables whose rows belong to one tenant and go with it. */
export const tenantTables = [
  'member',
  'member_key',
  'role_count',
  'element',
  'holding',
  'entity',
  'invitation',
  'session',
] as const satisfies readonly (keyof Tables)[]
