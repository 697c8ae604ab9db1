// Seeded random cases: tenants with every kind of record, bad ones included, and requests with every kind of value.
// A document keeps to the types of the tenant document and to nothing else; a request may carry any JSON.

import { entry } from './common.ts'
import {
  actionsOf,
  type Member,
  type ScenarioRequest,
  type Subject,
  type SystemName,
  systems,
  type TenantDocument,
} from './evaluate.ts'

export interface RandomCase {
  readonly document: TenantDocument
  readonly request: ScenarioRequest
}

/** The same seed always gives the same case. Without a system, seeds take turns through all of them. */
export function randomCase(seed: number, system?: SystemName): RandomCase {
  const random = randomOf(seed)
  const name = system ?? systems[((seed % systems.length) + systems.length) % systems.length] ?? 'filestack'
  const world = worlds[name]
  const document: TenantDocument = { tenant: 'acme', system: name, ...world.facts(random) }
  return { document, request: requestTo(random, world, document) }
}

// --------------------------------------------------------------------------------------------------------- dice

interface Random {
  chance(probability: number): boolean
  /** Both ends included. */
  integer(from: number, to: number): number
  pick<T>(list: readonly T[]): T
  some<T>(list: readonly T[], probability?: number): T[]
}

/** mulberry32 */
export function randomOf(seed: number): Random {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const integer = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1))
  return {
    chance: (probability) => next() < probability,
    integer,
    pick: (list) => {
      const index = integer(0, list.length - 1)
      if (index >= list.length || list.length === 0) throw new Error('Nothing to pick from')
      return list[index] as (typeof list)[number]
    },
    some: (list, probability = 0.5) => list.filter(() => next() < probability),
  }
}

/** An object without the members that are undefined. */
const compact = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))

const absent = undefined

// ------------------------------------------------------------------------------------------------- odd attributes

const blanks: readonly unknown[] = [null, '', ' ', '\t\n', '\u00a0\u2003', '\u0085', '\ufeff', [], {}]
const oddities: readonly unknown[] = [
  0,
  1,
  -3,
  1.5,
  true,
  false,
  'nobody',
  'constructor',
  '__proto__',
  'ÄÖ',
  [''],
  [null],
  ['x', 7],
  [[]],
  { a: 1 },
]

/** A value that is no good for most attributes. */
const oddValue = (random: Random): unknown => {
  if (random.chance(0.35)) return absent
  return random.chance(0.45) ? random.pick(blanks) : random.pick(oddities)
}

const mostly = (random: Random, right: unknown, probability = 0.88): unknown =>
  random.chance(probability) ? right : oddValue(random)

// -------------------------------------------------------------------------------------------------------- worlds

interface World {
  /** The document without tenant and system. */
  facts(random: Random): Omit<TenantDocument, 'tenant' | 'system'>
  /** The role that may do most. */
  readonly topRole: string
  readonly services: readonly string[]
  /** Is this member's role one that the action is interesting for? */
  suits(member: Member, action: string): boolean
  /** What the operations read; everything else is asked for without attributes, mostly. */
  readonly attributes: Readonly<Record<string, readonly string[]>>
  /** Actions that only a service has. */
  readonly serviceActions: readonly string[]
  value(random: Random, name: string, document: TenantDocument, action: string): unknown
  context(random: Random, action: string, document: TenantDocument): Record<string, unknown>
}

const userPool = [
  'ann',
  'bob',
  'cyd',
  'dan',
  'eve',
  'fay',
  'gus',
  'hal',
  'Ann',
  'kim@example.com',
  'service:support',
  'ÉMILE',
  'ida',
  'joe',
]

const defined = <T>(random: Random, right: T, wrong: readonly T[], slips: number): T =>
  random.chance(slips) ? random.pick(wrong) : right

/** A list of records with unique users; the first is mostly a sound one of the top role. */
function membersOf(
  random: Random,
  topRole: string,
  roles: readonly string[],
  more: (role: string | undefined, random: Random, slips: number) => Record<string, unknown>,
): Member[] {
  const slips = random.chance(0.5) ? 0 : 0.15
  const count = random.chance(0.03) ? random.integer(0, 1) : random.integer(2, random.chance(0.6) ? 6 : 12)
  const start = random.integer(0, userPool.length - 1)
  const members: Member[] = []
  for (let index = 0; index < count; index++) {
    const user = userPool[(start + index) % userPool.length] as string
    const sound = index === 0 && random.chance(0.9)
    const role = sound ? topRole : defined<string | undefined>(random, random.pick(roles), badRoles, slips / 2)
    const status = sound
      ? random.pick(['active', absent])
      : defined<string | undefined>(random, random.pick(statuses), badStatuses, slips)
    const record = compact({
      user,
      email: random.chance(0.5)
        ? `${random.pick([user, user.toUpperCase()]).replace(/[^\w]/g, '.')}@example.com`
        : absent,
      role,
      status,
      sessions_valid_after: random.chance(sound ? 0.03 : 0.07)
        ? random.pick(random.chance(0.8) ? instants : noInstants.filter((text) => typeof text === 'string'))
        : absent,
      ...more(role, random, slips),
    })
    members.push(record as unknown as Member)
  }
  return random.chance(0.3) ? members.reverse() : members
}

const statuses = ['active', 'active', 'active', 'active', 'active', absent, absent, 'pending', 'inactive', 'inactive']
const badStatuses = ['suspended', '', ' ', 'Active', 'PENDING', 'active ']
const badRoles = [absent, '', ' ', 'Owner', 'superuser', 'constructor', '__proto__']

const instants = [
  '2026-11-20T10:00:00Z',
  '2026-11-20T10:00:00.000Z',
  '2026-11-20T10:00:00.0009Z',
  '2026-11-20T10:00:00.001Z',
  '2026-11-20T10:00:00.1Z',
  '2026-11-20T10:00:00-00:00',
  '2026-11-20T11:30:00+02:00',
  '2026-11-20T08:00:00.5-02:00',
  '2026-11-20T12:00:00.000999+02:00',
  '2026-11-20t10:00:01z',
  '2026-11-21T00:00:00+14:00',
  '2027-01-01T00:00:00+05:45',
  '1969-12-31T23:59:59.999Z',
  '2024-02-29T12:00:00.123456789Z',
]
const noInstants: readonly unknown[] = [
  '',
  ' ',
  'yesterday',
  '2027-11-20',
  '2027-11-20T10:00:00',
  '2027-02-29T10:00:00Z',
  '2027-13-01T10:00:00Z',
  '2027-11-00T10:00:00Z',
  '2027-11-20T24:00:00Z',
  '2027-11-20T10:60:00Z',
  '2027-11-20T10:00:61Z',
  '2027-11-20 10:00:00Z',
  '2027-11-20T10:00Z',
  '2027-11-20T1:00:00Z',
  '2027-11-20T10:00:00+0200',
  '2027-11-20T10:00:00+24:00',
  '2027-11-20T10:00:00+02:60',
  '2027-11-20T10:00:00.Z',
  ' 2027-11-20T10:00:00Z',
  '+2027-11-20T10:00:00Z',
  1795168800000,
  true,
  ['2027-11-20T10:00:00Z'],
]

const email = (random: Random, document: TenantDocument): unknown => {
  if (random.chance(0.1)) return oddValue(random)
  const members = document.members ?? []
  if (members.length > 0 && random.chance(0.22)) {
    const member = random.pick(members)
    const known = random.chance(0.5) ? member.user : (member.email ?? member.user)
    const letters = random.pick([known, known.replace(/[a-z]/g, (letter) => letter.toUpperCase()), known.toLowerCase()])
    return random.pick([letters, ` ${letters}\u0085`, `\u00a0${letters}\n`])
  }
  return random.pick([
    'new@example.com',
    'New@Example.com',
    '  new@example.com\t',
    'neu@exämple.com',
    'new',
    '\ufeffn@example.com',
  ])
}

const target = (random: Random, document: TenantDocument): unknown => {
  const members = document.members ?? []
  if (members.length === 0 || random.chance(0.1)) return random.pick([oddValue(random), 'ghost', 'ANN', ' ann'])
  return random.pick(members).user
}

function requestTo(random: Random, world: World, document: TenantDocument): ScenarioRequest {
  const action = actionOf(random, world, document.system)
  const resource: Record<string, unknown> = {}
  const names = entry(world.attributes, action) ?? []
  for (const name of names) resource[name] = world.value(random, name, document, action)
  const others = [...new Set(Object.values(world.attributes).flat())]
  if (random.chance(names.length === 0 ? 0.25 : 0.08)) {
    const name = random.pick(others)
    if (!names.includes(name)) resource[name] = world.value(random, name, document, action)
  }
  if (random.chance(0.04)) resource.tenant = random.pick(['beta', 'acme', null])
  const context: Record<string, unknown> = { ...world.context(random, action, document) }
  if (random.chance(0.6)) context.session_issued_at = random.pick(random.chance(0.85) ? instants : noInstants)
  if (random.chance(0.05)) context.observed_used = random.integer(0, 9)
  if (random.chance(0.05)) context.cached = random.chance(0.5)
  return {
    subject: subjectOf(random, world, document, action),
    action,
    resource: compact(resource),
    context: compact(context),
  }
}

function actionOf(random: Random, world: World, system: string): string {
  if (random.chance(0.02))
    return random.pick(['team:explode', 'member', '', 'constructor', 'invitation:decline', 'folder:share'])
  if (random.chance(0.7)) {
    // What reads more can fail in more ways, and is asked more often.
    const weighted = Object.entries(world.attributes).flatMap(([action, names]) => [action, ...names.map(() => action)])
    return random.pick([...weighted, 'invitation:accept', 'invitation:accept'])
  }
  return random.pick(actionsOf(system))
}

function subjectOf(random: Random, world: World, document: TenantDocument, action: string): Subject {
  const members = document.members ?? []
  if (world.serviceActions.includes(action) ? random.chance(0.85) : random.chance(0.02)) {
    const right = world.services.find((service) => actionsOfService[service]?.includes(action))
    return {
      type: 'service',
      id: right && random.chance(0.9) ? right : random.pick(['support', 'billing', 'scheduler', 'ann', '']),
    }
  }
  if (members.length === 0 || random.chance(0.02))
    return { type: 'user', id: random.pick(['ghost', 'ann', 'ANN', 'constructor']) }
  if (random.chance(0.02))
    return { type: random.pick(['group', 'User', '', 'services']), id: random.pick(members).user }
  const invited = members.filter((member) => member.status === 'pending')
  if (inviteeActions.includes(action) && invited.length > 0 && random.chance(0.7)) {
    return { type: 'user', id: random.pick(invited).user }
  }
  const isIn = (member: Member): boolean => member.status === undefined || member.status === 'active'
  const suited = members.filter((member) => isIn(member) && world.suits(member, action))
  if (suited.length > 0 && random.chance(0.78)) return { type: 'user', id: random.pick(suited).user }
  return { type: 'user', id: random.pick(members).user }
}

const inviteeActions = ['invitation:accept', 'invitation:decline']

const actionsOfService: Readonly<Record<string, readonly string[]>> = {
  support: ['seat_limit:override'],
  billing: ['promo_credit:apply'],
  scheduler: ['monthly_report:send'],
}

const seatLimit = (random: Random): unknown =>
  random.chance(0.7) ? random.pick([1, 2, 7, 12, null]) : random.pick([0, -1, 2.5, '5', '', [], true, absent])

const overrideOf = (random: Random): number | undefined => (random.chance(0.25) ? random.integer(1, 12) : absent)

const planOf = (random: Random, plans: readonly string[]): string | undefined =>
  random.chance(0.03) ? random.pick([absent, '', 'gold', 'Free', 'constructor']) : random.pick(plans)

// ----------------------------------------------------------------------------------------------------- filestack

const filestackRoles = ['developer', 'developer', 'developer', 'billing', 'billing', 'account_owner']
const filestackPlans = ['free', 'start', 'grow', 'scale', 'custom']
const keys = ['k1', 'k2', 'k3', 'K1']

const filestack: World = {
  topRole: 'account_owner',
  suits: ({ role }, action) =>
    role === 'account_owner' ||
    (role === 'developer' && /^(api_key:(view|use)|workflow|analytics|configuration)/.test(action)),
  services: ['support', 'billing'],
  serviceActions: ['seat_limit:override', 'promo_credit:apply'],
  attributes: {
    'member:invite': ['email', 'role', 'api_keys'],
    'member:resend_invite': ['user'],
    'member:update': ['user'],
    'member:change_role': ['user', 'role', 'api_keys'],
    'member:revoke': ['user'],
    'member:reinstate': ['user', 'api_keys'],
    'member:remove': ['user'],
    'api_key:assign': ['user', 'api_key'],
    'api_key:unassign': ['user', 'api_key'],
    'api_key:delete': ['api_key'],
    'api_key:view': ['api_key'],
    'api_key:use': ['api_key'],
    'workflow:manage': ['api_key'],
    'analytics:view': ['api_key'],
    'plan:change': ['plan'],
    'seat_limit:override': ['limit'],
    'promo_credit:apply': ['month'],
  },
  facts(random) {
    const profile = random.chance(0.8)
    const text = (right: string): string | undefined =>
      profile ? right : random.pick([right, '', ' \u00a0', '\u0085', absent])
    return compact({
      plan: planOf(random, filestackPlans),
      settings: random.chance(0.05)
        ? absent
        : compact({
            company_name: text('Acme'),
            owner_full_name: text('Owner One'),
            seat_limit_override: overrideOf(random),
            promo: random.chance(0.3)
              ? absent
              : compact({
                  window_open: random.chance(0.7) ? true : random.pick([false, absent]),
                  granted: random.chance(0.6) ? true : random.pick([false, absent]),
                  applied_months: random.chance(0.3) ? absent : random.some([1, 2, 3, 5, 9, 10, 11], 0.6),
                }),
          }),
      api_keys: random.chance(0.05) ? absent : random.some(keys, 0.8),
      members: membersOf(random, 'account_owner', filestackRoles, () => ({
        api_keys: random.chance(0.2) ? absent : random.some([...keys, 'k9'], 0.4),
      })),
    }) as Omit<TenantDocument, 'tenant' | 'system'>
  },
  value(random, name, document) {
    const known = document.api_keys ?? []
    switch (name) {
      case 'email':
        return email(random, document)
      case 'user':
        return target(random, document)
      case 'role':
        return mostly(random, random.pick(['developer', 'billing', 'developer', 'billing', 'account_owner']))
      case 'api_keys': {
        if (random.chance(0.25)) return oddValue(random)
        const listed: unknown[] = random.some(known, 0.6)
        return random.chance(0.1) ? [...listed, random.pick(['k9', '', 4, null, 'k1 '])] : listed
      }
      case 'api_key':
        return mostly(random, random.pick([...known, ...known, 'k9']), 0.8)
      case 'plan':
        return mostly(random, random.pick(filestackPlans))
      case 'month':
        return absent
      default:
        return seatLimit(random)
    }
  },
  context: (random) => ({
    email_verified: random.chance(0.75) ? true : random.pick([absent, false, null, 'true', 1]),
    month: random.chance(0.8) ? random.integer(1, 12) : random.pick([0, -1, 1.5, '3', null, absent, [], true]),
  }),
}

// ------------------------------------------------------------------------------------------------------ imagekit

const restrictedRole = 'media_library_restricted_access'
const imagekitRoles = [
  restrictedRole,
  restrictedRole,
  restrictedRole,
  'account_administrator',
  'developer',
  'media_library_full_access',
  'media_library_view_only_access',
  'finance',
]
const imagekitPlans = ['free', 'paid', 'paid', ...Array.from({ length: 7 }, () => 'enterprise')]
const goodPaths = [
  '/',
  '/a',
  '/a',
  '/a',
  '/a/b',
  '/a/b',
  '/a/b/c.png',
  '/ab',
  '/A',
  '/x',
  '/x/y.png',
  '/a b',
  '/a/...',
  '/%2e',
]
const badPaths = ['', 'a', '/a/', '//', '/a//b', '/./a', '/a/..', '/..', '/a/./b', ' /a']
const collections = ['summer', 'winter', 'Summer']
const levels = ['can_view', 'can_contribute', 'can_manage']
const groups = ['mkt', 'ops']

const storedPath = (random: Random): string => random.pick(random.chance(0.88) ? goodPaths : badPaths)
const requestPath = (random: Random): unknown => (random.chance(0.9) ? storedPath(random) : oddValue(random))

/** Which of two names an entry carries: mostly one, sometimes both or neither. */
const oneOfTwo = (random: Random): readonly [boolean, boolean] => {
  if (random.chance(0.06))
    return random.pick([
      [true, true],
      [false, false],
    ] as const)
  return random.chance(0.5) ? [true, false] : [false, true]
}

const imagekit: World = {
  topRole: 'account_administrator',
  suits: ({ role }, action) =>
    action.startsWith('media_')
      ? role === restrictedRole || (role !== 'finance' && action.endsWith(':share'))
      : role === 'account_administrator',
  services: ['support'],
  serviceActions: ['seat_limit:override'],
  attributes: {
    'user:create': ['email', 'role'],
    'user:update_role': ['user', 'role'],
    'user:delete': ['user'],
    'subscription:change_plan': ['plan'],
    'seat_limit:override': ['limit'],
    ...Object.fromEntries(
      ['open', 'download', 'upload', 'tag', 'copy', 'rename', 'move', 'delete'].map((verb) => [
        `media_file:${verb}`,
        ['path'],
      ]),
    ),
    ...Object.fromEntries(['open', 'create', 'copy', 'move'].map((verb) => [`media_folder:${verb}`, ['path']])),
    ...Object.fromEntries(
      ['open', 'add_asset', 'remove_asset', 'rename'].map((verb) => [`media_collection:${verb}`, ['collection']]),
    ),
    'media_file:share': ['path', 'user', 'group', 'level'],
    'media_folder:share': ['path', 'user', 'group', 'level'],
    'media_collection:share': ['collection', 'user', 'group', 'level'],
  },
  facts(random) {
    const members = membersOf(random, 'account_administrator', imagekitRoles, () => ({}))
    const restricted = members.filter((member) => member.role === restrictedRole).map((member) => member.user)
    const users = [...members.map((member) => member.user), ...restricted, ...restricted, 'ghost']
    const share = (): unknown => {
      const [byUser, byGroup] = oneOfTwo(random)
      const [onPath, onCollection] = oneOfTwo(random)
      return compact({
        user: byUser ? random.pick(users) : absent,
        group: byGroup ? random.pick([...groups, 'gone']) : absent,
        path: onPath ? storedPath(random) : absent,
        collection: onCollection ? random.pick(collections) : absent,
        level: random.chance(0.92) ? random.pick(levels) : random.pick(['', 'CAN_VIEW', 'none', 'owner']),
      })
    }
    const owner = (): unknown => {
      const [onPath, onCollection] = oneOfTwo(random)
      return compact({
        user: random.pick(users),
        path: onPath ? storedPath(random) : absent,
        collection: onCollection ? random.pick(collections) : absent,
      })
    }
    const list = <T>(most: number, item: () => T): T[] => Array.from({ length: random.integer(0, most) }, item)
    return compact({
      plan: planOf(random, imagekitPlans),
      settings: random.chance(0.1) ? absent : compact({ seat_limit_override: overrideOf(random) }),
      members,
      shares: random.chance(0.1) ? absent : list(20, share),
      groups: random.chance(0.1)
        ? absent
        : Object.fromEntries(random.some(groups, 0.8).map((group) => [group, random.some(users)])),
      owners: random.chance(0.4) ? absent : list(3, owner),
      collection_assets: random.chance(0.4)
        ? absent
        : Object.fromEntries(random.some(collections, 0.7).map((name) => [name, list(3, () => storedPath(random))])),
    }) as Omit<TenantDocument, 'tenant' | 'system'>
  },
  value(random, name, document, action) {
    const byUser = random.chance(0.5)
    const restricted = (document.members ?? []).filter((member) => member.role === restrictedRole)
    switch (name) {
      case 'email':
        return email(random, document)
      case 'user':
        if (restricted.length > 0 && random.chance(0.3)) return random.pick(restricted).user
        return byUser ? target(random, document) : absent
      case 'group':
        return random.chance(0.4) ? mostly(random, random.pick([...groups, 'gone']), 0.8) : absent
      case 'level':
        return mostly(random, random.pick([...levels, 'none']), 0.82)
      case 'path':
        return action.endsWith(':share') && random.chance(0.2) ? '/' : requestPath(random)
      case 'collection':
        return mostly(random, random.pick(collections))
      case 'role':
        return mostly(random, random.pick(imagekitRoles))
      case 'plan':
        return mostly(random, random.pick(imagekitPlans))
      default:
        return seatLimit(random)
    }
  },
  context: (random) => ({
    destination: random.chance(0.75) ? requestPath(random) : absent,
    asset_path: random.chance(0.75) ? requestPath(random) : absent,
  }),
}

// ---------------------------------------------------------------------------------------------------- fivemanage

const fivemanageRoles = ['admin', 'admin', 'developer', 'developer', 'member', 'member', 'owner']
const tunable = ['log:read', 'log:search', 'token:read', 'token:create', 'integration:manage']

const fivemanage: World = {
  topRole: 'owner',
  suits: ({ role }, action) =>
    tunable.includes(action)
      ? role !== 'owner'
      : role === 'admin' || (role === 'owner' && action !== 'member:set_permission'),
  services: [],
  serviceActions: [],
  attributes: {
    'member:invite': ['email', 'role'],
    'invitation:resend': ['user'],
    'invitation:revoke': ['user'],
    'member:change_role': ['user', 'role'],
    'member:set_permission': ['user', 'permission', 'effect'],
    'member:remove': ['user'],
    'log:read': [],
    'log:search': [],
    'token:read': [],
    'token:create': [],
    'integration:manage': [],
  },
  facts: (random) =>
    compact({
      plan: random.pick(['any', absent, 'free']),
      settings: random.chance(0.5) ? {} : absent,
      members: membersOf(random, 'owner', fivemanageRoles, (role) => ({
        overrides: random.chance(0.5)
          ? {
              for_role: random.chance(0.85) ? (role ?? 'member') : random.pick(['developer', 'admin', '', 'Admin']),
              grants: Object.fromEntries([
                ...random
                  .some(tunable)
                  .map((permission) => [
                    permission,
                    random.chance(0.92) ? random.pick(['allow', 'deny']) : random.pick(['', 'ALLOW', 'default']),
                  ]),
                ...(random.chance(0.15)
                  ? [[random.pick(['team:delete', 'billing:view', 'log:', 'token:manage']), 'allow']]
                  : []),
              ]),
            }
          : absent,
      })),
    }) as Omit<TenantDocument, 'tenant' | 'system'>,
  value(random, name, document, action) {
    const below = (document.members ?? []).filter(({ role }) => role === 'developer' || role === 'member')
    switch (name) {
      case 'email':
        return email(random, document)
      case 'user':
        if (action === 'member:set_permission' && below.length > 0 && random.chance(0.6)) return random.pick(below).user
        return target(random, document)
      case 'role':
        return mostly(random, random.pick(['owner', 'admin', 'developer', 'member', 'developer', 'member']), 0.8)
      case 'permission':
        return mostly(random, random.pick([...tunable, ...tunable, 'team:view', 'token:manage', 'made:up']))
      default:
        return mostly(random, random.pick(['allow', 'deny', 'default']))
    }
  },
  context: () => ({}),
}

// ----------------------------------------------------------------------------------------------------- filerobot

const filerobotLevels = [
  'manager',
  'manager',
  'manager',
  'developer',
  'contributor',
  'viewer',
  'viewer',
  'accountant',
  'administrator',
  'owner',
]
const customIds = ['reviewer', 'auditor', 'press', 'legal', 'guest', 'viewer']
const projects = ['p1', 'p2', 'p3', 'P1']
const pages = [
  'hub_home:access',
  'hub_library_assets:access',
  'hub_other:access',
  'settings_company:access',
  'settings_billing:access',
  'settings_users:access',
  'settings_other:access',
]
const noPages = ['project:access', 'user:invite', 'hub_magic:access', 'gallery_access:manage', '']
const galleryPermissions = ['asset:view', 'asset:edit', 'asset:delete', 'folder:view', 'folder:edit']
const companyOnly = ['owner', 'administrator', 'accountant']

const scopeValue = (random: Random, known: readonly string[]): unknown => {
  if (random.chance(0.12)) return random.pick([oddValue(random), 'Company', 'p1', ['p9'], ['p1', 7], ['p1', 'p1']])
  return random.chance(0.35) ? 'company' : random.some(known, 0.6)
}

const levelValue = (random: Random): unknown =>
  mostly(
    random,
    random.chance(0.25) ? random.pick(customIds) : random.pick([...filerobotLevels, 'viewer', 'contributor']),
    0.92,
  )

const pagesValue = (random: Random): unknown => {
  if (random.chance(0.1)) return oddValue(random)
  const listed: unknown[] = random.some(pages, 0.35)
  return random.chance(0.12) ? [...listed, random.pick([...noPages, 3, null])] : listed
}

const filerobot: World = {
  topRole: 'administrator',
  suits: ({ role }, action) => {
    if (/^(asset|folder):/.test(action)) return true
    if (/:access$/.test(action)) return customIds.includes(role ?? '')
    return role === 'manager' || (role === 'administrator' && !/scope|status|attributes/.test(action))
  },
  services: [],
  serviceActions: [],
  attributes: {
    'user:invite': ['email', 'level', 'scope'],
    'user:bulk_invite': ['invites'],
    'invitation:revoke': ['user'],
    'user:update_level': ['user', 'level'],
    'user:update_scope': ['user', 'scope'],
    'user:set_status': ['user', 'status'],
    'user:update_attributes': ['user', 'attributes'],
    'custom_level:create': ['id', 'kind', 'pages'],
    'custom_level:update': ['id', 'pages'],
    'custom_level:delete': ['id'],
    'user_attribute:define': [],
    'project:access': ['project'],
    'hub_home:access': ['project'],
    'settings_users:access': ['project'],
    'settings_billing:access': [],
    'hub_library_assets:access': ['project'],
    'settings_company:access': [],
    ...Object.fromEntries(galleryPermissions.map((permission) => [permission, ['project', 'path']])),
  },
  facts(random) {
    const ids = random.some(customIds, random.pick([0.2, 0.5, 1]))
    const known = random.chance(0.05) ? absent : random.some(projects, 0.9)
    const members = membersOf(
      random,
      'administrator',
      [...filerobotLevels, ...ids, ...ids],
      (role, _random, slips) => ({
        scope:
          companyOnly.includes(role ?? '') && !random.chance(slips / 2)
            ? 'company'
            : random.chance(slips / 2)
              ? random.pick([absent, '', 'Company', 'p1', []])
              : random.chance(0.35)
                ? 'company'
                : random.some(projects, 0.5),
        attributes: random.chance(0.1) ? { department: 'press' } : absent,
      }),
    )
    const users = [...members.map((member) => member.user), 'ghost']
    const galleryRoles = random.some(['editor', 'reader'], 0.9)
    return compact({
      plan: random.pick(['any', absent]),
      projects: known,
      custom_levels: random.chance(0.1)
        ? absent
        : ids.map((id) => ({
            id,
            kind: random.chance(0.9) ? random.pick(['company', 'project']) : random.pick(['', 'team', 'Project']),
            pages: [...random.some(pages), ...random.some(noPages, 0.1)],
          })),
      members,
      gallery_roles: random.chance(0.05)
        ? absent
        : Object.fromEntries(
            galleryRoles.map((name) => [name, random.some([...galleryPermissions, 'user:invite'], 0.8)]),
          ),
      gallery_access: random.chance(0.1)
        ? absent
        : Array.from({ length: random.integer(0, 24) }, () => ({
            user: random.pick(users),
            project: random.pick([...projects, 'p1', 'p9']),
            folder: random.chance(0.3) ? '/' : storedPath(random),
            role: random.pick(['editor', 'reader', 'gone']),
          })),
    }) as Omit<TenantDocument, 'tenant' | 'system'>
  },
  value(random, name, document) {
    const known = document.projects ?? []
    switch (name) {
      case 'email':
        return email(random, document)
      case 'user':
        return target(random, document)
      case 'level':
        return levelValue(random)
      case 'scope':
        return scopeValue(random, known)
      case 'invites':
        if (random.chance(0.08)) return oddValue(random)
        return Array.from({ length: random.integer(1, 3) }, (_item, index) =>
          random.chance(0.04)
            ? random.pick([null, 'x', [], 5])
            : compact({
                email: random.chance(0.8) ? `new${index}@example.com` : email(random, document),
                level: random.chance(0.8) ? random.pick(['viewer', 'contributor']) : levelValue(random),
                scope: random.chance(0.8) ? random.some(known, 0.7) : scopeValue(random, known),
              }),
        )
      case 'status':
        return mostly(random, random.pick(['active', 'inactive', 'inactive']))
      case 'attributes':
        return mostly(random, { department: 'press' })
      case 'id':
        return mostly(
          random,
          random.chance(0.85)
            ? random.pick([...customIds, 'fresh', 'fresh', 'fresh', 'fresh'])
            : random.pick(filerobotLevels),
        )
      case 'kind':
        return mostly(random, random.pick(['company', 'project']))
      case 'pages':
        return pagesValue(random)
      case 'path':
        return requestPath(random)
      default:
        return mostly(random, random.pick([...known, ...known, 'p9']), 0.85)
    }
  },
  context: () => ({}),
}

// ------------------------------------------------------------------------------------------------------ quantcdn

const quantcdnRoles = [
  'developer',
  'content_manager',
  'read_only',
  'administrator',
  'administrator',
  'organization_owner',
  'organization_owner',
]
const quantcdnPlans = ['organization', 'organization', 'organization', 'organization', 'organization', 'private']
const dates = [
  '2026-11-01',
  '2026-12-01',
  '2026-11-02',
  '2028-02-29',
  '2027-02-29',
  '2026-13-01',
  '2026-11-1',
  '2026-11-31',
  '01.11.2026',
]

const quantcdn: World = {
  topRole: 'organization_owner',
  suits: ({ role }, action) =>
    role === 'organization_owner' || (role === 'administrator' && /^(team_member|invitation)/.test(action)),
  services: ['scheduler'],
  serviceActions: ['monthly_report:send'],
  attributes: {
    'team_member:invite': ['name', 'email', 'role'],
    'team_member:remove': ['user'],
    'team_member:change_role': ['user', 'role'],
    'team_member:view': [],
    'invitation:revoke': ['user'],
    'invitation:decline': [],
    'membership:leave': [],
    'organization:activate': [],
    'two_factor:setup': [],
    'two_factor:enforce': ['enabled'],
    'two_factor:reset_member': ['user'],
    'monthly_report:opt_in': ['enabled'],
    'monthly_report:receive': [],
    'monthly_report:send': ['user'],
    'project:edit': ['project'],
    'archive:upload': ['project'],
  },
  facts(random) {
    const enforced = random.chance(0.3)
    return compact({
      plan: planOf(random, quantcdnPlans),
      settings: enforced
        ? { two_factor_enforced: true }
        : random.pick<unknown>([absent, {}, { two_factor_enforced: false }]),
      projects: random.chance(0.1) ? absent : random.some(['site', 'shop', 'Site'], 0.8),
      members: membersOf(random, 'organization_owner', quantcdnRoles, () => ({
        two_factor_enabled: random.chance(enforced ? 0.6 : 0.4) ? true : random.pick([false, absent]),
        monthly_report_opt_in: random.chance(0.7) ? true : random.pick([false, absent]),
        monthly_report_last_sent: random.chance(0.4) ? random.pick(['2026-11-01', '2026-12-01', '2026-10-01']) : absent,
      })),
    }) as Omit<TenantDocument, 'tenant' | 'system'>
  },
  value(random, name, document, action) {
    const owners = (document.members ?? []).filter((member) => member.role === 'organization_owner')
    switch (name) {
      case 'email':
        return email(random, document)
      case 'user':
        if (action === 'monthly_report:send' && owners.length > 0 && random.chance(0.6)) return random.pick(owners).user
        return target(random, document)
      case 'name':
        return mostly(random, random.pick(['Nia', ' Nia ']))
      case 'role':
        return mostly(random, random.pick(quantcdnRoles))
      case 'enabled':
        return random.chance(0.85) ? random.pick([true, true, false]) : random.pick(['true', 1, null, absent, '', []])
      default:
        return mostly(random, random.pick([...(document.projects ?? []), 'site', 'shop', 'gone']), 0.85)
    }
  },
  context: (random, action) => ({
    channel:
      action === 'two_factor:reset_member' && random.chance(0.6)
        ? 'support_desk'
        : random.chance(0.55)
          ? absent
          : random.pick(['dashboard', 'api', 'api', 'api', 'support_desk', 'mobile', 'API', '', null, 5, ['api']]),
    active_tenant: random.chance(0.75)
      ? absent
      : random.pick(['acme', 'acme', 'beta', 'Acme', '', null, ' ', [], 7, ['acme']]),
    token_scopes: random.chance(0.5)
      ? absent
      : random.pick([['acme'], ['beta', 'acme'], ['beta'], [], null, '', 'acme', {}, { acme: true }, [['acme']]]),
    registered: random.chance(0.75) ? true : random.pick([absent, false, 'true', 1, null]),
    additional_verification: random.chance(0.8) ? true : random.pick([absent, false, 'true', 1]),
    date: random.chance(0.65) ? '2026-11-01' : random.chance(0.85) ? random.pick(dates) : oddValue(random),
  }),
}

const worlds: Readonly<Record<SystemName, World>> = { filestack, imagekit, fivemanage, filerobot, quantcdn }
