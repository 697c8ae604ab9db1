import { isAboutSomething, type Share } from '../pdp/concerned.ts'
import { countsOf, lowerAscii, type Member, statusOf } from '../pdp/member.ts'
import type { TenantDocument } from '../pdp/tenant-document.ts'
import type { Store } from './store.ts'
import type { ElementRow, HoldingRow, MemberRow } from './tables.ts'

/** The lists of a document that are stored element by element, in the order of an export. */
export const listNames = [
  'api_keys',
  'projects',
  'shares',
  'owners',
  'custom_levels',
  'gallery_access',
] as const satisfies readonly (keyof TenantDocument)[]

/** The objects that are stored member by member. */
export const objectNames = [
  'groups',
  'collection_assets',
  'gallery_roles',
] as const satisfies readonly (keyof TenantDocument)[]

/** Everything that a document may lack, by the names that `tenant.present` keeps. */
export const presentNames = ['settings', 'members', ...listNames, ...objectNames, 'entities'] as const

/** Writes all rows of a tenant that has none. Within a transaction; `revision` is that of the write. */
export function insertTenant(store: Store, document: TenantDocument, revision: number): void {
  const tenant = document.tenant
  const { roles, ...totals } = countsOf(document.members ?? [])
  store.insert('tenant', {
    id: tenant,
    system: document.system,
    plan: document.plan ?? null,
    settings: JSON.stringify(document.settings ?? {}),
    present: JSON.stringify(presentNames.filter((name) => document[name] !== undefined)),
    revision,
    ...totals,
  })
  for (const [role, counts] of roles) store.insert('role_count', { tenant, role, ...counts })
  for (const [position, member] of (document.members ?? []).entries()) {
    store.insert('member', memberRow(tenant, position, member))
    insertKeys(store, tenant, position, member)
  }
  for (const list of listNames)
    for (const [ordinal, element] of (document[list] ?? []).entries())
      store.insert('element', elementRow(tenant, list, ordinal, element))
  for (const object of objectNames) insertObject(store, tenant, object, document[object] ?? {})
  insertEntities(store, document)
}

export function memberRow(tenant: string, position: number, member: Member): MemberRow {
  return {
    tenant,
    user: member.user,
    position,
    role: member.role ?? null,
    user_address: lowerAscii(member.user),
    email_address: member.email === undefined ? null : lowerAscii(member.email),
    without_two_factor: statusOf(member) === 'active' && member.two_factor_enabled !== true ? 1 : 0,
    record: JSON.stringify(member),
  }
}

export function insertKeys(store: Store, tenant: string, position: number, { api_keys }: Member): void {
  for (const api_key of new Set(api_keys)) store.insert('member_key', { tenant, api_key, position })
}

export function elementRow(tenant: string, list: string, ordinal: number, element: unknown): ElementRow {
  return { tenant, list, ordinal, ...searched(list, element), record: JSON.stringify(element) }
}

/** Writes an object of the tenant that has no rows of it. */
export function insertObject(store: Store, tenant: string, list: string, value: Readonly<Record<string, unknown>>) {
  for (const [ordinal, [name, inner]] of Object.entries(value).entries()) {
    store.insert('element', { tenant, list, ordinal, ...byName(name), record: JSON.stringify(inner) })
    for (const row of holdingRows(tenant, list, ordinal, name, inner)) store.insert('holding', row)
  }
}

/** What a member of an object holds, if it is a list. */
export function holdingRows(
  tenant: string,
  list: string,
  ordinal: number,
  name: string,
  inner: unknown,
): readonly HoldingRow[] {
  if (!Array.isArray(inner)) return []
  const places = new Map<string, number[]>()
  for (const [index, value] of inner.entries()) {
    const known = places.get(value)
    if (known === undefined) places.set(value, [index])
    else known.push(index)
  }
  return [...places].map(([value, at]) => ({ tenant, list, value, ordinal, name, places: JSON.stringify(at) }))
}

function insertEntities(store: Store, { tenant, entities = {} }: TenantDocument): void {
  for (const [ordinal, [type, ofType]] of Object.entries(entities).entries()) {
    store.insert('element', { tenant, list: 'entities', ordinal, ...byName(type), record: '{}' })
    for (const [index, [id, attributes]] of Object.entries(ofType).entries())
      store.insert('entity', { tenant, type, id, ordinal: index, record: JSON.stringify(attributes) })
  }
}

type Searched = Pick<ElementRow, 'holder_kind' | 'holder' | 'target_kind' | 'target'>

const nothing: Searched = { holder_kind: null, holder: null, target_kind: null, target: null }

function byName(name: string): Searched {
  return { ...nothing, holder_kind: 'name', holder: name }
}

/** What look-ups search an element by. Entries come from a document that its schema accepted. */
function searched(list: string, element: unknown): Searched {
  if (typeof element === 'string') return byName(element)
  if (list === 'gallery_access') {
    const { user, project } = element as { readonly user: string; readonly project: string }
    return { holder_kind: 'user', holder: user, target_kind: 'project', target: project }
  }
  if (list === 'custom_levels') {
    const { id } = element as { readonly id?: unknown }
    return typeof id === 'string' ? byName(id) : nothing
  }
  const entry = element as Share
  const holder: Searched =
    entry.user !== undefined
      ? { ...nothing, holder_kind: 'user', holder: entry.user }
      : { ...nothing, holder_kind: 'group', holder: entry.group ?? null }
  if (!isAboutSomething(entry)) return holder
  if (entry.path !== undefined) return { ...holder, target_kind: 'path', target: entry.path }
  return { ...holder, target_kind: 'collection', target: entry.collection ?? null }
}
