import type { Member, statusOf } from './member.ts'

export const memberSorts = ['user', 'email', 'role'] as const

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

/** A page ends where it is full or where enough was read; only one without `next` is the last. */
export interface MembersPage {
  readonly members: readonly Member[]
  readonly next: MemberPlace | undefined
}
