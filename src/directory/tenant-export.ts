import type { TenantDocument } from '../pdp/tenant-document.ts'
import { lookups } from './lookups.ts'
import { query } from './statement.ts'
import type { Session } from './store.ts'
import { listNames, objectNames } from './tenant-rows.ts'

/**
 * Reads a stored tenant as the document that it was, in the order that it had; `revision` is the rev of its last write.
 * Within a snapshot.
 */
export async function exportTenant(session: Session, tenant: string): Promise<TenantDocument | undefined> {
  const row = await session.first(lookups.tenant, { tenant })
  if (row === undefined) return undefined
  const present: readonly string[] = JSON.parse(row.present)
  const elements = (list: string) => session.all(lookups.elements, { tenant, list, limit: Number.MAX_SAFE_INTEGER })
  const document: Record<string, unknown> = {}
  const there = async (name: string, read: () => unknown) => {
    if (present.includes(name)) document[name] = await read()
  }
  await there('settings', () => JSON.parse(row.settings))
  await there('members', async () => (await session.all(members, { tenant })).map(parsed))
  for (const name of listNames) await there(name, async () => (await elements(name)).map(parsed))
  for (const name of objectNames)
    await there(name, async () =>
      Object.fromEntries((await elements(name)).map((element) => [element.holder, parsed(element)])),
    )
  await there('entities', async () => {
    const types: [string | null, unknown][] = []
    for (const { holder: type } of await elements('entities')) {
      const found = await session.all(entities, { tenant, type })
      types.push([type, Object.fromEntries(found.map((entity) => [entity.id, parsed(entity)]))])
    }
    return Object.fromEntries(types)
  })
  const { system, plan, revision } = row
  return { tenant, system, ...(plan === null ? {} : { plan }), revision, ...document }
}

function parsed({ record }: { readonly record: string }): never {
  return JSON.parse(record) as never
}

const members = query(['tenant'], (db, { tenant }) =>
  db.selectFrom('member').select('record').where('tenant', '=', tenant).orderBy('position'),
)
const entities = query(['tenant', 'type'], (db, { tenant, type }) =>
  db
    .selectFrom('entity')
    .select(['id', 'record'])
    .where('tenant', '=', tenant)
    .where('type', '=', type)
    .orderBy('ordinal'),
)
