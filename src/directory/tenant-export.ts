import type { TenantDocument } from '../pdp/tenant-document.ts'
import type { Lookups } from './lookups.ts'
import type { Store } from './store.ts'
import { listNames, objectNames } from './tenant-rows.ts'

/** Reads a stored tenant as the document that it was, in the order that it had; `revision` is the directory's. */
export function prepareExport(store: Store, lookups: Lookups): (tenant: string) => TenantDocument | undefined {
  const members = store.query(['tenant'], (db, { tenant }) =>
    db.selectFrom('member').select('record').where('tenant', '=', tenant).orderBy('position'),
  )
  const entities = store.query(['tenant', 'type'], (db, { tenant, type }) =>
    db
      .selectFrom('entity')
      .select(['id', 'record'])
      .where('tenant', '=', tenant)
      .where('type', '=', type)
      .orderBy('ordinal'),
  )

  return (tenant) => {
    const row = lookups.tenant.first({ tenant })
    if (row === undefined) return undefined
    const elements = (list: string) => lookups.elements.all({ tenant, list, limit: -1 })
    const present: readonly string[] = JSON.parse(row.present)
    const there = (name: string, read: () => unknown) => (present.includes(name) ? { [name]: read() } : {})
    return {
      tenant,
      system: row.system,
      ...(row.plan === null ? {} : { plan: row.plan }),
      revision: row.revision,
      ...there('settings', () => JSON.parse(row.settings)),
      ...there('members', () => members.all({ tenant }).map(({ record }) => JSON.parse(record))),
      ...Object.assign(
        {},
        ...listNames.map((name) => there(name, () => elements(name).map(({ record }) => JSON.parse(record)))),
        ...objectNames.map((name) =>
          there(name, () =>
            Object.fromEntries(elements(name).map(({ holder, record }) => [holder, JSON.parse(record)])),
          ),
        ),
      ),
      ...there('entities', () =>
        Object.fromEntries(
          elements('entities').map(({ holder: type }) => [
            type,
            Object.fromEntries(entities.all({ tenant, type }).map(({ id, record }) => [id, JSON.parse(record)])),
          ]),
        ),
      ),
    }
  }
}
