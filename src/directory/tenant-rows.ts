import { isAboutSomething, type Share } from '../pdp/concerned.ts'
import { countsOf, lowerAscii, type Member, statusOf } from '../pdp/member.ts'
import type { TenantDocument } from '../pdp/tenant-document.ts'
import type { Session } from './store.ts'
import type { ElementRow, HoldingRow, MemberRow, Tables } from './tables.ts'

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

/** Writes all rows of a tenant that has none. Within a transaction, which has to set the revision of the write. */
export async function insertTenant(session: Session, document: TenantDocument): Promise<void> {
  const { tenant, members = [] } = document
  const { roles, ...totals } = countsOf(members)
  const row = {
    id: tenant,
    system: document.system,
    plan: document.plan ?? null,
    settings: JSON.stringify(document.settings ?? {}),
    present: JSON.stringify(presentNames.filter((name) => document[name] !== undefined)),
    revision: 0,
    ...totals,
  }
  await session.insert('tenant', [row])
  const roleRows = [...roles].map(([role, counts]) => ({ tenant, role, ...counts }))
  await session.insert('role_count', roleRows)
  for (let first = 0; first < members.length; first += atOnce) {
    const some = members.slice(first, first + atOnce)
    const memberRows = some.map((member, index) => memberRow(tenant, first + index, member))
    const keyRows = some.flatMap((member, index) => keyRowsOf(tenant, first + index, member))
    await session.insert('member', memberRows)
    await session.insert('member_key', keyRows)
  }
  for (const list of listNames) {
    const rows = (document[list] ?? []).map((element, ordinal) => elementRow(tenant, list, ordinal, element))
    await session.insert('element', rows)
  }
  for (const object of objectNames) await insertObject(session, tenant, object, document[object] ?? {})
  await insertEntities(session, document)
}

/** Members whose rows are made and written together, so that memory does not grow with the tenant. */
const atOnce = 5_000

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

export function keyRowsOf(tenant: string, position: number, { api_keys }: Member): readonly Tables['member_key'][] {
  return [...new Set(api_keys)].map((api_key) => ({ tenant, api_key, position }))
}

export function elementRow(tenant: string, list: string, ordinal: number, element: unknown): ElementRow {
  return { tenant, list, ordinal, ...searched(list, element), record: JSON.stringify(element) }
}

/** Writes an object of the tenant that has no rows of it. */
export async function insertObject(
  session: Session,
  tenant: string,
  list: string,
  value: Readonly<Record<string, unknown>>,
): Promise<void> {
  const members = Object.entries(value)
  const elements = members.map(([name, inner], ordinal) => {
    return { tenant, list, ordinal, ...byName(name), record: JSON.stringify(inner) }
  })
  const holdings = members.flatMap(([name, inner], ordinal) => holdingRows(tenant, list, ordinal, name, inner))
  await session.insert('element', elements)
  await session.insert('holding', holdings)
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

async function insertEntities(session: Session, { tenant, entities = {} }: TenantDocument): Promise<void> {
  const types = Object.entries(entities)
  const list = 'entities'
  const elements = types.map(([type], ordinal) => ({ tenant, list, ordinal, ...byName(type), record: '{}' }))
  const rows = types.flatMap(([type, ofType]) =>
    Object.entries(ofType).map(([id, attributes], ordinal) => {
      return { tenant, type, id, ordinal, record: JSON.stringify(attributes) }
    }),
  )
  await session.insert('element', elements)
  await session.insert('entity', rows)
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
