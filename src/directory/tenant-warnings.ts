import { toPointer } from '../document/schema.ts'
import { countsOf } from '../pdp/member.ts'
import type { SystemIndex } from '../pdp/policy.ts'
import type { TenantDocument } from '../pdp/tenant-document.ts'
import { listedNames } from './tenant-schema.ts'

/** Something odd about a tenant that is stored and decided upon all the same. */
export interface TenantWarning {
  /** JSON Pointer of the first place. */
  readonly pointer: string
  readonly message: string
}

/** What whoever imports a document should look at: keys that nobody reads, roles that do not exist, too many seats. */
export function tenantWarnings(
  document: TenantDocument,
  { roles, plans }: Pick<SystemIndex, 'roles' | 'plans'>,
): readonly TenantWarning[] {
  const found = new Map<string, { readonly pointer: string; times: number; readonly say: (times: number) => string }>()
  const note = (about: string, path: readonly (string | number)[], say: (times: number) => string) => {
    const known = found.get(about)
    if (known === undefined) found.set(about, { pointer: toPointer(path), times: 1, say })
    else known.times += 1
  }

  const listed = listedNames()
  for (const name of Object.keys(document))
    if (!listed.document.has(name)) note(`document ${name}`, [name], () => `no key of a tenant document; not stored`)
  for (const name of Object.keys(document.settings ?? {}))
    if (!listed.settings.has(name))
      note(`settings ${name}`, ['settings', name], () => 'no listed setting; kept as it is')
  const levels = new Set((document.custom_levels ?? []).map((level) => (level as { readonly id: string }).id))
  for (const [index, member] of (document.members ?? []).entries()) {
    for (const name of Object.keys(member))
      if (!listed.member.has(name))
        note(`member ${name}`, ['members', index, name], (times) => `no listed key${of(times)}; kept as it is`)
    const { role } = member
    if (role !== undefined && !(role in roles) && !levels.has(role))
      note(`role ${role}`, ['members', index, 'role'], (times) => `the system has no role \`${role}\`${of(times)}`)
  }

  const { pending, active } = countsOf(document.members ?? [])
  const used = pending + active
  const limit = seatLimit(document.settings ?? {}, plans.get(document.plan ?? '')?.seats)
  if (typeof limit === 'number' && used > limit)
    note('seats', ['members'], () => `${used} seats are taken, and there are ${limit}`)
  return [...found.values()].map(({ pointer, times, say }) => ({ pointer, message: say(times) }))
}

/** Of a tenant whose plan has so many seats: null for any number, undefined where there is no such plan. */
export function seatLimit(
  settings: Readonly<Record<string, unknown>>,
  seats: number | null | undefined,
): number | null | undefined {
  return seats === undefined ? undefined : ((settings.seat_limit_override as number | undefined) ?? seats)
}

function of(times: number): string {
  return times === 1 ? '' : ` (${times} members)`
}
