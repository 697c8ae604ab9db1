import type { Candidate } from '../pdp/facts.ts'
import type { Lookups } from './lookups.ts'

/** The list of the tenant that holds what is of a type. */
const lists: Readonly<Record<string, string>> = {
  api_key: 'api_keys',
  project: 'projects',
  custom_level: 'custom_levels',
  group: 'groups',
  collection: 'collection_assets',
}

/** Where candidates come from, in their order; a position is one of these letters and the place within. */
const sources = ['m', 'l', 'e'] as const
type Source = (typeof sources)[number]

/** See `TenantFacts.candidates`: members first, then what a list holds, then entities, each id where it first stands. */
export function storedCandidates(
  lookups: Lookups,
  tenant: string,
  type: string,
  after: string | undefined,
  most: number,
): readonly Candidate[] {
  const found: Candidate[] = []
  let from = after === undefined ? -1 : Number(after.slice(1))
  for (const source of sources.slice(after === undefined ? 0 : sources.indexOf(after[0] as Source))) {
    // Ids that stand elsewhere too are passed over, so that a page may take more than one look.
    for (let last = false; !last && found.length < most; ) {
      const wanted = most - found.length
      const some = idsBehind(lookups, tenant, type, source, from, wanted)
      last = some.length < wanted
      for (const { id, place } of some) {
        from = place
        if (isFirst(lookups, tenant, type, source, id, place)) found.push({ id, position: `${source}${place}` })
      }
    }
    if (found.length >= most) break
    from = -1
  }
  return found
}

function idsBehind(lookups: Lookups, tenant: string, type: string, source: Source, after: number, limit: number) {
  if (source === 'm') {
    const members = type === 'user' ? lookups.membersBehind.all({ tenant, after, limit }) : []
    return members.map(({ user, position }) => ({ id: user, place: position }))
  }
  if (source === 'e') {
    const entities = lookups.entitiesBehind.all({ tenant, type, after, limit })
    return entities.map(({ id, ordinal }) => ({ id, place: ordinal }))
  }
  const list = listOf(type)
  const names = list === undefined ? [] : lookups.namesBehind.all({ tenant, list, after, limit })
  return names.map(({ holder, ordinal }) => ({ id: holder as string, place: ordinal }))
}

function isFirst(lookups: Lookups, tenant: string, type: string, source: Source, id: string, place: number): boolean {
  if (source === 'm') return true
  const list = listOf(type)
  const listed = list === undefined ? undefined : lookups.named.first({ tenant, list, name: id })
  if (source === 'l') return listed?.ordinal === place
  return listed === undefined && (type !== 'user' || lookups.member.first({ tenant, user: id }) === undefined)
}

function listOf(type: string): string | undefined {
  return Object.hasOwn(lists, type) ? lists[type] : undefined
}
