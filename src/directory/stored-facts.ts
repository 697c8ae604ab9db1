import { isGiven, listed, pathsOf, property } from '../pdp/concerned.ts'
import { bounded, own, recordOf } from '../pdp/fact-record.ts'
import { type FactRecord, factBounds, NotLoaded, type TenantFacts } from '../pdp/facts.ts'
import { address, memberRecord } from '../pdp/member.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import { lookups } from './lookups.ts'
import type { Reader } from './store.ts'
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
export function storedFacts(reader: Reader, row: TenantRow, revision: string, kept?: RecordCache): TenantFacts {
  const tenant = row.id
  const record = (user: string): FactRecord | undefined => {
    const known = kept?.get(user)
    if (known !== undefined) return known
    const found = reader.first(lookups.member, { tenant, user })
    if (found === undefined) return undefined
    const read = memberRecord(JSON.parse(found.record))
    kept?.set(user, read, found.record.length)
    return read
  }
  const items = itemsOf(reader, tenant)
  return {
    id: tenant,
    system: row.system,
    revision,
    header: headerOf(reader, row),
    record,
    item: (name, request) => JSON.stringify(bounded(`items.${name}`, items[name]?.(request))),
    count(name) {
      if (name !== 'roles') return String(row[name as 'pending' | 'active' | 'inactive'])
      const roles = reader.all(lookups.roles, { tenant, limit: limitOf('counts.roles') })
      const counts = roles.map(({ role, pending, active, inactive }) => [role, { pending, active, inactive }])
      return JSON.stringify(bounded('counts.roles', Object.fromEntries(counts)))
    },
    entities(request) {
      const found: Record<string, Record<string, unknown>> = Object.create(null)
      for (const { type, id } of [request.subject, request.resource]) {
        const entity = reader.first(lookups.entity, { tenant, type, id })
        if (entity === undefined) continue
        found[type] = Object.assign(found[type] ?? Object.create(null), { [id]: JSON.parse(entity.record) })
      }
      return JSON.stringify(found)
    },
    candidates: storedCandidates(reader, tenant),
  }
}

/** The small lists are read when a permission first asks for them. */
function headerOf(reader: Reader, row: TenantRow): FactRecord {
  const present: readonly string[] = JSON.parse(row.present)
  const elements = (list: string) => {
    const fact = `tenant.${list}`
    return reader.all(lookups.elements, { tenant: row.id, list, limit: limitOf(fact) })
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

function itemsOf(reader: Reader, tenant: string): Readonly<Record<string, (request: DecisionRequest) => unknown>> {
  const invitee = (email: unknown) => {
    if (typeof email !== 'string') return null
    const at = { tenant, address: address(email) }
    const found = reader.first(lookups.userAddress, at) ?? reader.first(lookups.emailAddress, at)
    return { address: at.address, taken: found !== undefined }
  }
  const named = (list: string, name: unknown) =>
    typeof name === 'string' && reader.first(lookups.named, { tenant, list, name }) !== undefined
  const collections = (request: DecisionRequest) => collectionsOf(reader, tenant, request)
  /** The records that concern what the request names, in the order of the document. */
  const concerning = (
    fact: string,
    request: DecisionRequest,
    search: (at: Target & { user: string; limit: number }) => readonly Entry[],
  ) => {
    const targets = targetsOf(request, Object.keys(collections(request)))
    if (request.subject.type !== 'user') return []
    const found = new Map<number, string>()
    const searched = together(targets, (target) =>
      search({ ...target, user: request.subject.id, limit: limitOf(fact) }),
    )
    for (const { ordinal, record } of searched.flat()) found.set(ordinal, record)
    return [...found].sort(([a], [b]) => a - b).map(([, record]) => JSON.parse(record))
  }
  return {
    invited: (request) => [invitee(property(request, 'email'))],
    invites: (request) =>
      together(listed('items.invites', property(request, 'invites')), (invite) => invitee(own(invite, 'email'))),
    key_holders(request) {
      const key = property(request, 'api_key')
      if (typeof key !== 'string') return []
      const holders = reader.all(lookups.keyHolders, { tenant, key, limit: limitOf('items.key_holders') })
      return holders.map(({ record }) => {
        const { user, role, status, api_keys } = JSON.parse(record)
        return { user, role, status, api_keys }
      })
    },
    shares: (request) =>
      concerning('items.shares', request, (at) => [
        ...reader.all(lookups.ofUserAt, { tenant, list: 'shares', ...at }),
        ...reader.all(lookups.sharesOfGroupsAt, { tenant, ...at }),
      ]),
    owned: (request) =>
      concerning('items.owned', request, (at) => reader.all(lookups.ofUserAt, { tenant, list: 'owners', ...at })).map(
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
        ? reader.all(lookups.ofUserAt, { ...at, target_kind: 'project', target: project })
        : reader.all(lookups.ofUser, at)
      return found.map(({ record }) => {
        const { user: _, ...entry } = JSON.parse(record)
        return entry
      })
    },
    without_two_factor: () =>
      reader
        .all(lookups.withoutTwoFactor, { tenant, limit: limitOf('items.without_two_factor') })
        .map(({ user }) => user),
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
function collectionsOf(reader: Reader, tenant: string, request: DecisionRequest) {
  const fact = 'items.collections'
  const found = new Map<
    number,
    { readonly name: string; readonly assets: (readonly [place: number, path: string])[] }
  >()
  const holding = together([...pathsOf(request)], (path) =>
    reader.all(lookups.collectionsWith, { tenant, path, limit: limitOf(fact) }).map((row) => ({ ...row, path })),
  )
  for (const { name, ordinal, places, path } of holding.flat()) {
    const collection = found.get(ordinal) ?? { name, assets: [] }
    found.set(ordinal, collection)
    for (const place of JSON.parse(places) as number[]) collection.assets.push([place, path])
  }
  const held: Record<string, string[]> = Object.create(null)
  for (const [, { name, assets }] of [...found].sort(([a], [b]) => a - b))
    held[name] = assets.sort(([a], [b]) => a - b).map(([, path]) => path)
  return bounded(fact, held)
}

/** Asks one look-up after the other, so that those which are not at hand are loaded at the same time. */
function together<From, To>(list: readonly From[], look: (from: From) => To): readonly To[] {
  const loading: Promise<unknown>[] = []
  const found: To[] = []
  for (const from of list) {
    try {
      found.push(look(from))
    } catch (error) {
      if (!(error instanceof NotLoaded)) throw error
      loading.push(error.loaded)
    }
  }
  if (loading.length > 0) throw new NotLoaded(Promise.all(loading))
  return found
}

/** One more than the fact may hold, so that an excess is seen. */
function limitOf(fact: string): number {
  return (factBounds[fact] ?? 0) + 1
}
