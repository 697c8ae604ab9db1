/** `manage` includes `read`. */
export const tokenScopes = ['read', 'manage'] as const
export type TokenScope = (typeof tokenScopes)[number]

/** What a call of the management API needs of a token. */
export interface Need {
  readonly scope: TokenScope
  /** Undefined for what concerns every tenant. */
  readonly tenant: string | undefined
}

/** What a token that was handed out may be used for. */
export interface Grant {
  readonly scope: TokenScope
  /** The only tenant that it is good for; null for all. */
  readonly tenant: string | null
  /** Milliseconds since 1970; null for a token that does not run out. */
  readonly expires: number | null
}
