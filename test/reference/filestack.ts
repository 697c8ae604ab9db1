import {
  addressOf,
  effectiveSeatLimit,
  entry,
  type Finding,
  failIf,
  finding,
  type Grant,
  isActive,
  isMissing,
  isPositiveInteger,
  knowsAddress,
  limitAfterPlanChange,
  type Member,
  nothingMore,
  type Obligation,
  type Outcome,
  type Question,
  type ReferenceSystem,
  requireOneOf,
  requireSeatLimit,
  requireTarget,
  requireText,
  type Settings,
  statusOf,
  targetOf,
  textOf,
  trim,
  usedSeats,
} from './common.ts'

const roles = ['account_owner', 'developer', 'billing']

const seatLimits: Readonly<Record<string, number | null>> = { free: 3, start: 5, grow: 10, scale: null, custom: null }

/** Rows on which a developer is held to the keys that were assigned to him. */
const keyBound = [
  'api_key:view',
  'api_key:use',
  'team_apps:view',
  'configuration:view',
  'configuration:manage',
  'storage_integration:view',
  'storage_integration:manage',
  'security_control:view',
  'security_control:manage',
  'workflow:view',
  'workflow:manage',
  'analytics:view',
  'content_browser:view',
]

const ofBilling = [
  'api_key:view',
  'account_section:view',
  'billing_info:view',
  'billing_info:manage',
  'marketplace:view',
  'marketplace:purchase',
  'plan:view',
  'plan:change',
  'own_membership:view',
]

const ofNobodyElse = [
  'user_management:view',
  'member:list',
  'member:search',
  'member:invite',
  'member:resend_invite',
  'member:update',
  'member:change_role',
  'member:revoke',
  'member:reinstate',
  'member:remove',
  'member:view_activity',
  'api_key:assign',
  'api_key:unassign',
  'api_key:create',
  'api_key:delete',
  'application:manage',
  'account_settings:update',
]

const heldBy: Readonly<Record<string, ReadonlySet<string>>> = {
  account_owner: new Set([...ofNobodyElse, ...keyBound, ...ofBilling]),
  developer: new Set([...keyBound, 'own_membership:view']),
  billing: new Set(ofBilling),
}

const gatedByProfile = new Set([
  'user_management:view',
  'member:list',
  'member:search',
  'member:view_activity',
  'member:invite',
  'member:resend_invite',
  'member:update',
  'member:change_role',
  'member:reinstate',
  'api_key:assign',
])

const existingKeys = (question: Question): readonly string[] => question.document.api_keys ?? []

/** The member's keys that still exist, in stored order. */
const assignedKeys = (question: Question, member: Member): readonly string[] => [
  ...new Set((member.api_keys ?? []).filter((key) => existingKeys(question).includes(key))),
]

const profileBlank = (settings: Settings): boolean =>
  trim(settings.company_name ?? '') === '' || trim(settings.owner_full_name ?? '') === ''

const seatLimit = (question: Question): number | null =>
  effectiveSeatLimit(question.settings.seat_limit_override, entry(seatLimits, question.document.plan) ?? null)

const isFull = (question: Question): boolean => {
  const limit = seatLimit(question)
  return limit !== null && usedSeats(question.members) >= limit
}

const isOverfull = (question: Question): boolean => {
  const limit = seatLimit(question)
  return limit !== null && usedSeats(question.members) > limit
}

const reserveSeat = (question: Question): Obligation => ({
  type: 'reserve_seat',
  used_before: usedSeats(question.members),
  limit: seatLimit(question),
})

/** One more member becomes active: is the promotion earned by that? */
const promoEarned = (question: Question): readonly Obligation[] => {
  const promo = question.settings.promo ?? {}
  const activeAfter = question.members.filter(isActive).length + 1
  if (promo.window_open !== true || promo.granted === true || activeAfter < 5) return []
  return [{ type: 'grant_promo_credit', monthly_usd: 10, months: 10, total_usd: 100 }]
}

/** `api_keys` of a request: an optional list of keys that exist. */
const requestedKeys = (question: Question): { keys: readonly unknown[]; findings: readonly Finding[] } => {
  const value = question.request.resource.api_keys
  if (isMissing(value)) return { keys: [], findings: [] }
  if (!Array.isArray(value)) return { keys: [], findings: [finding(6, 'missing_field')] }
  return { keys: value, findings: failIf(!value.every((key) => keyExists(question, key)), 6, 'unknown_api_key') }
}

const keyExists = (question: Question, key: unknown): boolean =>
  typeof key === 'string' && existingKeys(question).includes(key)

const holdsAssignedSeat = (member: Member): boolean => member.role === 'developer' && statusOf(member) !== 'inactive'

function grant(question: Question, self: Member): Grant {
  const { action, resource } = question.request
  const held = entry(heldBy, self.role)?.has(action) ?? false
  const findings: Finding[] = [...failIf(!held, 4, 'no_permission')]
  const obligations: Obligation[] = []
  if (self.role === 'developer' && keyBound.includes(action)) {
    const assigned = assignedKeys(question, self)
    if (!isMissing(resource.api_key)) {
      const key = resource.api_key
      findings.push(...failIf(typeof key !== 'string' || !assigned.includes(key), 5, 'api_key_not_assigned'))
    } else if (action.endsWith(':view')) {
      obligations.push({ type: 'filter_api_keys', keys: assigned })
    } else {
      findings.push(finding(5, 'missing_field'))
    }
  }
  return { findings, reason: 'role_grant', obligations }
}

/** Stages 6 to 8 of giving or taking one key; `allowed` names what only the one or the other asks. */
function keyOfDeveloper(question: Question): { target: Member | undefined; key: string; findings: readonly Finding[] } {
  const target = targetOf(question)
  const { api_key } = question.request.resource
  return {
    target,
    key: textOf(api_key) ?? '',
    findings: [
      ...requireOneOf(api_key, (key) => keyExists(question, key), 'unknown_api_key'),
      ...requireTarget(question),
      ...failIf(target !== undefined && target.role !== 'developer', 7, 'target_role_mismatch'),
    ],
  }
}

function operation(question: Question): Outcome {
  const { action, resource, context } = question.request
  const target = targetOf(question)
  const profile = failIf(gatedByProfile.has(action) && profileBlank(question.settings), 8, 'profile_incomplete')
  const knownRole = (role: string): boolean => roles.includes(role)

  switch (action) {
    case 'member:invite': {
      const requested = resource.role === 'billing' ? { keys: [], findings: [] } : requestedKeys(question)
      const email = textOf(resource.email) ?? ''
      return {
        findings: [
          ...requireText(resource.email),
          ...requireOneOf(resource.role, knownRole, 'unknown_role'),
          ...requested.findings,
          ...failIf(resource.role === 'account_owner', 7, 'role_not_assignable'),
          ...failIf(knowsAddress(question.members, email), 8, 'already_member'),
          ...profile,
          ...failIf(resource.role === 'developer' && requested.keys.length === 0, 8, 'api_key_required'),
          ...failIf(isFull(question), 9, 'seat_limit_reached'),
        ],
        obligations: [{ type: 'send_invitation_email', to: trim(email) }, reserveSeat(question)],
      }
    }
    case 'member:resend_invite':
      return {
        findings: [
          ...requireTarget(question),
          ...failIf(target !== undefined && statusOf(target) !== 'pending', 8, 'invalid_transition'),
          ...profile,
        ],
        obligations: target ? [{ type: 'send_invitation_email', to: addressOf(target) }] : [],
      }
    case 'invitation:accept': {
      const { self } = question
      const keyless = self?.role === 'developer' && assignedKeys(question, self).length === 0
      return {
        findings: [
          ...failIf(keyless, 8, 'api_key_required'),
          ...failIf(context.email_verified !== true, 8, 'verification_required'),
          ...failIf(isOverfull(question), 9, 'seat_limit_reached'),
        ],
        obligations: promoEarned(question),
      }
    }
    case 'member:update':
      return { findings: [...requireTarget(question), ...profile], obligations: [] }
    case 'member:change_role': {
      const requested = resource.role === 'billing' ? { keys: [], findings: [] } : requestedKeys(question)
      const obligations: Obligation[] = []
      if (target) {
        obligations.push({ type: 'notify_user', user: target.user, event: 'role_changed' })
        if (target.role === 'developer' && resource.role === 'billing') {
          obligations.push({ type: 'clear_api_key_assignments', user: target.user })
        }
      }
      return {
        findings: [
          ...requireTarget(question),
          ...requireOneOf(resource.role, knownRole, 'unknown_role'),
          ...requested.findings,
          ...failIf(target?.role === 'account_owner', 7, 'owner_protected'),
          ...failIf(resource.role === 'account_owner', 7, 'role_not_assignable'),
          ...failIf(
            target !== undefined && (statusOf(target) === 'inactive' || target.role === resource.role),
            8,
            'invalid_transition',
          ),
          ...profile,
          ...failIf(resource.role === 'developer' && requested.keys.length === 0, 8, 'api_key_required'),
        ],
        obligations,
      }
    }
    case 'member:revoke':
      return {
        findings: [
          ...requireTarget(question),
          ...failIf(target?.role === 'account_owner', 7, 'owner_protected'),
          ...failIf(target !== undefined && !isActive(target), 8, 'invalid_transition'),
        ],
        obligations: target
          ? [
              { type: 'terminate_sessions', user: target.user },
              { type: 'notify_user', user: target.user, event: 'access_revoked' },
              { type: 'release_seat' },
            ]
          : [],
      }
    case 'member:reinstate': {
      const requested = requestedKeys(question)
      const keyless =
        target?.role === 'developer' && assignedKeys(question, target).length === 0 && requested.keys.length === 0
      return {
        findings: [
          ...requireTarget(question),
          ...requested.findings,
          ...failIf(target !== undefined && statusOf(target) !== 'inactive', 8, 'invalid_transition'),
          ...profile,
          ...failIf(keyless, 8, 'api_key_required'),
          ...failIf(isFull(question), 9, 'seat_limit_reached'),
        ],
        obligations: target
          ? [
              { type: 'notify_user', user: target.user, event: 'access_reinstated' },
              reserveSeat(question),
              ...promoEarned(question),
            ]
          : [],
      }
    }
    case 'member:remove':
      return {
        findings: [...requireTarget(question), ...failIf(target?.role === 'account_owner', 7, 'owner_protected')],
        obligations: target ? afterRemoval(target) : [],
      }
    case 'api_key:assign': {
      const { target: developer, key, findings } = keyOfDeveloper(question)
      const has = developer !== undefined && assignedKeys(question, developer).includes(key)
      return { findings: [...findings, ...failIf(has, 8, 'invalid_transition'), ...profile], obligations: [] }
    }
    case 'api_key:unassign': {
      const { target: developer, key, findings } = keyOfDeveloper(question)
      const assigned = developer ? assignedKeys(question, developer) : []
      const isLast = developer !== undefined && holdsAssignedSeat(developer) && assigned.length === 1
      return {
        findings: [
          ...findings,
          ...failIf(!assigned.includes(key), 8, 'invalid_transition'),
          ...failIf(isLast && assigned.includes(key), 8, 'api_key_required'),
        ],
        obligations: [],
      }
    }
    case 'api_key:delete': {
      const leavesNone = question.members.some((member) => {
        const assigned = assignedKeys(question, member)
        return holdsAssignedSeat(member) && assigned.length === 1 && assigned[0] === resource.api_key
      })
      return {
        findings: [
          ...requireOneOf(resource.api_key, (key) => keyExists(question, key), 'unknown_api_key'),
          ...failIf(leavesNone, 8, 'api_key_required'),
        ],
        obligations: [],
      }
    }
    case 'plan:change': {
      const plan = textOf(resource.plan) ?? ''
      const after = limitAfterPlanChange(question.settings.seat_limit_override, entry(seatLimits, plan) ?? null)
      return {
        findings: [
          ...requireOneOf(resource.plan, (name) => Object.hasOwn(seatLimits, name), 'unknown_plan'),
          ...failIf(plan === question.document.plan, 8, 'invalid_transition'),
          ...failIf(after.limit !== null && usedSeats(question.members) > after.limit, 9, 'seats_over_plan_limit'),
        ],
        obligations: after.clearsOverride ? [{ type: 'clear_seat_limit_override' }] : [],
      }
    }
    case 'seat_limit:override':
      return { findings: requireSeatLimit(resource), obligations: [] }
    case 'promo_credit:apply': {
      const { month } = context
      const promo = question.settings.promo ?? {}
      const applied = typeof month === 'number' && (promo.applied_months ?? []).includes(month)
      return {
        findings: [
          ...failIf(!isPositiveInteger(month), 6, 'missing_field'),
          ...failIf(promo.granted !== true, 8, 'promo_not_earned'),
          ...failIf(typeof month === 'number' && month > 10, 8, 'promo_exhausted'),
          ...failIf(applied, 8, 'already_sent'),
        ],
        obligations: [{ type: 'apply_credit', amount_usd: 10 }],
      }
    }
    case 'api_key:use':
      return namedKeyExists(question, failIf(isMissing(resource.api_key), 6, 'missing_field'))
    default:
      if (keyBound.includes(action)) return namedKeyExists(question, [])
      return { ...nothingMore, findings: profile }
  }
}

/** The owner, and billing where it sees keys, may name any key, but it must exist. */
const namedKeyExists = (question: Question, findings: readonly Finding[]): Outcome => {
  const key = question.request.resource.api_key
  return {
    findings: [...findings, ...failIf(!isMissing(key) && !keyExists(question, key), 6, 'unknown_api_key')],
    obligations: [],
  }
}

function afterRemoval(target: Member): readonly Obligation[] {
  const { user } = target
  const notify: Obligation = { type: 'notify_user', user, event: 'removed' }
  switch (statusOf(target)) {
    case 'active':
      return [{ type: 'terminate_sessions', user }, notify, { type: 'release_seat' }]
    case 'pending':
      return [{ type: 'invalidate_invitation', user }, { type: 'release_seat' }]
    case 'inactive':
      return [notify]
  }
}

export const filestack: ReferenceSystem = {
  actions: new Set([...(heldBy.account_owner ?? []), 'invitation:accept', 'seat_limit:override', 'promo_credit:apply']),
  inviteeActions: new Set(['invitation:accept']),
  services: { support: ['seat_limit:override'], billing: ['promo_credit:apply'] },
  plans: Object.keys(seatLimits),
  definesRole: (_document, role) => role !== undefined && roles.includes(role),
  gates: () => [],
  grant,
  operation,
}
