import { sql } from 'kysely'
import { address, type Member, statusOf } from '../pdp/member.ts'
import type { ListedMember, MemberPlace, MembersPage, MembersQuery } from '../pdp/members-query.ts'
import { query } from './statement.ts'
import type { Session } from './store.ts'

/**
 * How many rows one page may read, so that a filter that few members meet holds up the server for some milliseconds,
 * whatever the size of the tenant.
 */
export const mostRead = 5_000

/** Rows that are read at once. */
const chunk = 500

// Written as in the indexes, or SQLite would sort the whole tenant.
const byRole = sql<string>`coalesce(role, '')`
const byEmail = sql<string>`coalesce(email_address, '')`
const byLastLogin = sql<string>`last_login`

interface Row {
  readonly by: string
  readonly user: string
  readonly user_address: string
  readonly email_address: string | null
  readonly role: string | null
  readonly last_login: string
  readonly record: string
}

const columns = ['user', 'user_address', 'email_address', 'role', 'last_login', 'record'] as const
const byUser = query(['tenant', 'user', 'limit'], (db, { tenant, user, limit }) =>
  db
    .selectFrom('member')
    .select([...columns, sql<string>`''`.as('by')])
    .where('tenant', '=', tenant)
    .where('user', '>=', user)
    .orderBy('user')
    .limit(limit),
)
// Two queries, for SQLite does not search an expression's index by a pair such as `(by, user) >= (?, ?)`.
const sorted = (order: typeof byRole) => ({
  rest: query(['tenant', 'by', 'user', 'limit'], (db, { tenant, by, user, limit }) =>
    db
      .selectFrom('member')
      .select([...columns, order.as('by')])
      .where('tenant', '=', tenant)
      .where(order, '=', by)
      .where('user', '>=', user)
      .orderBy('user')
      .limit(limit),
  ),
  behind: query(['tenant', 'by', 'limit'], (db, { tenant, by, limit }) =>
    db
      .selectFrom('member')
      .select([...columns, order.as('by')])
      .where('tenant', '=', tenant)
      .where(order, '>', by)
      .orderBy(order)
      .orderBy('user')
      .limit(limit),
  ),
})
const orders = { email: sorted(byEmail), role: sorted(byRole), last_login: sorted(byLastLogin) }

/** The members of a tenant in pages, each read along an index from where the last one ended. */
export function membersPage(session: Session, tenant: string, query: MembersQuery): Promise<MembersPage> {
  const { role, sort } = query
  const first = { by: '', user: '', ...query.from }
  // Among the members of one role the order by role is the order by user.
  if (role !== undefined && (sort === 'user' || sort === 'role'))
    return pageOf(query, { by: role, user: first.user }, (place, limit) =>
      session.all(orders.role.rest, { tenant, by: role, user: place.user, limit }),
    )
  if (sort === 'user') return pageOf(query, first, ({ user }, limit) => session.all(byUser, { tenant, user, limit }))
  const { rest, behind } = orders[sort]
  return pageOf(query, first, async ({ by, user }, limit) => {
    const same = await session.all(rest, { tenant, by, user, limit })
    if (same.length === limit) return same
    return [...same, ...(await session.all(behind, { tenant, by, limit: limit - same.length }))]
  })
}

async function pageOf(
  query: MembersQuery,
  first: MemberPlace,
  readFrom: (place: MemberPlace, limit: number) => Promise<readonly Row[]>,
): Promise<MembersPage> {
  const members: ListedMember[] = []
  const search = query.search === undefined ? undefined : address(query.search)
  let read = 0
  for (let place: MemberPlace | undefined = first; place !== undefined; ) {
    const rows = await readFrom(place, chunk + 1)
    for (const [index, row] of rows.slice(0, chunk).entries()) {
      const member = wanted(row, query, search)
      if (member !== undefined) members.push(member)
      read += 1
      if (members.length === query.limit || read === mostRead) return { members, next: placeOf(rows[index + 1]) }
    }
    place = placeOf(rows[chunk])
  }
  return { members, next: undefined }
}

function placeOf(row: Row | undefined): MemberPlace | undefined {
  return row && { by: row.by, user: row.user }
}

/** What the columns say is asked before the record is parsed. */
function wanted(row: Row, query: MembersQuery, search: string | undefined): ListedMember | undefined {
  const { lastLoginBefore, lastLoginAfter = '' } = query
  if (query.role !== undefined && row.role !== query.role) return undefined
  if (search !== undefined && !row.user_address.includes(search) && row.email_address?.includes(search) !== true)
    return undefined
  // Never is an empty text, which is before every instant.
  if (row.last_login < lastLoginAfter || (lastLoginBefore !== undefined && row.last_login >= lastLoginBefore))
    return undefined
  const member: Member & { readonly scope?: string | readonly string[] } = JSON.parse(row.record)
  if (query.status !== undefined && statusOf(member) !== query.status) return undefined
  if (query.key !== undefined && member.api_keys?.includes(query.key) !== true) return undefined
  if (query.project !== undefined && ![member.scope].flat().includes(query.project)) return undefined
  return { ...member, last_login: row.last_login === '' ? null : row.last_login }
}
