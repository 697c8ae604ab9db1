import type { ReviewedPolicy } from './reviewed-policy.ts'

type Document = Readonly<Record<string, unknown>>

/** A setting of the tenant, or a gate of the subject's record, at one value; undefined is left out. */
export interface Pinned {
  readonly of: 'settings' | 'member'
  readonly name: string
  readonly value: unknown
}

/** How many values of one setting are taken from the documents. */
const most = 3

/**
 * The settings and gates that a permission reads under any of the policies, each left out and at values that these
 * documents hold. A gate is a member of the subject's record that is true or false, and is asked at both, as is a
 * setting of that kind.
 */
export function pinnedOf(
  system: string,
  policies: readonly ReviewedPolicy[],
  documents: readonly Document[],
): (permission: string) => readonly Pinned[] {
  const settings = valuesOf(documents.map(({ settings = {} }) => settings as Document))
  const records = valuesOf(documents.flatMap(({ members = [] }) => members as readonly Document[]))
  const known = new Map<string, readonly Pinned[]>()
  return (permission) => {
    const found = known.get(permission) ?? [
      ...namesRead(system, policies, permission, 'settings').flatMap((name) => pins('settings', name, settings)),
      ...namesRead(system, policies, permission, 'member')
        .filter((name) => [...(records.get(name)?.values() ?? [])].some((value) => typeof value === 'boolean'))
        .flatMap((name) => pins('member', name, records)),
    ]
    known.set(permission, found)
    return found
  }
}

/** The first segment of each path: what lies below it stands in the same value. */
function namesRead(
  system: string,
  policies: readonly ReviewedPolicy[],
  permission: string,
  of: Pinned['of'],
): readonly string[] {
  const plans = policies.flatMap(({ policy }) => {
    const index = policy.systems.get(system)
    return (index?.permissions.get(permission) ?? index?.unlisted)?.input ?? []
  })
  const paths = plans.flatMap(({ tenant, member }) =>
    of === 'member'
      ? member.names
      : tenant.names.flatMap((name) => (name.startsWith('settings.') ? [name.slice('settings.'.length)] : [])),
  )
  return [...new Set(paths.map((path) => path.split('.')[0] as string))].sort()
}

type Values = ReadonlyMap<string, ReadonlyMap<string, unknown>>

/** By name, the different values that the records hold, as JSON text tells them apart. */
function valuesOf(records: readonly Document[]): Values {
  const found = new Map<string, Map<string, unknown>>()
  for (const record of records)
    for (const [name, value] of Object.entries(record))
      found.set(name, (found.get(name) ?? new Map<string, unknown>()).set(JSON.stringify(value), value))
  return found
}

function pins(of: Pinned['of'], name: string, known: Values): readonly Pinned[] {
  const held = [...(known.get(name)?.values() ?? [])]
  const values = held.some((value) => typeof value === 'boolean') ? [true, false] : held.slice(0, most)
  return [undefined, ...values].map((value) => ({ of, name, value }))
}
