import { isDeepStrictEqual } from 'node:util'
import { countsOf, type Member } from '../pdp/member.ts'
import { query } from './statement.ts'
import type { Session } from './store.ts'
import { type HoldingRow, type TenantRow, tenantTables } from './tables.ts'
import { elementRow, holdingRows, listNames, memberRow, objectNames } from './tenant-rows.ts'

export interface DirectoryCheck {
  /** One line each. */
  readonly faults: readonly string[]
  readonly tenants: number
  readonly members: number
}

/** Makes every column and count anew from the records and compares. Reads everything, within a snapshot. */
export async function checkTables(session: Session): Promise<DirectoryCheck> {
  const faults: string[] = []
  const tenants = await session.all(allTenants, {})
  const meta = await session.first(newest, {})
  const last = await session.first(lastChange, {})
  if ((last?.rev ?? 0) !== meta?.rev) faults.push(`the change feed ends at ${last?.rev}, the directory at ${meta?.rev}`)
  faults.push(...(await orphans(session)))
  const told = await session.first(ofNothing, {})
  if (told !== undefined) faults.push(`an activity of user \`${told.user}\` is not there`)
  let members = 0
  for (const tenant of tenants) {
    const found = [...(await memberFaults(session, tenant)), ...(await listFaults(session, tenant.id))]
    if (tenant.revision > (meta?.rev ?? 0)) found.push('its revision is later than that of the directory')
    faults.push(...found.map((fault) => `tenant \`${tenant.id}\`: ${fault}`))
    members += tenant.pending + tenant.active + tenant.inactive
  }
  return { faults, tenants: tenants.length, members }
}

const allTenants = query([], (db) => db.selectFrom('tenant').selectAll().orderBy('id'))
const newest = query([], (db) => db.selectFrom('meta').select('rev'))
const lastChange = query([], (db) => db.selectFrom('change').select('rev').orderBy('rev', 'desc').limit(1))

const ofNothing = query([], (db) =>
  db
    .selectFrom('activity_user')
    .leftJoin('activity', (join) =>
      join.onRef('activity.tenant', '=', 'activity_user.tenant').onRef('activity.rev', '=', 'activity_user.rev'),
    )
    .select('activity_user.user')
    .where('activity.rev', 'is', null)
    .limit(1),
)

const orphanOf = tenantTables.map((table) => ({
  table,
  orphan: query([], (db) =>
    db
      .selectFrom(table)
      .select('tenant')
      .where('tenant', 'not in', (inner) => inner.selectFrom('tenant').select('id'))
      .limit(1),
  ),
}))

async function orphans(session: Session): Promise<readonly string[]> {
  const faults: string[] = []
  for (const { table, orphan } of orphanOf)
    for (const { tenant } of await session.all(orphan, {}))
      faults.push(`a row of \`${table}\` is of a tenant \`${tenant}\` that is not there`)
  return faults
}

const page = 1_000

const members = query(['tenant', 'after', 'limit'], (db, { tenant, after, limit }) =>
  db
    .selectFrom('member')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('position', '>', after)
    .orderBy('position')
    .limit(limit),
)
const heldKey = query(['tenant', 'position', 'api_key'], (db, { tenant, position, api_key }) =>
  db
    .selectFrom('member_key')
    .select('position')
    .where('tenant', '=', tenant)
    .where('api_key', '=', api_key)
    .where('position', '=', position),
)
const keyCount = query(['tenant'], (db, { tenant }) =>
  db
    .selectFrom('member_key')
    .select(({ fn }) => fn.countAll<number>().as('rows'))
    .where('tenant', '=', tenant),
)
const roleCounts = query(['tenant'], (db, { tenant }) =>
  db.selectFrom('role_count').select(['role', 'pending', 'active', 'inactive']).where('tenant', '=', tenant),
)

async function memberFaults(session: Session, row: TenantRow): Promise<readonly string[]> {
  const tenant = row.id
  const faults: string[] = []
  const counted: Pick<Member, 'user' | 'role' | 'status'>[] = []
  let keysHeld = 0
  const pageAfter = (after: number) => session.all(members, { tenant, after, limit: page })
  for (let found = await pageAfter(-1); found.length > 0; found = await pageAfter(found.at(-1)?.position ?? 0))
    for (const { last_login: _, ...stored } of found) {
      const member: Member = JSON.parse(stored.record)
      if (!isDeepStrictEqual(stored, memberRow(tenant, stored.position, member)))
        faults.push(`the columns of member \`${stored.user}\` are not those of the record`)
      for (const api_key of new Set(member.api_keys)) {
        keysHeld += 1
        const held = await session.first(heldKey, { tenant, position: stored.position, api_key })
        if (held === undefined) faults.push(`member \`${stored.user}\` is not found by the key \`${api_key}\``)
      }
      const { user, role, status } = member
      counted.push({ user, ...(role === undefined ? {} : { role }), ...(status === undefined ? {} : { status }) })
    }
  const keys = await session.first(keyCount, { tenant })
  if (keys?.rows !== keysHeld) faults.push('a key is assigned to nobody that has it')
  const { roles, ...totals } = countsOf(counted)
  const { pending, active, inactive } = row
  if (!isDeepStrictEqual(totals, { pending, active, inactive })) faults.push('the counts of members are not theirs')
  const stored = await session.all(roleCounts, { tenant })
  const storedRoles = new Map(stored.map(({ role, ...counts }) => [role, counts] as const))
  if (!isDeepStrictEqual(storedRoles, roles)) faults.push('the counts of roles are not those of the members')
  return faults
}

const elements = query(['tenant', 'list'], (db, { tenant, list }) =>
  db.selectFrom('element').selectAll().where('tenant', '=', tenant).where('list', '=', list).orderBy('ordinal'),
)
const holdings = query(['tenant', 'list'], (db, { tenant, list }) =>
  db.selectFrom('holding').selectAll().where('tenant', '=', tenant).where('list', '=', list),
)

async function listFaults(session: Session, tenant: string): Promise<readonly string[]> {
  const faults: string[] = []
  for (const list of listNames)
    for (const row of await session.all(elements, { tenant, list }))
      if (!isDeepStrictEqual({ ...row }, elementRow(tenant, list, row.ordinal, JSON.parse(row.record))))
        faults.push(`the columns of element ${row.ordinal} of \`${list}\` are not those of the record`)
  for (const list of objectNames) {
    const rows = await session.all(elements, { tenant, list })
    const expected = rows.flatMap(({ ordinal, holder, record }) =>
      holdingRows(tenant, list, ordinal, holder ?? '', JSON.parse(record)),
    )
    const stored = await session.all(holdings, { tenant, list })
    if (!isDeepStrictEqual(new Set(stored.map(textOf)), new Set(expected.map(textOf))))
      faults.push(`what is found inside \`${list}\` is not what it holds`)
  }
  return faults
}

function textOf({ value, ordinal, name, places }: HoldingRow): string {
  return JSON.stringify([value, ordinal, name, places])
}
