/** The sessions of one user that a change ended. */
export interface EndedSessions {
  readonly user: string
  /** Ids of those that were registered. */
  readonly sessions: readonly string[]
}

export interface Change {
  /** Counts the changes of all tenants, without gaps that mean anything. */
  readonly position: number
  /** The position as callers see it. */
  readonly revision: string
  readonly tenant: string
  /** The action that was carried out; `put` of a tenant that was stored whole, `session:end` of one session. */
  readonly kind: string
  readonly ended: readonly EndedSessions[]
}

/** What was changed, in the order in which it was. Only changes that are on disk are told. */
export interface ChangeFeed {
  /** Where the feed is now. */
  head(): Promise<Pick<Change, 'position' | 'revision'>>
  /** The position of a revision that all later changes are still known of; undefined for any other text. */
  positionOf(revision: string): Promise<number | undefined>
  /** The next changes behind a position, of one tenant where it is named. */
  after(position: number, limit: number, tenant: string | undefined): Promise<readonly Change[]>
  /** Calls `changed` soon after each change, until the function that it gives is called. */
  watch(changed: () => void): () => void
}
