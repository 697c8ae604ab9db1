import {
  entry,
  type Finding,
  failIf,
  type Grant,
  isActive,
  isCalendarDate,
  isMissing,
  knowsAddress,
  type Member,
  type Obligation,
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

const owner = 'organization_owner'
const administrator = 'administrator'

const ofEverybody = ['content:view', 'content_revision:view', 'alert_config:view', 'team_member:view']
const ofReadOnly = [
  ...ofEverybody,
  'project_config:view',
  'project_token:view',
  'domain:view',
  'search_config:view',
  'custom_header:view',
  'rule_config:view',
  'crawler_config:view',
  'crawl_history:view',
]
/** Editing that developers and content managers share. */
const editing = [
  'form:manage',
  'form_submission:view',
  'content:create',
  'content:unpublish',
  'content:delete',
  'content_revision:revert',
  'file:upload',
  'wysiwyg_editor:use',
  'code_editor:use',
  'alert_editor:use',
]
const ofContentManager = [...ofEverybody, ...editing, 'archive:upload']
const ofDeveloper = [
  ...ofReadOnly,
  ...editing,
  'project:create',
  'project:edit',
  'certificate:manage',
  'domain:create',
  'search:manage',
  'search_index:clear',
  'custom_header_editor:use',
  'rule:manage',
  'crawler_config:edit',
  'crawl:trigger',
]
const ofAdministrator = [
  ...ofDeveloper,
  'archive:upload',
  'project:delete',
  'crawler:create',
  'team_member:manage',
  'subscription:manage',
]
const ofOwner = [...ofAdministrator, 'two_factor:enforce', 'monthly_report:receive', 'two_factor:reset_member']

const heldBy: Readonly<Record<string, ReadonlySet<string>>> = {
  developer: new Set(ofDeveloper),
  content_manager: new Set(ofContentManager),
  read_only: new Set(ofReadOnly),
  administrator: new Set(ofAdministrator),
  [owner]: new Set(ofOwner),
}

/** Operations that stand under a row. */
const governedBy: Readonly<Record<string, string>> = {
  'team_member:invite': 'team_member:manage',
  'team_member:remove': 'team_member:manage',
  'team_member:change_role': 'team_member:manage',
  'invitation:revoke': 'team_member:manage',
  'monthly_report:opt_in': 'monthly_report:receive',
}

const selfService = ['membership:leave', 'organization:activate', 'two_factor:setup']
const inviteeActions = ['invitation:accept', 'invitation:decline']

const teamFeatures = [
  'team_member:view',
  'team_member:manage',
  'team_member:invite',
  'team_member:change_role',
  'two_factor:enforce',
  'two_factor:reset_member',
  'monthly_report:receive',
  'monthly_report:opt_in',
  'monthly_report:send',
  'invitation:accept',
]

// ---------------------------------------------------------------------------------------------------------- gates

const lacksSecondFactor = (question: Question, self: Member): boolean =>
  question.settings.two_factor_enforced === true && self.two_factor_enabled !== true

const promptFor = (users: readonly string[]): Obligation => ({ type: 'prompt_two_factor_setup', users })

/** Only what is plainly not the dashboard is outside the gate. */
const outsideDashboard = (question: Question): boolean => {
  const { channel } = question.request.context
  return channel === 'api' || (channel === 'support_desk' && question.request.action === 'two_factor:reset_member')
}

function gates(question: Question, self: Member): readonly Finding[] {
  const { tenant } = question.document
  const { action, context } = question.request
  const scopes = context.token_scopes
  const scopesGiven = !isMissing(scopes) || Array.isArray(scopes)
  const inScope = Array.isArray(scopes) && scopes.includes(tenant)
  const elsewhere = !isMissing(context.active_tenant) && context.active_tenant !== tenant
  const passesGate = action === 'two_factor:setup' || action === 'organization:activate'
  const stopped = lacksSecondFactor(question, self) && !passesGate && !outsideDashboard(question)
  return [
    ...failIf(context.channel === 'api' && scopesGiven && !inScope, 2, 'token_out_of_scope'),
    ...failIf(elsewhere && !selfService.includes(action), 2, 'organization_not_active'),
    ...failIf(stopped, 3, 'two_factor_required', [promptFor([self.user])]),
  ]
}

function grant(question: Question, self: Member): Grant {
  const { action, resource } = question.request
  const row = entry(governedBy, action) ?? action
  const isOwn = selfService.includes(action)
  const held = isOwn || (entry(heldBy, self.role)?.has(row) ?? false)
  const knownProject =
    typeof resource.project === 'string' && (question.document.projects ?? []).includes(resource.project)
  const prompts = action === 'organization:activate' && lacksSecondFactor(question, self) && !outsideDashboard(question)
  return {
    findings: [
      ...failIf(!held, 4, 'no_permission'),
      ...failIf(!isMissing(resource.project) && !knownProject, 5, 'unknown_project'),
    ],
    reason: isOwn ? 'self_service' : 'role_grant',
    obligations: prompts ? [promptFor([self.user])] : [],
  }
}

// ----------------------------------------------------------------------------------------------------- operations

const isActiveOwner = (member: Member): boolean => isActive(member) && member.role === owner

/** Is this person the only active owner there is? */
const isLastOwner = (question: Question, person: Member | undefined): boolean =>
  person !== undefined &&
  isActiveOwner(person) &&
  !question.members.some((member) => member !== person && isActiveOwner(member))

/** Only owners deal with owners. */
const protectsOwner = (question: Question): readonly Finding[] =>
  failIf(question.self?.role === administrator && targetOf(question)?.role === owner, 7, 'owner_protected')

const ownerNotAssignable = (question: Question): readonly Finding[] =>
  failIf(question.self?.role === administrator && question.request.resource.role === owner, 7, 'role_not_assignable')

const requireBoolean = (value: unknown): readonly Finding[] => failIf(typeof value !== 'boolean', 6, 'missing_field')

function operation(question: Question): Outcome {
  const { action } = question.request
  const outcome = checksOf(question)
  const team = failIf(teamFeatures.includes(action) && question.document.plan === 'private', 8, 'plan_not_eligible')
  return { findings: [...team, ...outcome.findings], obligations: outcome.obligations }
}

function checksOf(question: Question): Outcome {
  const { members, self } = question
  const { action, resource, context } = question.request
  const target = targetOf(question)
  const knownRole = (role: string): boolean => Object.hasOwn(heldBy, role)

  switch (action) {
    case 'team_member:invite': {
      const email = textOf(resource.email) ?? ''
      return {
        findings: [
          ...requireText(resource.name),
          ...requireText(resource.email),
          ...requireOneOf(resource.role, knownRole, 'unknown_role'),
          ...ownerNotAssignable(question),
          ...failIf(knowsAddress(members, email), 8, 'already_member'),
        ],
        obligations: [{ type: 'send_invitation_email', to: trim(email) }],
      }
    }
    case 'invitation:revoke':
      return {
        findings: [
          ...requireTarget(question),
          ...protectsOwner(question),
          ...failIf(target !== undefined && statusOf(target) !== 'pending', 8, 'invalid_transition'),
        ],
        obligations: target ? [{ type: 'invalidate_invitation', user: target.user }] : [],
      }
    case 'invitation:accept':
      return { findings: failIf(context.registered !== true, 8, 'registration_required'), obligations: [] }
    case 'team_member:remove':
      return {
        findings: [
          ...requireTarget(question),
          ...protectsOwner(question),
          ...failIf(isLastOwner(question, target), 7, 'last_owner'),
          ...failIf(target !== undefined && statusOf(target) === 'pending', 8, 'invalid_transition'),
        ],
        obligations: [],
      }
    case 'team_member:change_role':
      return {
        findings: [
          ...requireTarget(question),
          ...requireOneOf(resource.role, knownRole, 'unknown_role'),
          ...protectsOwner(question),
          ...ownerNotAssignable(question),
          ...failIf(true, 8, 'role_change_requires_readd', [
            { type: 'readd_with_new_role', user: resource.user, role: resource.role },
          ]),
        ],
        obligations: [],
      }
    case 'membership:leave':
      return { findings: failIf(isLastOwner(question, self), 7, 'last_owner'), obligations: [] }
    case 'two_factor:enforce': {
      const without = members.filter((member) => isActive(member) && member.two_factor_enabled !== true)
      const prompts = resource.enabled === true && without.length > 0
      return {
        findings: requireBoolean(resource.enabled),
        obligations: prompts ? [promptFor(without.map((member) => member.user))] : [],
      }
    }
    case 'two_factor:reset_member':
      return {
        findings: [
          ...requireTarget(question),
          ...failIf(context.additional_verification !== true, 8, 'verification_required'),
          ...failIf(context.channel !== 'support_desk', 8, 'support_desk_only'),
        ],
        obligations: target ? [{ type: 'reset_two_factor', user: target.user }] : [],
      }
    case 'monthly_report:opt_in':
      return { findings: requireBoolean(resource.enabled), obligations: [] }
    case 'monthly_report:send':
      return sendReport(question)
    default:
      return { findings: [], obligations: [] }
  }
}

function sendReport(question: Question): Outcome {
  const { date } = question.request.context
  const target = targetOf(question)
  return {
    findings: [
      ...requireTarget(question),
      ...failIf(!isCalendarDate(date), 6, 'missing_field'),
      ...failIf(target !== undefined && !isActiveOwner(target), 7, 'target_role_mismatch'),
      ...failIf(target?.monthly_report_opt_in !== true, 8, 'not_opted_in'),
      ...failIf(typeof date === 'string' && !date.endsWith('-01'), 8, 'not_first_of_month'),
      ...failIf(date !== undefined && target?.monthly_report_last_sent === date, 8, 'already_sent'),
    ],
    obligations: target
      ? [
          {
            type: 'send_email',
            template: 'monthly_team_report',
            to: target.user,
            include: ['members', 'roles', 'last_login', 'active_scoped_tokens'],
          },
        ]
      : [],
  }
}

export const quantcdn: ReferenceSystem = {
  actions: new Set([...ofOwner, ...Object.keys(governedBy), ...selfService, ...inviteeActions, 'monthly_report:send']),
  inviteeActions: new Set(inviteeActions),
  services: { scheduler: ['monthly_report:send'] },
  plans: ['organization', 'private'],
  definesRole: (_document, role) => role !== undefined && Object.hasOwn(heldBy, role),
  gates,
  grant,
  operation,
}
