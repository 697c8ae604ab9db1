import { candidatesOf } from './candidates.ts'
import { PosternError } from './errors.ts'
import { type FactRecord, factBounds, type Projection, type TenantFacts } from './facts.ts'
import { normaliseInstant } from './instant.ts'
import type { DecisionRequest } from './request.ts'

/** One member of a tenant document; the rest of its members are `unknown` until a rule asks. */
export interface Member {
  readonly user: string
  readonly email?: string
  readonly role?: string
  readonly status?: string
  readonly sessions_valid_after?: string
  readonly api_keys?: readonly string[]
  readonly two_factor_enabled?: boolean
  readonly overrides?: { readonly for_role?: string; readonly grants?: Readonly<Record<string, string>> }
}

interface Share {
  readonly user?: string
  readonly group?: string
  readonly path?: string
  readonly collection?: string
}

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
    records ??= new Map(members.map((member) => [member.user, recordOf(normalised(member))]))
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

/** Trimmed, its ASCII letters in lower case: how addresses compare. Other letters stay apart from their look-alikes. */
export function address(text: string): string {
  return lowerAscii(text.replace(whiteAround, ''))
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

// What `trimmed` in policies/authz/shared/values.rego strips: ECMAScript's white space and U+0085.
const whiteAround = /^[\s\u0085]+|[\s\u0085]+$/g

/** Sorts after every normalised instant, so that no session is later than a bound that is no instant. */
const refusesEverySession = 'never'

function normalised(member: Member): Readonly<Record<string, unknown>> {
  if (member.sessions_valid_after === undefined) return { ...member, exists: true }
  return {
    ...member,
    exists: true,
    sessions_valid_after: normaliseInstant(member.sessions_valid_after) ?? refusesEverySession,
  }
}

function recordOf(attributes: Readonly<Record<string, unknown>>): FactRecord {
  const texts: (string | undefined)[] = []
  const write = ({ names }: Projection): string => {
    const settings = names.filter((name) => name.startsWith('settings.')).map((name) => name.slice('settings.'.length))
    const whole = names.filter((name) => !name.startsWith('settings.'))
    const members = whole.flatMap((name) => memberText(attributes, name))
    if (settings.length > 0) {
      const from = (attributes.settings ?? {}) as Readonly<Record<string, unknown>>
      members.push(`"settings":{${settings.flatMap((name) => memberText(from, name)).join(',')}}`)
    }
    return `{${members.join(',')}}`
  }
  return {
    text: (projection) => {
      texts[projection.id] ??= write(projection)
      return texts[projection.id] as string
    },
    value: (name) => own(attributes, name),
  }
}

function memberText(from: Readonly<Record<string, unknown>>, name: string): string[] {
  const value = own(from, name)
  if (value instanceof PosternError) throw value
  return value === undefined ? [] : [`"${name}":${JSON.stringify(value)}`]
}

function own<T>(from: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return from !== undefined && Object.hasOwn(from, name) ? from[name] : undefined
}

interface Counts {
  pending: number
  active: number
  inactive: number
  roles: Map<string, Omit<Counts, 'roles'>>
}

function countsOf(members: readonly Member[]): Counts {
  const counts: Counts = { pending: 0, active: 0, inactive: 0, roles: new Map() }
  for (const member of members) {
    const status = statusOf(member)
    counts[status] += 1
    if (member.role === undefined) continue
    const ofRole = counts.roles.get(member.role) ?? { pending: 0, active: 0, inactive: 0 }
    ofRole[status] += 1
    counts.roles.set(member.role, ofRole)
  }
  return counts
}

/** A missing status is active; one outside the list counts as inactive. */
function statusOf(member: Member): 'pending' | 'active' | 'inactive' {
  if (member.status === undefined || member.status === 'active') return 'active'
  return member.status === 'pending' ? 'pending' : 'inactive'
}

function property(request: DecisionRequest, name: string): unknown {
  return own(request.resource.properties, name)
}

/** The objects of a list that the request brings; anything else in it stands as an empty object. */
function listed(fact: string, value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value)) return []
  return bounded(fact, value).map((item) => (typeof item === 'object' && item !== null ? item : {}))
}

/** A text that is not blank. */
function isGiven(value: unknown): value is string {
  return typeof value === 'string' && address(value) !== ''
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
  const named = [property(request, 'path'), own(request.context, 'destination'), own(request.context, 'asset_path')]
  const paths = new Set(named.filter((path) => typeof path === 'string').flatMap(withFoldersAbove))
  const collections: Record<string, string[]> = Object.create(null)
  for (const [collection, assets] of Object.entries(document.collection_assets ?? {})) {
    const held = assets.filter((asset) => paths.has(asset))
    if (held.length > 0) collections[collection] = held
  }
  return { paths, collection: property(request, 'collection'), collections }
}

/** An entry that names both a path and a collection, or neither, is about nothing; so it is with user and group. */
function concerns(concerned: Concerned, entry: Share): boolean {
  if ((entry.path === undefined) === (entry.collection === undefined)) return false
  if ((entry.user === undefined) === (entry.group === undefined)) return false
  if (entry.path !== undefined && concerned.paths.has(entry.path)) return true
  const { collection } = entry
  return collection !== undefined && (collection === concerned.collection || collection in concerned.collections)
}

function withFoldersAbove(path: string): string[] {
  const found = [path, '/']
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
    found.push(path.slice(0, slash))
  return found
}

/**
 * The value if it keeps the bound of its fact. Header facts are made before anybody asks for them, so there an excess
 * is stored as the error that the first reader throws.
 */
function bounded<T>(fact: string, value: T): T {
  const bound = factBounds[fact]
  if (bound === undefined || typeof value !== 'object' || value === null) return value
  if ((Array.isArray(value) ? value.length : Object.keys(value).length) <= bound) return value
  const error = new PosternError('too_many_facts', `\`${fact}\` would hold more than ${bound} records`)
  if (fact.startsWith('tenant.')) return error as T
  throw error
}
