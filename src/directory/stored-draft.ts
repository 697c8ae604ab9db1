import { isDeepStrictEqual } from 'node:util'
import { own } from '../pdp/fact-record.ts'
import { address, type Member, statusOf } from '../pdp/member.ts'
import { changes } from './draft-changes.ts'
import { lookups } from './lookups.ts'
import type { Session } from './store.ts'
import type { TenantRow } from './tables.ts'
import type { JsonObject, TenantDraft } from './tenant-draft.ts'
import { elementRow, insertObject, keyRowsOf, listNames, memberRow, objectNames } from './tenant-rows.ts'

/** A draft over the store. Its header is held here and written by whoever commits. */
export interface StoredDraft extends TenantDraft {
  /** The tenant's row as it is to be. */
  row(): TenantRow
  /** Users whose records were written or removed. */
  readonly touched: ReadonlySet<string>
}

/** Within a transaction that began before `row` was read. */
export function storedDraft(session: Session, before: TenantRow): StoredDraft {
  const tenant = before.id
  const touched = new Set<string>()
  const present = new Set<string>(JSON.parse(before.present))
  let row: TenantRow = before

  const recount = async (member: Member, by: 1 | -1) => {
    const status = statusOf(member)
    row = { ...row, [status]: row[status] + by }
    const { role } = member
    if (role === undefined) return
    await session.all(changes.noteRole, { tenant, role })
    await session.all(changes.countRole, { tenant, role, pending: 0, active: 0, inactive: 0, [status]: by })
    await session.all(changes.forgetRole, { tenant, role })
  }
  const dropKeys = async (position: number, { api_keys }: Member) => {
    for (const api_key of new Set(api_keys)) await session.all(changes.removeKey, { tenant, api_key, position })
  }
  const append = async (list: string, element: unknown) => {
    const last = await session.first(changes.lastOrdinal, { tenant, list })
    await session.insert('element', [elementRow(tenant, list, (last?.ordinal ?? -1) + 1, element)])
  }
  const nextPosition = async () => {
    const last = await session.first(changes.lastPosition, { tenant })
    return (last?.position ?? -1) + 1
  }

  return {
    id: tenant,
    touched,
    row: () => ({ ...row, present: JSON.stringify([...present]) }),
    plan: () => row.plan ?? undefined,
    setPlan(plan) {
      row = { ...row, plan }
    },
    settings: () => JSON.parse(row.settings),
    setSettings(settings) {
      present.add('settings')
      row = { ...row, settings: JSON.stringify(settings) }
    },
    member: async (user) => parsed(await session.first(lookups.member, { tenant, user })),
    async putMember(record) {
      const member = record as unknown as Member
      const known = await session.first(lookups.member, { tenant, user: member.user })
      present.add('members')
      touched.add(member.user)
      const position = known?.position ?? (await nextPosition())
      const { user_address, ...columns } = memberRow(tenant, position, member)
      if (known === undefined) await session.insert('member', [{ ...columns, user_address }])
      else {
        const old: Member = JSON.parse(known.record)
        await dropKeys(position, old)
        await recount(old, -1)
        await session.all(changes.member, columns)
      }
      await session.insert('member_key', keyRowsOf(tenant, position, member))
      await recount(member, 1)
    },
    async removeMember(user) {
      const known = await session.first(lookups.member, { tenant, user })
      if (known === undefined) return
      const member: Member = JSON.parse(known.record)
      touched.add(user)
      await dropKeys(known.position, member)
      await session.all(changes.removeMember, { tenant, user })
      await recount(member, -1)
    },
    async memberByAddress(text) {
      const at = { tenant, address: address(text) }
      const byUser = await session.first(lookups.userAddress, at)
      const byEmail = await session.first(lookups.emailAddress, at)
      const found = [byUser, byEmail].filter((one) => one !== undefined)
      return parsed(found.sort((a, b) => a.position - b.position)[0])
    },
    async membersWithKey(key) {
      const found = await session.all(lookups.keyHolders, { tenant, key, limit: everything })
      return found.map(({ record }) => JSON.parse(record))
    },
    async membersOfRole(role) {
      const found = await session.all(lookups.withRole, { tenant, role })
      return found.map(({ record }) => JSON.parse(record))
    },
    async list(name) {
      const found = await session.all(lookups.elements, { tenant, list: known(listNames, name), limit: everything })
      return found.map(({ record }) => JSON.parse(record))
    },
    async setList(name, elements) {
      present.add(known(listNames, name))
      await session.all(changes.clearElements, { tenant, list: name })
      const rows = elements.map((element, ordinal) => elementRow(tenant, name, ordinal, element))
      await session.insert('element', rows)
    },
    async add(name, element) {
      present.add(known(listNames, name))
      await append(name, element)
    },
    async remove(name, matches) {
      const list = known(listNames, name)
      const { user } = matches
      // An index finds what one person has; the rest of the matching is done on the entries.
      const candidates = await (typeof user === 'string'
        ? session.all(lookups.ofUser, { tenant, list, user, limit: everything })
        : session.all(lookups.elements, { tenant, list, limit: everything }))
      const wanted = Object.entries(matches)
      const removed = candidates.filter(({ record }) => {
        const element = JSON.parse(record)
        return wanted.every(([member, value]) => isDeepStrictEqual(own(element, member), value))
      })
      for (const { ordinal } of removed) await session.all(changes.removeElement, { tenant, list, ordinal })
      return removed.length
    },
    async object(name) {
      const found = await session.all(lookups.elements, { tenant, list: known(objectNames, name), limit: everything })
      return Object.fromEntries(found.map(({ holder, record }) => [holder, JSON.parse(record)]))
    },
    async setObject(name, value) {
      present.add(known(objectNames, name))
      await session.all(changes.clearElements, { tenant, list: name })
      await session.all(changes.clearHoldings, { tenant, list: name })
      await insertObject(session, tenant, name, value)
    },
  }
}

/** More rows than there are. */
const everything = Number.MAX_SAFE_INTEGER

function parsed(found: { readonly record: string } | undefined): JsonObject | undefined {
  return found && JSON.parse(found.record)
}

/** A list that is stored otherwise, or not at all, is the caller's mistake. */
function known(names: readonly string[], name: string): string {
  if (names.includes(name)) return name
  throw new Error(`\`${name}\` is none of ${names.join(', ')}`)
}
