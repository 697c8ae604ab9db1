import {
  covers,
  effectiveSeatLimit,
  entry,
  type Finding,
  failIf,
  finding,
  type Grant,
  isActive,
  isMissing,
  isPath,
  knowsAddress,
  limitAfterPlanChange,
  type Member,
  nothingMore,
  type Obligation,
  type Outcome,
  type Ownership,
  type Question,
  type ReferenceSystem,
  requireOneOf,
  requireSeatLimit,
  requireTarget,
  requireText,
  type Share,
  statusOf,
  targetOf,
  textOf,
  trim,
  usedSeats,
} from './common.ts'

const administrator = 'account_administrator'
const restricted = 'media_library_restricted_access'

const roles = [
  administrator,
  'developer',
  'media_library_full_access',
  'media_library_view_only_access',
  restricted,
  'finance',
]

const seatLimits: Readonly<Record<string, number>> = { free: 1, paid: 5, enterprise: 5 }

const userManagement = ['user:list', 'user:create', 'user:update_role', 'user:delete']
const technical = [
  'account_settings:view',
  'account_settings:manage',
  'integration:manage',
  'url_endpoint:manage',
  'image_settings:manage',
  'developer_options:manage',
  'cache:purge',
  'performance_center:view',
]
const financial = ['billing:view', 'billing:manage', 'subscription:cancel']
const browsing = ['media_library:view', 'media_library:search']

/** What a restricted user can do with something shared, by the level it takes. */
const sharedOperations: Readonly<Record<string, readonly string[]>> = {
  can_view: [
    'media_file:open',
    'media_file:download',
    'media_folder:open',
    'media_collection:open',
    'media_collection:download',
  ],
  can_contribute: [
    'media_file:upload',
    'media_file:tag',
    'media_file:edit',
    'media_file:copy',
    'media_folder:create',
    'media_folder:copy',
    'media_collection:add_asset',
  ],
  can_manage: [
    'media_file:rename',
    'media_file:move',
    'media_file:delete',
    'media_file:share',
    'media_folder:move',
    'media_folder:delete',
    'media_folder:share',
    'media_collection:remove_asset',
    'media_collection:rename',
    'media_collection:delete',
    'media_collection:share',
  ],
}
const onShared = Object.values(sharedOperations).flat()
const wholeLibrary = [...browsing, ...onShared, 'media_collection:create']

const heldBy: Readonly<Record<string, ReadonlySet<string>>> = {
  [administrator]: new Set([
    ...userManagement,
    ...technical,
    'analytics:view',
    ...financial,
    'subscription:change_plan',
    ...wholeLibrary,
  ]),
  developer: new Set([...technical, 'analytics:view', ...wholeLibrary]),
  media_library_full_access: new Set(wholeLibrary),
  media_library_view_only_access: new Set([...browsing, ...(sharedOperations.can_view ?? [])]),
  [restricted]: new Set([...browsing, ...onShared]),
  finance: new Set(['analytics:view', ...financial]),
}

const levels = ['can_view', 'can_contribute', 'can_manage']
/** 0 is no level at all, 3 the highest. */
type Height = number
const heightOf = (level: string | undefined): Height => levels.indexOf(level ?? '') + 1

// ------------------------------------------------------------------------------------------------- shared things

const namesOne = (one: unknown, other: unknown): boolean => (one === undefined) !== (other === undefined)

/** A stored path that can share or own anything: well formed, and not the root. */
const isUsablePath = (path: unknown): path is string => isPath(path) && path !== '/'

function sharesOf(question: Question, user: string): readonly Share[] {
  return (question.document.shares ?? []).filter((share) => {
    if (!namesOne(share.user, share.group) || !namesOne(share.path, share.collection)) return false
    if (share.user !== undefined) return share.user === user
    return entry(question.document.groups, share.group)?.includes(user) ?? false
  })
}

const owned = (question: Question, user: string): readonly Ownership[] =>
  (question.document.owners ?? []).filter((item) => item.user === user && namesOne(item.path, item.collection))

function heightOnCollection(question: Question, user: string, collection: string): Height {
  const heights = sharesOf(question, user)
    .filter((share) => share.collection === collection)
    .map((share) => heightOf(share.level))
  const created = owned(question, user).some((item) => item.collection === collection)
  return Math.max(0, ...heights, created ? heightOf('can_manage') : 0)
}

function heightOnPath(question: Question, user: string, path: string): Height {
  if (!isUsablePath(path)) return 0
  const reaches = (folder: unknown): boolean => isUsablePath(folder) && covers(folder, path)
  const heights = sharesOf(question, user)
    .filter((share) => reaches(share.path))
    .map((share) => heightOf(share.level))
  const created = owned(question, user).some((item) => reaches(item.path))
  const inCollection = Object.entries(question.document.collection_assets ?? {}).some(
    ([collection, paths]) => paths.some(reaches) && heightOnCollection(question, user, collection) > 0,
  )
  return Math.max(0, ...heights, created ? heightOf('can_manage') : 0, inCollection ? heightOf('can_view') : 0)
}

const onCollection = (action: string): boolean => action.startsWith('media_collection:')

/** Stage 5 of a restricted user: each thing that must be named, and the level that it takes. */
function relation(question: Question, self: Member): readonly Finding[] {
  const { action, resource, context } = question.request
  const needed = levels.find((level) => sharedOperations[level]?.includes(action))
  const judged: { name: unknown; height: (name: string) => Height; needed: Height }[] = []
  const byPath = (path: string): Height => heightOnPath(question, self.user, path)
  const byCollection = (collection: string): Height => heightOnCollection(question, self.user, collection)

  if (onCollection(action)) judged.push({ name: resource.collection, height: byCollection, needed: heightOf(needed) })
  else judged.push({ name: resource.path, height: byPath, needed: heightOf(needed) })
  if (action.endsWith(':move') || action.endsWith(':copy')) {
    judged.push({ name: context.destination, height: byPath, needed: heightOf('can_contribute') })
  }
  if (action === 'media_collection:add_asset') {
    judged.push({ name: context.asset_path, height: byPath, needed: heightOf('can_contribute') })
  }

  return judged.flatMap(({ name, height, needed }) => {
    const text = textOf(name)
    if (text === undefined) return [finding(5, 'missing_field')]
    if (height(text) === 0) return [finding(5, 'not_shared')]
    return failIf(height(text) < needed, 5, 'permission_level_too_low')
  })
}

function grant(question: Question, self: Member): Grant {
  const { action } = question.request
  const held = entry(heldBy, self.role)?.has(action) ?? false
  const findings: Finding[] = [...failIf(!held, 4, 'no_permission')]
  if (self.role !== restricted) return { findings, reason: 'role_grant', obligations: [] }
  findings.push(...failIf(question.document.plan !== 'enterprise', 4, 'role_not_on_plan'))
  if (browsing.includes(action)) return { findings, reason: 'role_grant', obligations: [{ type: 'filter_to_shared' }] }
  if (onShared.includes(action)) findings.push(...relation(question, self))
  return { findings, reason: 'share_grant', obligations: [] }
}

// ----------------------------------------------------------------------------------------------------- operations

const seatLimit = (question: Question): number | null =>
  effectiveSeatLimit(question.settings.seat_limit_override, entry(seatLimits, question.document.plan) ?? null)

/** Would nobody be an active administrator once `target` is gone or has another role? */
const losesLastAdministrator = (question: Question, target: Member | undefined, role?: unknown): boolean =>
  target !== undefined &&
  isActive(target) &&
  target.role === administrator &&
  role !== administrator &&
  !question.members.some((member) => member !== target && isActive(member) && member.role === administrator)

const roleNotSold = (role: unknown, plan: string | undefined): readonly Finding[] =>
  failIf(role === restricted && plan !== 'enterprise', 8, 'role_not_on_plan')

function share(question: Question): readonly Finding[] {
  const { action, resource } = question.request
  const thing = onCollection(action) ? resource.collection : resource.path
  const named = onCollection(action) ? textOf(thing) !== undefined : isPath(thing)
  const grantee = [resource.user, resource.group].filter((name) => !isMissing(name))
  const oneGrantee = grantee.length === 1 && typeof grantee[0] === 'string'
  const user = textOf(resource.user)
  const member = targetOf(question)
  const group = entry(question.document.groups, textOf(resource.group))
  const shape = [
    ...failIf(!named || !oneGrantee, 6, 'missing_field'),
    ...requireOneOf(resource.level, (level) => level === 'none' || levels.includes(level), 'unknown_level'),
    ...failIf(user === undefined ? group === undefined : member === undefined, 7, 'target_not_found'),
  ]
  if (resource.level === 'none') return shape
  return [
    ...shape,
    ...failIf(user !== undefined && member?.role !== restricted, 7, 'target_role_mismatch'),
    ...failIf(question.document.plan !== 'enterprise', 8, 'plan_not_eligible'),
    ...failIf(thing === '/' && !onCollection(action), 8, 'root_not_shareable'),
  ]
}

function operation(question: Question): Outcome {
  const { document, members } = question
  const { action, resource } = question.request
  const target = targetOf(question)
  const knownRole = (role: string): boolean => roles.includes(role)
  const limit = seatLimit(question)
  const used = usedSeats(members)
  const onFreePlan = failIf(document.plan === 'free', 8, 'plan_not_eligible')

  switch (action) {
    case 'user:create': {
      const email = textOf(resource.email) ?? ''
      const full = limit !== null && used >= limit
      return {
        findings: [
          ...requireText(resource.email),
          ...requireOneOf(resource.role, knownRole, 'unknown_role'),
          ...failIf(knowsAddress(members, email), 8, 'already_member'),
          ...onFreePlan,
          ...roleNotSold(resource.role, document.plan),
          ...failIf(full, 9, 'seat_limit_reached', [{ type: 'contact_support' }]),
        ],
        obligations: [
          { type: 'send_invitation_email', to: trim(email) },
          { type: 'reserve_seat', used_before: used, limit },
        ],
      }
    }
    case 'invitation:accept':
      return { findings: failIf(limit !== null && used > limit, 9, 'seat_limit_reached'), obligations: [] }
    case 'user:update_role':
      return {
        findings: [
          ...requireTarget(question),
          ...requireOneOf(resource.role, knownRole, 'unknown_role'),
          ...failIf(losesLastAdministrator(question, target, resource.role), 7, 'last_administrator'),
          ...failIf(
            target !== undefined && (target.role === resource.role || statusOf(target) === 'inactive'),
            8,
            'invalid_transition',
          ),
          ...onFreePlan,
          ...roleNotSold(resource.role, document.plan),
        ],
        obligations: dropGroups(target),
      }
    case 'user:delete':
      return {
        findings: [
          ...requireTarget(question),
          ...failIf(losesLastAdministrator(question, target), 7, 'last_administrator'),
        ],
        obligations: target ? [...afterDeletion(target), ...dropGroups(target)] : [],
      }
    case 'subscription:change_plan': {
      const plan = textOf(resource.plan) ?? ''
      const after = limitAfterPlanChange(question.settings.seat_limit_override, entry(seatLimits, plan) ?? null)
      const strands = plan !== 'enterprise' && members.some((member) => member.role === restricted)
      return {
        findings: [
          ...requireOneOf(resource.plan, (name) => Object.hasOwn(seatLimits, name), 'unknown_plan'),
          ...failIf(plan === document.plan, 8, 'invalid_transition'),
          ...failIf(strands, 8, 'role_not_on_plan'),
          ...failIf(after.limit !== null && used > after.limit, 9, 'seats_over_plan_limit'),
        ],
        obligations: after.clearsOverride ? [{ type: 'clear_seat_limit_override' }] : [],
      }
    }
    case 'seat_limit:override':
      return { findings: requireSeatLimit(resource), obligations: [] }
    case 'media_file:share':
    case 'media_folder:share':
    case 'media_collection:share':
      return { findings: share(question), obligations: [] }
    default:
      return nothingMore
  }
}

const dropGroups = (target: Member | undefined): readonly Obligation[] =>
  target?.role === restricted ? [{ type: 'remove_from_user_groups', user: target.user }] : []

function afterDeletion(target: Member): readonly Obligation[] {
  switch (statusOf(target)) {
    case 'active':
      return [{ type: 'release_seat' }, { type: 'terminate_sessions', user: target.user }]
    case 'pending':
      return [{ type: 'release_seat' }, { type: 'invalidate_invitation', user: target.user }]
    case 'inactive':
      return []
  }
}

export const imagekit: ReferenceSystem = {
  actions: new Set([...(heldBy[administrator] ?? []), 'invitation:accept', 'seat_limit:override']),
  inviteeActions: new Set(['invitation:accept']),
  services: { support: ['seat_limit:override'] },
  plans: Object.keys(seatLimits),
  definesRole: (_document, role) => role !== undefined && roles.includes(role),
  gates: () => [],
  grant,
  operation,
}
