import { isDeepStrictEqual } from 'node:util'
import { own } from '../pdp/fact-record.ts'
import { address, type Member, statusOf } from '../pdp/member.ts'
import type { DraftChanges } from './draft-changes.ts'
import type { Lookups } from './lookups.ts'
import type { Store } from './store.ts'
import type { TenantRow } from './tables.ts'
import type { JsonObject, TenantDraft } from './tenant-draft.ts'
import { elementRow, insertKeys, insertObject, listNames, memberRow, objectNames } from './tenant-rows.ts'

/** A draft over the store. Its header is held here and written by whoever commits. */
export interface StoredDraft extends TenantDraft {
  /** The tenant's row as it is to be. */
  row(): TenantRow
  /** Users whose records were written or removed. */
  readonly touched: ReadonlySet<string>
}

/** Within a transaction that began before `row` was read. */
export function storedDraft(store: Store, lookups: Lookups, changes: DraftChanges, before: TenantRow): StoredDraft {
  const tenant = before.id
  const touched = new Set<string>()
  const present = new Set<string>(JSON.parse(before.present))
  let row: TenantRow = before

  const parse = (found: { readonly record: string } | undefined) => found && (JSON.parse(found.record) as JsonObject)
  const recount = (member: Member, by: 1 | -1) => {
    const status = statusOf(member)
    row = { ...row, [status]: row[status] + by }
    const { role } = member
    if (role === undefined) return
    changes.noteRole.all({ tenant, role })
    changes.countRole.all({ tenant, role, pending: 0, active: 0, inactive: 0, [status]: by })
    changes.forgetRole.all({ tenant, role })
  }
  const dropKeys = (position: number, { api_keys }: Member) => {
    for (const api_key of new Set(api_keys)) changes.removeKey.all({ tenant, api_key, position })
  }
  const append = (list: string, element: unknown) => {
    const ordinal = (changes.lastOrdinal.first({ tenant, list })?.ordinal ?? -1) + 1
    store.insert('element', elementRow(tenant, list, ordinal, element))
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
    member: (user) => parse(lookups.member.first({ tenant, user })),
    putMember(record) {
      const member = record as unknown as Member
      const known = lookups.member.first({ tenant, user: member.user })
      present.add('members')
      touched.add(member.user)
      const position = known?.position ?? (changes.lastPosition.first({ tenant })?.position ?? -1) + 1
      const { user_address, ...columns } = memberRow(tenant, position, member)
      if (known === undefined) store.insert('member', { ...columns, user_address })
      else {
        const old: Member = JSON.parse(known.record)
        dropKeys(position, old)
        recount(old, -1)
        changes.member.all(columns)
      }
      insertKeys(store, tenant, position, member)
      recount(member, 1)
    },
    removeMember(user) {
      const known = lookups.member.first({ tenant, user })
      if (known === undefined) return
      const member: Member = JSON.parse(known.record)
      touched.add(user)
      dropKeys(known.position, member)
      changes.removeMember.all({ tenant, user })
      recount(member, -1)
    },
    memberByAddress(text) {
      const at = { tenant, address: address(text) }
      const found = [lookups.userAddress.first(at), lookups.emailAddress.first(at)].filter((one) => one !== undefined)
      return parse(found.sort((a, b) => a.position - b.position)[0])
    },
    membersWithKey: (key) =>
      lookups.keyHolders.all({ tenant, key, limit: everything }).map((found) => JSON.parse(found.record)),
    membersOfRole: (role) => lookups.withRole.all({ tenant, role }).map((found) => JSON.parse(found.record)),
    list(name) {
      return lookups.elements
        .all({ tenant, list: known(listNames, name), limit: everything })
        .map(({ record }) => JSON.parse(record))
    },
    setList(name, elements) {
      present.add(known(listNames, name))
      changes.clearElements.all({ tenant, list: name })
      for (const [ordinal, element] of elements.entries())
        store.insert('element', elementRow(tenant, name, ordinal, element))
    },
    add(name, element) {
      present.add(known(listNames, name))
      append(name, element)
    },
    remove(name, matches) {
      const list = known(listNames, name)
      const { user } = matches
      // An index finds what one person has; the rest of the matching is done on the entries.
      const candidates =
        typeof user === 'string'
          ? lookups.ofUser.all({ tenant, list, user, limit: everything })
          : lookups.elements.all({ tenant, list, limit: everything })
      const wanted = Object.entries(matches)
      const removed = candidates.filter(({ record }) => {
        const element = JSON.parse(record)
        return wanted.every(([member, value]) => isDeepStrictEqual(own(element, member), value))
      })
      for (const { ordinal } of removed) changes.removeElement.all({ tenant, list, ordinal })
      return removed.length
    },
    object(name) {
      const found = lookups.elements.all({ tenant, list: known(objectNames, name), limit: everything })
      return Object.fromEntries(found.map(({ holder, record }) => [holder, JSON.parse(record)]))
    },
    setObject(name, value) {
      present.add(known(objectNames, name))
      changes.clearElements.all({ tenant, list: name })
      changes.clearHoldings.all({ tenant, list: name })
      insertObject(store, tenant, name, value)
    },
  }
}

/** SQLite's word for no limit. */
const everything = -1

/** A list that is stored otherwise, or not at all, is the caller's mistake. */
function known(names: readonly string[], name: string): string {
  if (names.includes(name)) return name
  throw new Error(`\`${name}\` is none of ${names.join(', ')}`)
}
