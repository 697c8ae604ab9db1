import { isGiven, listed, pathsOf, property } from '../pdp/concerned.ts'
import { bounded, own, recordOf } from '../pdp/fact-record.ts'
import { type FactRecord, factBounds, type TenantFacts } from '../pdp/facts.ts'
import { address, memberRecord } from '../pdp/member.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import type { Lookups } from './lookups.ts'
import { storedCandidates } from './stored-candidates.ts'
import type { TargetKind, TenantRow } from './tables.ts'

/** Where the records of members are kept between decisions. */
export interface RecordCache {
  get(user: string): FactRecord | undefined
  /** `size` is the length of the stored text. */
  set(user: string, record: FactRecord, size: number): void
}

/**
 * Facts of a tenant that is stored, answered by point look-ups with the texts that `factsOfDocument` gives. Look-ups
 * read one record more than the fact's bound at most, so that neither time nor memory grows with the tenant.
 *
 * INVARIANT: `row` is the tenant's present row and `kept` holds present records. Whoever keeps the object drops it when
 * the tenant is written.
 */
export function storedFacts(lookups: Lookups, row: TenantRow, revision: string, kept?: RecordCache): TenantFacts {
  const tenant = row.id
  const record = (user: string): FactRecord | undefined => {
    const known = kept?.get(user)
    if (known !== undefined) return known
    const found = lookups.member.first({ tenant, user })
    if (found === undefined) return undefined
    const read = memberRecord(JSON.parse(found.record))
    kept?.set(user, read, found.record.length)
    return read
  }
  const items = itemsOf(lookups, tenant)
  return {
    id: tenant,
    system: row.system,
    revision,
    header: headerOf(lookups, row),
    record,
    item: (name, request) => JSON.stringify(bounded(`items.${name}`, items[name]?.(request))),
    count(name) {
      if (name !== 'roles') return String(row[name as 'pending' | 'active' | 'inactive'])
      const roles = lookups.roles.all({ tenant, limit: limitOf('counts.roles') })
      const counts = roles.map(({ role, pending, active, inactive }) => [role, { pending, active, inactive }])
      return JSON.stringify(bounded('counts.roles', Object.fromEntries(counts)))
    },
    entities(request) {
      const found: Record<string, Record<string, unknown>> = Object.create(null)
      for (const { type, id } of [request.subject, request.resource]) {
        const entity = lookups.entity.first({ tenant, type, id })
        if (entity === undefined) continue
        found[type] = Object.assign(found[type] ?? Object.create(null), { [id]: JSON.parse(entity.record) })
      }
      return JSON.stringify(found)
    },
    candidates: storedCandidates(lookups, tenant),
  }
}

/** The small lists are read when a permission first asks for them. */
function headerOf(lookups: Lookups, row: TenantRow): FactRecord {
  const present: readonly string[] = JSON.parse(row.present)
  const elements = (list: string) => {
    const fact = `tenant.${list}`
    return lookups.elements.all({ tenant: row.id, list, limit: limitOf(fact) })
  }
  const listOf = (list: string) =>
    present.includes(list)
      ? bounded(
          `tenant.${list}`,
          elements(list).map(({ record }) => JSON.parse(record)),
        )
      : undefined
  return recordOf({
    id: row.id,
    system: row.system,
    plan: row.plan ?? undefined,
    settings: JSON.parse(row.settings),
    get api_keys() {
      return listOf('api_keys')
    },
    get projects() {
      return listOf('projects')
    },
    get custom_levels() {
      return listOf('custom_levels')
    },
    get gallery_roles() {
      if (!present.includes('gallery_roles')) return undefined
      const roles = elements('gallery_roles').map(({ holder, record }) => [holder, JSON.parse(record)])
      return bounded('tenant.gallery_roles', Object.fromEntries(roles))
    },
  })
}

function itemsOf(lookups: Lookups, tenant: string): Readonly<Record<string, (request: DecisionRequest) => unknown>> {
  const invitee = (email: unknown) => {
    if (typeof email !== 'string') return null
    const at = { tenant, address: address(email) }
    const found = lookups.userAddress.first(at) ?? lookups.emailAddress.first(at)
    return { address: at.address, taken: found !== undefined }
  }
  const named = (list: string, name: unknown) =>
    typeof name === 'string' && lookups.named.first({ tenant, list, name }) !== undefined
  const collections = (request: DecisionRequest) => collectionsOf(lookups, tenant, request)
  /** The records that concern what the request names, in the order of the document. */
  const concerning = (
    fact: string,
    request: DecisionRequest,
    search: (at: Target & { user: string; limit: number }) => readonly Entry[],
  ) => {
    const targets = targetsOf(request, Object.keys(collections(request)))
    if (request.subject.type !== 'user') return []
    const found = new Map<number, string>()
    for (const target of targets)
      for (const { ordinal, record } of search({ ...target, user: request.subject.id, limit: limitOf(fact) }))
        found.set(ordinal, record)
    return [...found].sort(([a], [b]) => a - b).map(([, record]) => JSON.parse(record))
  }
  return {
    invited: (request) => [invitee(property(request, 'email'))],
    invites: (request) =>
      listed('items.invites', property(request, 'invites')).map((invite) => invitee(own(invite, 'email'))),
    key_holders(request) {
      const key = property(request, 'api_key')
      if (typeof key !== 'string') return []
      const holders = lookups.keyHolders.all({ tenant, key, limit: limitOf('items.key_holders') })
      return holders.map(({ record }) => {
        const { user, role, status, api_keys } = JSON.parse(record)
        return { user, role, status, api_keys }
      })
    },
    shares: (request) =>
      concerning('items.shares', request, (at) => [
        ...lookups.ofUserAt.all({ tenant, list: 'shares', ...at }),
        ...lookups.sharesOfGroupsAt.all({ tenant, ...at }),
      ]),
    owned: (request) =>
      concerning('items.owned', request, (at) => lookups.ofUserAt.all({ tenant, list: 'owners', ...at })).map(
        ({ path, collection }) => ({ path, collection }),
      ),
    collections,
    group_exists: (request) => named('groups', property(request, 'group')),
    project_exists: (request) => named('projects', property(request, 'project')),
    gallery_access(request) {
      if (request.subject.type !== 'user') return []
      const project = property(request, 'project')
      const at = { tenant, list: 'gallery_access', user: request.subject.id, limit: limitOf('items.gallery_access') }
      const found = isGiven(project)
        ? lookups.ofUserAt.all({ ...at, target_kind: 'project', target: project })
        : lookups.ofUser.all(at)
      return found.map(({ record }) => {
        const { user: _, ...entry } = JSON.parse(record)
        return entry
      })
    },
    without_two_factor: () =>
      lookups.withoutTwoFactor.all({ tenant, limit: limitOf('items.without_two_factor') }).map(({ user }) => user),
  }
}

interface Entry {
  readonly ordinal: number
  readonly record: string
}

interface Target {
  readonly target_kind: TargetKind
  readonly target: string
}

function targetsOf(request: DecisionRequest, holding: readonly string[]): readonly Target[] {
  const named = property(request, 'collection')
  const collections = new Set(typeof named === 'string' ? [named, ...holding] : holding)
  return [
    ...[...pathsOf(request)].map((target): Target => ({ target_kind: 'path', target })),
    ...[...collections].map((target): Target => ({ target_kind: 'collection', target })),
  ]
}

/** The collections that hold a path which the request names, with those paths as the collection orders them. */
function collectionsOf(lookups: Lookups, tenant: string, request: DecisionRequest) {
  const fact = 'items.collections'
  const found = new Map<
    number,
    { readonly name: string; readonly assets: (readonly [place: number, path: string])[] }
  >()
  for (const path of pathsOf(request))
    for (const { name, ordinal, places } of lookups.collectionsWith.all({ tenant, path, limit: limitOf(fact) })) {
      const collection = found.get(ordinal) ?? { name, assets: [] }
      found.set(ordinal, collection)
      for (const place of JSON.parse(places) as number[]) collection.assets.push([place, path])
    }
  const held: Record<string, string[]> = Object.create(null)
  for (const [, { name, assets }] of [...found].sort(([a], [b]) => a - b))
    held[name] = assets.sort(([a], [b]) => a - b).map(([, path]) => path)
  return bounded(fact, held)
}

/** One more than the fact may hold, so that an excess is seen. */
function limitOf(fact: string): number {
  return (factBounds[fact] ?? 0) + 1
}
