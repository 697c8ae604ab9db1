/** One action that was carried out on a tenant. */
export interface Activity {
  /** RFC 3339. */
  readonly at: string
  readonly revision: string
  readonly action: string
  readonly actor: { readonly type: 'user' | 'service'; readonly id: string }
  /** Users whose record was written or removed. */
  readonly targets: readonly string[]
}

export interface ActivityQuery {
  /** What this user did, or was done to them. */
  readonly user?: string | undefined
  /** The newest first, before this position; undefined for the newest of all. */
  readonly before?: number | undefined
  readonly limit: number
}

export interface ActivityPage {
  readonly activity: readonly Activity[]
  /** The `before` of the next page; undefined after the last. */
  readonly next: number | undefined
}
