import { candidatesOf } from './candidates.ts'
import { isAboutSomething, isGiven, listed, pathsOf, property, type Share } from './concerned.ts'
import { bounded, own, recordOf } from './fact-record.ts'
import type { FactRecord, TenantFacts } from './facts.ts'
import { address, type Counts, countsOf, lowerAscii, type Member, memberRecord, statusOf } from './member.ts'
import type { DecisionRequest } from './request.ts'

/** A tenant document that its schema has accepted (config/schema/tenant.schema.json). */
export interface TenantDocument {
  readonly tenant: string
  readonly system: string
  readonly plan?: string
  readonly revision?: number
  readonly settings?: Readonly<Record<string, unknown>>
  readonly members?: readonly Member[]
  readonly api_keys?: readonly string[]
  readonly projects?: readonly string[]
  readonly shares?: readonly Share[]
  readonly groups?: Readonly<Record<string, readonly string[]>>
  readonly owners?: readonly Share[]
  readonly collection_assets?: Readonly<Record<string, readonly string[]>>
  readonly custom_levels?: readonly unknown[]
  readonly gallery_roles?: Readonly<Record<string, unknown>>
  readonly gallery_access?: readonly { readonly user: string; readonly project: string }[]
  readonly entities?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** Facts that come from a document, with the document: an explanation asks what a change of it would do. */
export interface DocumentFacts extends TenantFacts {
  readonly document: TenantDocument
}

/** Facts of a tenant that is held as one document in memory. Indexes are made when they are first asked for. */
export function factsOfDocument(document: TenantDocument): DocumentFacts {
  let records: Map<string, FactRecord> | undefined
  let addresses: Set<string> | undefined
  let counts: Counts | undefined
  const members = document.members ?? []

  const record = (user: string): FactRecord | undefined => {
    records ??= new Map(members.map((member) => [member.user, memberRecord(member)]))
    return records.get(user)
  }
  const invitee = (email: unknown) => {
    addresses ??= new Set(members.flatMap((member) => [member.user, member.email ?? member.user].map(lowerAscii)))
    return typeof email === 'string' ? { address: address(email), taken: addresses.has(address(email)) } : null
  }
  const items: Record<string, (request: DecisionRequest) => unknown> = {
    invited: (request) => [invitee(property(request, 'email'))],
    invites: (request) =>
      listed('items.invites', property(request, 'invites')).map((invite) => invitee(own(invite, 'email'))),
    key_holders: (request) => {
      const key = property(request, 'api_key')
      return members
        .filter((member) => typeof key === 'string' && member.api_keys?.includes(key))
        .map(({ user, role, status, api_keys }) => ({ user, role, status, api_keys }))
    },
    shares: (request) => {
      const concerned = concernedBy(document, request)
      const groups = groupsOf(document, request)
      return (document.shares ?? []).filter(
        (share) =>
          (isSubject(request, share.user) || (share.group !== undefined && groups.has(share.group))) &&
          concerns(concerned, share),
      )
    },
    owned: (request) => {
      const concerned = concernedBy(document, request)
      return (document.owners ?? [])
        .filter((owner) => isSubject(request, owner.user) && concerns(concerned, owner))
        .map(({ path, collection }) => ({ path, collection }))
    },
    collections: (request) => concernedBy(document, request).collections,
    group_exists: (request) => {
      const group = property(request, 'group')
      return typeof group === 'string' && Object.hasOwn(document.groups ?? {}, group)
    },
    project_exists: (request) => {
      const project = property(request, 'project')
      return typeof project === 'string' && (document.projects ?? []).includes(project)
    },
    gallery_access: (request) => {
      const project = property(request, 'project')
      return (document.gallery_access ?? [])
        .filter((entry) => isSubject(request, entry.user) && (!isGiven(project) || entry.project === project))
        .map(({ user: _, ...entry }) => entry)
    },
    without_two_factor: () =>
      members
        .filter((member) => statusOf(member) === 'active' && member.two_factor_enabled !== true)
        .map((member) => member.user),
  }
  return {
    document,
    id: document.tenant,
    system: document.system,
    revision: String(document.revision ?? 0),
    header: recordOf({
      id: document.tenant,
      system: document.system,
      plan: document.plan,
      settings: document.settings ?? {},
      api_keys: bounded('tenant.api_keys', document.api_keys),
      projects: bounded('tenant.projects', document.projects),
      custom_levels: bounded('tenant.custom_levels', document.custom_levels),
      gallery_roles: bounded('tenant.gallery_roles', document.gallery_roles),
    }),
    record,
    item: (name, request) => JSON.stringify(bounded(`items.${name}`, items[name]?.(request))),
    count: (name) => {
      counts ??= countsOf(members)
      if (name === 'roles') return JSON.stringify(bounded('counts.roles', Object.fromEntries(counts.roles)))
      return String(counts[name as keyof Omit<Counts, 'roles'>])
    },
    entities: (request) => {
      const found: Record<string, Record<string, unknown>> = Object.create(null)
      for (const { type, id } of [request.subject, request.resource]) {
        const ofType = own(document.entities, type)
        const entity = own(ofType, id)
        if (entity !== undefined) found[type] = Object.assign(found[type] ?? Object.create(null), { [id]: entity })
      }
      return JSON.stringify(found)
    },
    candidates: candidatesOf(document, (user) => record(user) !== undefined),
  }
}

function isSubject(request: DecisionRequest, user: string | undefined): boolean {
  return request.subject.type === 'user' && request.subject.id === user
}

function groupsOf(document: TenantDocument, request: DecisionRequest): ReadonlySet<string> {
  if (request.subject.type !== 'user') return new Set()
  const groups = Object.entries(document.groups ?? {})
  return new Set(groups.filter(([, users]) => users.includes(request.subject.id)).map(([group]) => group))
}

/** The paths that the request names with all folders above them, and the collections it names or that hold one. */
interface Concerned {
  readonly paths: ReadonlySet<string>
  readonly collection: unknown
  readonly collections: Readonly<Record<string, readonly string[]>>
}

function concernedBy(document: TenantDocument, request: DecisionRequest): Concerned {
  const paths = pathsOf(request)
  const collections: Record<string, string[]> = Object.create(null)
  for (const [collection, assets] of Object.entries(document.collection_assets ?? {})) {
    const held = assets.filter((asset) => paths.has(asset))
    if (held.length > 0) collections[collection] = held
  }
  return {
    paths,
    collection: property(request, 'collection'),
    collections: bounded('items.collections', collections),
  }
}

function concerns(concerned: Concerned, entry: Share): boolean {
  if (!isAboutSomething(entry)) return false
  if (entry.path !== undefined) return concerned.paths.has(entry.path)
  const { collection } = entry
  return collection !== undefined && (collection === concerned.collection || collection in concerned.collections)
}
