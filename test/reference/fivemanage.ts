import {
  addressOf,
  entry,
  type Finding,
  failIf,
  type Grant,
  isActive,
  isMissing,
  knowsAddress,
  type Member,
  nothingMore,
  type Outcome,
  type Question,
  type ReferenceSystem,
  requireOneOf,
  requireTarget,
  requireText,
  statusOf,
  targetOf,
  textOf,
  trim,
} from './common.ts'

const forEverybody = ['team:view', 'storage_dashboard:view', 'storage_asset:view']
const fromDeveloper = [...forEverybody, 'token:read', 'log:read', 'log:search', 'storage_folder:view']
const fromAdmin = [
  ...fromDeveloper,
  'team_management:view',
  'member:invite',
  'invitation:resend',
  'invitation:revoke',
  'member:change_role',
  'member:set_permission',
  'token:create',
  'token:manage',
  'integration:manage',
  'storage_settings:manage',
  'retention_policy:manage',
]
const fromOwner = [
  ...fromAdmin,
  'billing:view',
  'billing:manage',
  'subscription:manage',
  'team:rename',
  'team:delete',
  'member:remove',
  'danger_zone:access',
  'danger_zone:mass_delete',
]

const heldBy: Readonly<Record<string, ReadonlySet<string>>> = {
  owner: new Set(fromOwner),
  admin: new Set(fromAdmin),
  developer: new Set(fromDeveloper),
  member: new Set(forEverybody),
}

const tunable = ['log:read', 'log:search', 'token:read', 'token:create', 'integration:manage']

/** The roles that an admin may manage and hand out. */
const belowAdmin = ['developer', 'member']

const byDefault = (role: string | undefined, permission: string): boolean =>
  entry(heldBy, role)?.has(permission) ?? false

/** `allow` or `deny` where the member's toggle counts. */
function toggle(member: Member, permission: string): 'allow' | 'deny' | undefined {
  if (member.role === 'owner' || !tunable.includes(permission)) return undefined
  if (member.overrides?.for_role === undefined || member.overrides.for_role !== member.role) return undefined
  const effect = entry(member.overrides.grants, permission)
  return effect === 'allow' || effect === 'deny' ? effect : undefined
}

/** What a member can do once the own toggle of the permission is judged. */
function right(
  member: Member,
  permission: string,
): 'role_grant' | 'override_grant' | 'override_denied' | 'no_permission' {
  const standard = byDefault(member.role, permission)
  const effect = toggle(member, permission)
  if (effect === 'deny' && standard) return 'override_denied'
  if (effect === 'allow' && !standard) return 'override_grant'
  return standard ? 'role_grant' : 'no_permission'
}

const isGranted = (answer: string): boolean => answer === 'role_grant' || answer === 'override_grant'

/** As above, and searching logs takes reading them. */
function effectiveRight(member: Member, permission: string): string {
  const own = right(member, permission)
  if (permission !== 'log:search' || !isGranted(own)) return own
  const reading = right(member, 'log:read')
  return isGranted(reading) ? own : reading
}

function grant(question: Question, self: Member): Grant {
  const answer = effectiveRight(self, question.request.action)
  return { findings: failIf(!isGranted(answer), 4, answer), reason: answer, obligations: [] }
}

/** Stages 6 and 7 of managing somebody: nobody touches an owner, an admin only those below. */
const manageable = (question: Question): readonly Finding[] => {
  const target = targetOf(question)
  return [
    ...requireTarget(question),
    ...failIf(target?.role === 'owner', 7, 'owner_protected'),
    ...failIf(
      question.self?.role === 'admin' && target !== undefined && !belowAdmin.includes(target.role ?? ''),
      7,
      'target_not_lower',
    ),
  ]
}

const notAssignable = (question: Question, role: unknown): readonly Finding[] =>
  failIf(role === 'owner' || (role === 'admin' && question.self?.role === 'admin'), 7, 'role_not_assignable')

function operation(question: Question): Outcome {
  const { action, resource } = question.request
  const target = targetOf(question)
  const pendingTarget = [
    ...requireTarget(question),
    ...failIf(target !== undefined && statusOf(target) !== 'pending', 8, 'invalid_transition'),
  ]
  const knownRole = (role: string): boolean => Object.hasOwn(heldBy, role)

  switch (action) {
    case 'member:invite': {
      const email = textOf(resource.email) ?? ''
      const role = isMissing(resource.role) ? 'member' : resource.role
      return {
        findings: [
          ...requireText(resource.email),
          ...requireOneOf(role, knownRole, 'unknown_role'),
          ...notAssignable(question, role),
          ...failIf(knowsAddress(question.members, email), 8, 'already_member'),
        ],
        obligations: [{ type: 'send_invitation_email', to: trim(email) }],
      }
    }
    case 'invitation:resend':
      return {
        findings: pendingTarget,
        obligations: target ? [{ type: 'send_invitation_email', to: addressOf(target) }] : [],
      }
    case 'invitation:revoke':
      return {
        findings: pendingTarget,
        obligations: target ? [{ type: 'invalidate_invitation', user: target.user }] : [],
      }
    case 'member:change_role':
      return {
        findings: [
          ...manageable(question),
          ...requireOneOf(resource.role, knownRole, 'unknown_role'),
          ...notAssignable(question, resource.role),
          ...failIf(
            target !== undefined && (!isActive(target) || target.role === resource.role),
            8,
            'invalid_transition',
          ),
        ],
        obligations: target ? [{ type: 'reset_permission_overrides', user: target.user }] : [],
      }
    case 'member:set_permission': {
      const { self } = question
      const permission = textOf(resource.permission) ?? ''
      const { effect } = resource
      const known = effect === 'allow' || effect === 'deny' || effect === 'default'
      const gives = effect === 'allow' || (effect === 'default' && byDefault(target?.role, permission))
      const holds = self !== undefined && isGranted(effectiveRight(self, permission))
      return {
        findings: [
          ...manageable(question),
          ...requireText(resource.permission),
          ...failIf(!known, 6, 'missing_field'),
          ...failIf(target !== undefined && !isActive(target), 8, 'invalid_transition'),
          ...failIf(!tunable.includes(permission), 8, 'not_overridable'),
          ...failIf(gives && !holds, 8, 'cannot_grant_unheld'),
        ],
        obligations: [],
      }
    }
    case 'member:remove':
      return {
        findings: [
          ...requireTarget(question),
          ...failIf(target?.role === 'owner', 7, 'owner_protected'),
          ...failIf(target !== undefined && statusOf(target) === 'pending', 8, 'invalid_transition'),
        ],
        obligations: target ? [{ type: 'terminate_sessions', user: target.user }] : [],
      }
    default:
      return nothingMore
  }
}

export const fivemanage: ReferenceSystem = {
  actions: new Set([...fromOwner, 'invitation:accept']),
  inviteeActions: new Set(['invitation:accept']),
  services: {},
  plans: undefined,
  definesRole: (_document, role) => role !== undefined && Object.hasOwn(heldBy, role),
  gates: () => [],
  grant,
  operation,
}
