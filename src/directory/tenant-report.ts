import type { ListedMember, MemberPlace } from '../pdp/members-query.ts'
import type { TenantReport } from '../pdp/tenant-report.ts'
import { lookups } from './lookups.ts'
import { membersPage } from './member-list.ts'
import { query } from './statement.ts'
import type { Session } from './store.ts'
import { seatLimit } from './tenant-warnings.ts'

/** A report that is sent by mail names no more members than this. */
const mostListed = 500

export interface ReportOptions {
  /** `YYYY-MM`. */
  readonly month: string
  readonly at: Date
  /** Seats of a plan: null for any number, undefined where plans have none. */
  readonly seatsOf: (system: string, plan: string | null) => number | null | undefined
}

/** Reads the report of a tenant, within one state. Undefined where there is no such tenant. */
export async function tenantReport(
  session: Session,
  tenant: string,
  { month, at, seatsOf }: ReportOptions,
): Promise<TenantReport | undefined> {
  const row = await session.first(lookups.tenant, { tenant })
  if (row === undefined) return undefined
  const { system, plan, pending, active, inactive } = row
  const limit = seatLimit(JSON.parse(row.settings), seatsOf(system, plan))
  const listed = await longestAway(session, tenant)
  const tokens = await session.all(scopedTokens, { tenant, at: at.getTime() })
  const [first, end] = monthBounds(month)
  return {
    tenant,
    system,
    plan,
    month,
    at: at.toISOString(),
    members: { active, pending, inactive },
    seats: limit === undefined ? undefined : { used: active + pending, limit },
    roles: await session.all(roles, { tenant }),
    last_login: listed.map(({ user, email = null, role = null, last_login }) => ({ user, email, role, last_login })),
    not_listed: active - listed.length,
    sessions: (await session.first(sessions, { tenant }))?.rows ?? 0,
    api_keys: (await session.first(keys, { tenant }))?.rows ?? 0,
    active_scoped_tokens: tokens.map(({ name, scope, expires }) => ({
      name,
      scope,
      expires: expires === null ? null : new Date(expires).toISOString(),
    })),
    actions: await session.all(actions, { tenant, first, end }),
  }
}

async function longestAway(session: Session, tenant: string): Promise<readonly ListedMember[]> {
  const listed: ListedMember[] = []
  let from: MemberPlace | undefined
  do {
    const limit = mostListed - listed.length
    const page = await membersPage(session, tenant, { sort: 'last_login', status: 'active', limit, from })
    listed.push(...page.members)
    from = page.next
  } while (from !== undefined && listed.length < mostListed)
  return listed
}

/** As texts of instants: the first of the month, and the first of the next one. */
function monthBounds(month: string): readonly [string, string] {
  const first = new Date(`${month}-01T00:00:00.000Z`)
  const end = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 1))
  return [first.toISOString(), end.toISOString()]
}

const roles = query(['tenant'], (db, { tenant }) =>
  db
    .selectFrom('role_count')
    .select(['role', 'active', 'pending', 'inactive'])
    .where('tenant', '=', tenant)
    .orderBy('role'),
)
const sessions = query(['tenant'], (db, { tenant }) =>
  db
    .selectFrom('session')
    .select(({ fn }) => fn.countAll<number>().as('rows'))
    .where('tenant', '=', tenant),
)
const keys = query(['tenant'], (db, { tenant }) =>
  db
    .selectFrom('element')
    .select(({ fn }) => fn.countAll<number>().as('rows'))
    .where('tenant', '=', tenant)
    .where('list', '=', 'api_keys'),
)
const scopedTokens = query(['tenant', 'at'], (db, { tenant, at }) =>
  db
    .selectFrom('token')
    .select(['name', 'scope', 'expires'])
    .where('tenant', '=', tenant)
    .where(({ or, eb }) => or([eb('expires', 'is', null), eb('expires', '>', at)]))
    .orderBy('name'),
)
const actions = query(['tenant', 'first', 'end'], (db, { tenant, first, end }) =>
  db
    .selectFrom('activity')
    .select(({ fn }) => ['action', fn.countAll<number>().as('times')])
    .where('tenant', '=', tenant)
    .where('at', '>=', first)
    .where('at', '<', end)
    .groupBy('action')
    .orderBy('times', 'desc')
    .orderBy('action'),
)
