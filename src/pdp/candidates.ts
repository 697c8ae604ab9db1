import type { Candidate, TenantFacts } from './facts.ts'

/** Those of `count` ids behind the position `after`, which is an index, at most `most`. */
export function candidatesIn(
  count: number,
  idAt: (index: number) => string,
  after: string | undefined,
  most: number,
): readonly Candidate[] {
  const from = after === undefined ? 0 : Number(after) + 1
  const length = Math.max(0, Math.min(most, count - from))
  return Array.from({ length }, (_, index) => ({ id: idAt(from + index), position: String(from + index) }))
}

/** What a tenant document lists, by the members that list it. */
export interface Listing {
  readonly members?: readonly { readonly user: string }[]
  readonly api_keys?: readonly string[]
  readonly projects?: readonly string[]
  readonly custom_levels?: readonly unknown[]
  readonly groups?: Readonly<Record<string, unknown>>
  readonly collection_assets?: Readonly<Record<string, unknown>>
  readonly entities?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** Candidates of a document in memory: of each type those that a list of the document holds, then its entities. */
export function candidatesOf(listing: Listing, isMember: (user: string) => boolean): TenantFacts['candidates'] {
  const idsOfType = new Map<string, readonly string[]>()
  const idsOf = (type: string): readonly string[] => {
    let ids = idsOfType.get(type)
    if (ids === undefined) {
      const entities = Object.keys((ownMember(listing.entities, type) as object | undefined) ?? {})
      const all = [...new Set([...listedIds(listing, type), ...entities])]
      ids = type === 'user' ? all.filter((id) => !isMember(id)) : all
      // Types come with requests, and only those that exist are remembered.
      if (ids.length > 0) idsOfType.set(type, ids)
    }
    return ids
  }
  return (type, after, most) => {
    // Members are many, so no list of their ids is kept.
    const members = type === 'user' ? (listing.members ?? []) : []
    const others = idsOf(type)
    const idAt = (index: number) => members[index]?.user ?? (others[index - members.length] as string)
    return candidatesIn(members.length + others.length, idAt, after, most)
  }
}

function listedIds(listing: Listing, type: string): readonly string[] {
  if (type === 'api_key') return listing.api_keys ?? []
  if (type === 'project') return listing.projects ?? []
  if (type === 'group') return Object.keys(listing.groups ?? {})
  if (type === 'collection') return Object.keys(listing.collection_assets ?? {})
  if (type !== 'custom_level') return []
  const ids = (listing.custom_levels ?? []).map((level) => ownMember(level, 'id'))
  return ids.filter((id) => typeof id === 'string')
}

function ownMember(from: unknown, name: string): unknown {
  return typeof from === 'object' && from !== null && Object.hasOwn(from, name)
    ? (from as Record<string, unknown>)[name]
    : undefined
}
