import { isDeepStrictEqual } from 'node:util'
import { countsOf, type Member } from '../pdp/member.ts'
import type { Store } from './store.ts'
import { type HoldingRow, type TenantRow, tenantTables } from './tables.ts'
import { elementRow, holdingRows, listNames, memberRow, objectNames } from './tenant-rows.ts'

export interface DirectoryCheck {
  /** One line each. */
  readonly faults: readonly string[]
  readonly tenants: number
  readonly members: number
}

/** Makes every column and count anew from the records and compares. Reads everything. */
export function checkStore(store: Store): DirectoryCheck {
  const faults = store.faults().map((fault) => `the file: ${fault}`)
  const tenants = store.query([], (db) => db.selectFrom('tenant').selectAll().orderBy('id')).all({})
  const meta = store.query([], (db) => db.selectFrom('meta').select('rev')).first({})
  const last = store.query([], (db) => db.selectFrom('change').select('rev').orderBy('rev', 'desc').limit(1)).first({})
  if ((last?.rev ?? 0) !== meta?.rev) faults.push(`the change feed ends at ${last?.rev}, the directory at ${meta?.rev}`)
  faults.push(...orphans(store))
  const checkMembers = membersCheck(store)
  const checkLists = listsCheck(store)
  let members = 0
  for (const tenant of tenants) {
    const found = [...checkMembers(tenant), ...checkLists(tenant.id)]
    if (tenant.revision > (meta?.rev ?? 0)) found.push('its revision is later than that of the directory')
    faults.push(...found.map((fault) => `tenant \`${tenant.id}\`: ${fault}`))
    members += tenant.pending + tenant.active + tenant.inactive
  }
  return { faults, tenants: tenants.length, members }
}

function orphans(store: Store): readonly string[] {
  return tenantTables.flatMap((table) => {
    const query = store.query([], (db) =>
      db
        .selectFrom(table)
        .select('tenant')
        .where('tenant', 'not in', (inner) => inner.selectFrom('tenant').select('id'))
        .limit(1),
    )
    return query.all({}).map(({ tenant }) => `a row of \`${table}\` is of a tenant \`${tenant}\` that is not there`)
  })
}

const page = 1_000

function membersCheck(store: Store): (row: TenantRow) => readonly string[] {
  const members = store.query(['tenant', 'after', 'limit'], (db, { tenant, after, limit }) =>
    db
      .selectFrom('member')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('position', '>', after)
      .orderBy('position')
      .limit(limit),
  )
  const keys = store.query(['tenant', 'position', 'api_key'], (db, { tenant, position, api_key }) =>
    db
      .selectFrom('member_key')
      .select('position')
      .where('tenant', '=', tenant)
      .where('api_key', '=', api_key)
      .where('position', '=', position),
  )
  const keyCount = store.query(['tenant'], (db, { tenant }) =>
    db
      .selectFrom('member_key')
      .select(({ fn }) => fn.countAll<number>().as('rows'))
      .where('tenant', '=', tenant),
  )
  const roleCounts = store.query(['tenant'], (db, { tenant }) =>
    db.selectFrom('role_count').select(['role', 'pending', 'active', 'inactive']).where('tenant', '=', tenant),
  )
  return (row) => {
    const tenant = row.id
    const faults: string[] = []
    const counted: Pick<Member, 'user' | 'role' | 'status'>[] = []
    let keysHeld = 0
    for (let after = -1, found = members.all({ tenant, after, limit: page }); found.length > 0; ) {
      for (const stored of found) {
        const member: Member = JSON.parse(stored.record)
        if (!isDeepStrictEqual({ ...stored }, memberRow(tenant, stored.position, member)))
          faults.push(`the columns of member \`${stored.user}\` are not those of the record`)
        for (const api_key of new Set(member.api_keys)) {
          keysHeld += 1
          if (keys.first({ tenant, position: stored.position, api_key }) === undefined)
            faults.push(`member \`${stored.user}\` is not found by the key \`${api_key}\``)
        }
        const { user, role, status } = member
        counted.push({ user, ...(role === undefined ? {} : { role }), ...(status === undefined ? {} : { status }) })
      }
      after = found.at(-1)?.position ?? after
      found = members.all({ tenant, after, limit: page })
    }
    if (keyCount.first({ tenant })?.rows !== keysHeld) faults.push('a key is assigned to nobody that has it')
    const { roles, ...totals } = countsOf(counted)
    const { pending, active, inactive } = row
    if (!isDeepStrictEqual(totals, { pending, active, inactive })) faults.push('the counts of members are not theirs')
    const stored = roleCounts.all({ tenant }).map(({ role, ...counts }) => [role, counts] as const)
    if (!isDeepStrictEqual(new Map(stored), roles)) faults.push('the counts of roles are not those of the members')
    return faults
  }
}

function listsCheck(store: Store): (tenant: string) => readonly string[] {
  const elements = store.query(['tenant', 'list'], (db, { tenant, list }) =>
    db.selectFrom('element').selectAll().where('tenant', '=', tenant).where('list', '=', list).orderBy('ordinal'),
  )
  const holdings = store.query(['tenant', 'list'], (db, { tenant, list }) =>
    db.selectFrom('holding').selectAll().where('tenant', '=', tenant).where('list', '=', list),
  )
  return (tenant) => {
    const lists = listNames.flatMap((list) =>
      elements
        .all({ tenant, list })
        .filter((row) => !isDeepStrictEqual({ ...row }, elementRow(tenant, list, row.ordinal, JSON.parse(row.record))))
        .map(({ ordinal }) => `the columns of element ${ordinal} of \`${list}\` are not those of the record`),
    )
    const objects = objectNames.flatMap((list) => {
      const expected = elements
        .all({ tenant, list })
        .flatMap(({ ordinal, holder, record }) => holdingRows(tenant, list, ordinal, holder ?? '', JSON.parse(record)))
      const stored = holdings.all({ tenant, list }).map(textOf)
      const same = isDeepStrictEqual(new Set(stored), new Set(expected.map(textOf)))
      return same ? [] : [`what is found inside \`${list}\` is not what it holds`]
    })
    return [...lists, ...objects]
  }
}

function textOf({ value, ordinal, name, places }: HoldingRow): string {
  return JSON.stringify([value, ordinal, name, places])
}
