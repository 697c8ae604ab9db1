/** What the owners of a tenant look at once a month: the team as it is, and what was done to it in that month. */
export interface TenantReport {
  readonly tenant: string
  readonly system: string
  readonly plan: string | null
  /** `YYYY-MM`, of UTC. */
  readonly month: string
  /** When it was made. All but `actions` is as it was then. */
  readonly at: string
  readonly members: { readonly active: number; readonly pending: number; readonly inactive: number }
  /** Those of pending members are taken too. Null where there is no limit; undefined on a plan that has none. */
  readonly seats: { readonly used: number; readonly limit: number | null } | undefined
  readonly roles: readonly {
    readonly role: string
    readonly active: number
    readonly pending: number
    readonly inactive: number
  }[]
  /** Active members; who was longest not there comes first, and who never was before them. */
  readonly last_login: readonly {
    readonly user: string
    readonly email: string | null
    readonly role: string | null
    readonly last_login: string | null
  }[]
  /** Active members beyond those. */
  readonly not_listed: number
  readonly sessions: number
  readonly api_keys: number
  /** Access tokens that are good for this tenant alone. */
  readonly active_scoped_tokens: readonly {
    readonly name: string
    readonly scope: string
    readonly expires: string | null
  }[]
  /** How often each action was carried out in the month, the most frequent first. */
  readonly actions: readonly { readonly action: string; readonly times: number }[]
}

/** `YYYY-MM` of the last month that is over. */
export function lastMonth(now: Date): string {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1)).toISOString().slice(0, 7)
}
