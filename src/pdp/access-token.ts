import { PosternError } from './errors.ts'

/** `simulate` includes `decide`, and `manage` includes `read`. */
export const tokenScopes = ['decide', 'simulate', 'read', 'manage'] as const
export type TokenScope = (typeof tokenScopes)[number]

/** A name that a path can hold: `.` and `..` would lead elsewhere. */
export const tokenName = /^\w[\w.-]{0,99}$/

/** What a call needs of a token. */
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

export interface NamedGrant extends Grant {
  readonly name: string
  /** When it was created, in milliseconds since 1970. */
  readonly created: number
}

/** What a caller may do, however that is known. */
export interface Rights {
  readonly scopes: readonly TokenScope[]
  /** The only tenant; null for all. */
  readonly tenant: string | null
}

export const allRights: Rights = { scopes: tokenScopes, tenant: null }

const included: Readonly<Record<TokenScope, readonly TokenScope[]>> = {
  decide: ['decide'],
  simulate: ['simulate', 'decide'],
  read: ['read'],
  manage: ['manage', 'read'],
}

/** Undefined where it has run out. `now` is in milliseconds since 1970. */
export function rightsOf({ scope, tenant, expires }: Grant, now: number): Rights | undefined {
  return expires !== null && expires <= now ? undefined : { scopes: included[scope], tenant }
}

/** Throws `forbidden` where the rights do not cover the need. */
export function demand({ scopes, tenant }: Rights, need: Need): void {
  if (!scopes.includes(need.scope))
    throw new PosternError('forbidden', `this needs a token of the scope \`${need.scope}\``)
  if (tenant !== null && tenant !== need.tenant)
    throw new PosternError('forbidden', `this token is good for the tenant \`${tenant}\` alone`)
}
