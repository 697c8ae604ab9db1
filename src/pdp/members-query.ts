import type { Member, statusOf } from './member.ts'

export const memberSorts = ['user', 'email', 'role', 'last_login'] as const

/** Which members of a tenant to list. Every filter that is there must hold. */
export interface MembersQuery {
  /** A part of the user's id or e-mail address; ASCII letters compare without case. */
  readonly search?: string | undefined
  readonly status?: ReturnType<typeof statusOf> | undefined
  readonly role?: string | undefined
  /** A project that the member's `scope` names. */
  readonly project?: string | undefined
  /** An API key that is assigned to the member. */
  readonly key?: string | undefined
  /** An instant: their last login was before it, or there was none. */
  readonly lastLoginBefore?: string | undefined
  /** An instant: their last login was then or later. */
  readonly lastLoginAfter?: string | undefined
  readonly sort: (typeof memberSorts)[number]
  /** Where the page begins; undefined for the first. */
  readonly from?: MemberPlace | undefined
  readonly limit: number
}

/** A place in one order of the members: what they are sorted by, and the user. The member there may be gone. */
export interface MemberPlace {
  readonly by: string
  readonly user: string
}

/** A member's record, and when a session of theirs was registered last; null where none was. */
export type ListedMember = Member & { readonly last_login: string | null }

/** A page ends where it is full or where enough was read; only one without `next` is the last. */
export interface MembersPage {
  readonly members: readonly ListedMember[]
  readonly next: MemberPlace | undefined
}
