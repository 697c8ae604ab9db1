import type { Candidate, TenantFacts } from '../pdp/facts.ts'
import { lookups } from './lookups.ts'
import type { Reader } from './store.ts'

/** By type of resource, the list of the tenant that holds its ids. Members are those of `user`. */
const listOfType = new Map([
  ['api_key', 'api_keys'],
  ['project', 'projects'],
  ['group', 'groups'],
  ['collection', 'collection_assets'],
  ['custom_level', 'custom_levels'],
])

interface Found {
  readonly id: string
  readonly ordinal: number
}

/**
 * Candidates as `candidatesOf` gives them of a document: first those that a list holds, then the entities of the type
 * that the list lacks. A position is the part, `l` or `e`, and the ordinal in it.
 */
export function storedCandidates(reader: Reader, tenant: string): TenantFacts['candidates'] {
  const listed = (type: string, after: number, limit: number): readonly Found[] => {
    if (type === 'user') return reader.all(lookups.memberIds, { tenant, after, limit })
    const list = listOfType.get(type)
    return list === undefined ? [] : reader.all(lookups.listedIds, { tenant, list, after, limit })
  }
  const entities = (type: string, after: number, limit: number): readonly Found[] =>
    type === 'user'
      ? reader.all(lookups.userEntityIds, { tenant, after, limit })
      : reader.all(lookups.entityIds, { tenant, type, list: listOfType.get(type) ?? '', after, limit })

  return (type, after, most) => {
    const [, part, ordinal = '-1'] = /^([le])([0-9]+)$/.exec(after ?? '') ?? []
    const first = part === 'e' ? [] : placed('l', listed(type, Number(ordinal), most))
    const rest = most - first.length
    const behind = part === 'e' ? Number(ordinal) : -1
    return rest === 0 ? first : [...first, ...placed('e', entities(type, behind, rest))]
  }
}

function placed(part: 'l' | 'e', found: readonly Found[]): readonly Candidate[] {
  return found.map(({ id, ordinal }) => ({ id, position: `${part}${ordinal}` }))
}
