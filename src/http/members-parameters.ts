import { normaliseInstant } from '../pdp/instant.ts'
import { type MemberPlace, type MembersQuery, memberSorts } from '../pdp/members-query.ts'
import { malformed } from './authzen-question.ts'
import { pageLimit, refuseUnknown } from './page-parameters.ts'

const statuses = ['pending', 'active', 'inactive'] as const
const filters = ['search', 'role', 'project', 'key'] as const
const known: readonly string[] = [
  ...filters,
  'status',
  'last_login_before',
  'last_login_after',
  'sort',
  'cursor',
  'limit',
]

/** Reads the parameters of a list of members. Throws `malformed_request` with the parameter's name. */
export function membersQuery(parameters: URLSearchParams): MembersQuery {
  refuseUnknown(parameters, known)
  const sort = oneOf(memberSorts, parameters, 'sort') ?? 'user'
  const cursor = parameters.get('cursor')
  const query: Record<string, string | undefined> = {}
  for (const name of filters) {
    const value = parameters.get(name)
    if (value === '') throw malformed('', `\`${name}\` must not be empty; leave it out to list all`)
    if (value !== null) query[name] = value
  }
  return {
    ...query,
    status: oneOf(statuses, parameters, 'status'),
    lastLoginBefore: instant(parameters, 'last_login_before'),
    lastLoginAfter: instant(parameters, 'last_login_after'),
    sort,
    from: cursor === null ? undefined : placeIn(cursor, sort),
    limit: pageLimit(parameters),
  }
}

/** The cursor of a place; it is good for the order that it was made in. */
export function memberCursor(sort: MembersQuery['sort'], { by, user }: MemberPlace): string {
  return Buffer.from(JSON.stringify([sort, by, user])).toString('base64url')
}

function placeIn(cursor: string, sort: string): MemberPlace {
  try {
    const [madeFor, by, user, ...more] = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (madeFor === sort && typeof by === 'string' && typeof user === 'string' && more.length === 0) return { by, user }
  } catch {
    // Falls through to the one answer for every text that is no cursor.
  }
  throw malformed('', '`cursor` must be the `next` of a page with the same `sort`')
}

/** A day is its beginning, in UTC. */
function instant(parameters: URLSearchParams, name: string): string | undefined {
  const value = parameters.get(name)
  if (value === null) return undefined
  const found = normaliseInstant(/^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00:00Z` : value)
  if (found === undefined) throw malformed('', `\`${name}\` must be a day, \`YYYY-MM-DD\`, or an RFC 3339 instant`)
  return found
}

function oneOf<T extends string>(values: readonly T[], parameters: URLSearchParams, name: string): T | undefined {
  const value = parameters.get(name)
  if (value === null) return undefined
  const found = values.find((one) => one === value)
  if (found === undefined) throw malformed('', `\`${name}\` must be one of ${values.join(', ')}`)
  return found
}
