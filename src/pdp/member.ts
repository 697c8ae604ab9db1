import { recordOf } from './fact-record.ts'
import type { FactRecord } from './facts.ts'
import { normaliseInstant } from './instant.ts'

/** One member of a tenant document; the rest of its members are `unknown` until a rule asks. */
export interface Member {
  readonly user: string
  readonly email?: string
  readonly role?: string
  readonly status?: string
  readonly sessions_valid_after?: string
  readonly api_keys?: readonly string[]
  readonly two_factor_enabled?: boolean
  readonly scope?: string | readonly string[]
  readonly overrides?: { readonly for_role?: string; readonly grants?: Readonly<Record<string, string>> }
}

export interface Counts {
  pending: number
  active: number
  inactive: number
  roles: Map<string, Omit<Counts, 'roles'>>
}

export function countsOf(members: readonly Member[]): Counts {
  const counts: Counts = { pending: 0, active: 0, inactive: 0, roles: new Map() }
  for (const member of members) {
    const status = statusOf(member)
    counts[status] += 1
    if (member.role === undefined) continue
    const ofRole = counts.roles.get(member.role) ?? { pending: 0, active: 0, inactive: 0 }
    ofRole[status] += 1
    counts.roles.set(member.role, ofRole)
  }
  return counts
}

/** A missing status is active; one outside the list counts as inactive. */
export function statusOf(member: Member): 'pending' | 'active' | 'inactive' {
  if (member.status === undefined || member.status === 'active') return 'active'
  return member.status === 'pending' ? 'pending' : 'inactive'
}

/** Trimmed, its ASCII letters in lower case: how addresses compare. Other letters stay apart from their look-alikes. */
export function address(text: string): string {
  return lowerAscii(text.replace(whiteAround, ''))
}

/** How ids and addresses that are stored compare. */
export function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

// What `trimmed` in policies/authz/shared/values.rego strips: ECMAScript's white space and U+0085.
const whiteAround = /^[\s\u0085]+|[\s\u0085]+$/g

/** Sorts after every normalised instant, so that no session is later than a bound that is no instant. */
const refusesEverySession = 'never'

/** What rules read of a member: `exists`, and the bound of its sessions as an instant that sorts. */
export function memberRecord(member: Member): FactRecord {
  if (member.sessions_valid_after === undefined) return recordOf({ ...member, exists: true })
  const sessions_valid_after = normaliseInstant(member.sessions_valid_after) ?? refusesEverySession
  return recordOf({ ...member, exists: true, sessions_valid_after })
}
