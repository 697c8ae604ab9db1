import {
  type CustomLevel,
  covers,
  entry,
  type Finding,
  failIf,
  type Grant,
  isMissing,
  isPath,
  isPlainObject,
  knowsAddress,
  type Member,
  nothingMore,
  type Obligation,
  type Outcome,
  type Question,
  type ReferenceSystem,
  requireList,
  requireOneOf,
  requireTarget,
  requireText,
  sameAddress,
  statusOf,
  type TenantDocument,
  targetOf,
  textOf,
  trim,
} from './common.ts'

const ranks: Readonly<Record<string, number>> = {
  owner: 70,
  administrator: 60,
  accountant: 50,
  manager: 40,
  developer: 30,
  contributor: 20,
  viewer: 10,
}
/** Of a custom level, and of a level that is not defined, where somebody is to be managed. */
const customRank = 55

const companyPages = ['settings_company:access', 'settings_billing:access']

const ofViewer = [
  'hub_home:access',
  'hub_library_assets:access',
  'hub_library_folders:access',
  'hub_library_sharebox:access',
  'project:access',
]
const ofContributor = [...ofViewer, 'hub_library_other:access']
const ofDeveloper = [
  ...ofContributor,
  'hub_other:access',
  'settings_project_metadata:access',
  'settings_project_storage:access',
  'settings_project_process:access',
  'settings_development:access',
]
const ofManager = [
  ...ofDeveloper,
  'settings_project_other:access',
  'settings_users:access',
  'settings_other:access',
  'user:invite',
  'user:bulk_invite',
  'user:update_level',
  'user:set_status',
  'user:update_scope',
  'user:update_attributes',
  'user_attribute:define',
]
const ofAdministrator = [
  ...ofManager,
  ...companyPages,
  'custom_level:create',
  'custom_level:update',
  'custom_level:delete',
  'gallery_access:manage',
]

const heldBy: Readonly<Record<string, ReadonlySet<string>>> = {
  owner: new Set(ofAdministrator),
  administrator: new Set(ofAdministrator),
  accountant: new Set(['settings_billing:access']),
  manager: new Set(ofManager),
  developer: new Set(ofDeveloper),
  contributor: new Set(ofContributor),
  viewer: new Set(ofViewer),
}

const pages = ofAdministrator.filter((name) => /^(hub|settings)_.*:access$/.test(name))
const galleryPermissions = ['asset:view', 'asset:edit', 'asset:delete', 'folder:view', 'folder:edit']

// --------------------------------------------------------------------------------------------- levels and scopes

const isStandard = (level: string | undefined): boolean => level !== undefined && Object.hasOwn(ranks, level)

const storedLevels = (document: TenantDocument): readonly CustomLevel[] => document.custom_levels ?? []

/** A custom level that can be held and given: of a defined kind, and not hiding behind a standard id. */
const usableLevel = (document: TenantDocument, level: unknown): CustomLevel | undefined =>
  storedLevels(document).find(
    ({ id, kind }) => id === level && !isStandard(id) && (kind === 'company' || kind === 'project'),
  )

const isKnownLevel = (document: TenantDocument, level: string | undefined): boolean =>
  level !== undefined && (isStandard(level) || usableLevel(document, level) !== undefined)

const isCompanyOnly = (document: TenantDocument, level: unknown): boolean =>
  level === 'owner' ||
  level === 'administrator' ||
  level === 'accountant' ||
  usableLevel(document, level)?.kind === 'company'

const rankOf = (level: string | undefined): number => entry(ranks, level) ?? customRank

type Scope = 'company' | readonly string[]

/** Anything that is neither the company nor a list reaches no project. */
const scopeOf = (member: Member): Scope => {
  if (member.scope === 'company') return 'company'
  return typeof member.scope === 'object' ? member.scope : []
}

const sameScope = (one: Scope, other: Scope): boolean =>
  one === 'company' || other === 'company'
    ? one === other
    : one.every((project) => other.includes(project)) && other.every((project) => one.includes(project))

const isProjectLevel = (actor: Member): boolean => scopeOf(actor) !== 'company'

/** A project-level manager reaches only those whose projects are all his own. */
function coversScope(actor: Member, scope: Scope): boolean {
  const own = scopeOf(actor)
  if (own === 'company') return true
  return scope !== 'company' && scope.length > 0 && scope.every((project) => own.includes(project))
}

const outranks = (actor: Member, level: string | undefined): boolean =>
  isProjectLevel(actor) ? rankOf(level) <= rankOf(actor.role) : rankOf(level) < rankOf(actor.role)

// -------------------------------------------------------------------------------------------------- stages 4 and 5

function reachProject(question: Question, self: Member): readonly Finding[] {
  const { project } = question.request.resource
  const scope = scopeOf(self)
  const findings: Finding[] = []
  if (!isMissing(project)) {
    const known = typeof project === 'string' && (question.document.projects ?? []).includes(project)
    findings.push(...failIf(!known, 5, 'unknown_project'))
    findings.push(...failIf(scope !== 'company' && !scope.some((one) => one === project), 5, 'out_of_scope'))
  }
  findings.push(...failIf(isCompanyOnly(question.document, self.role) && scope !== 'company', 5, 'out_of_scope'))
  return findings
}

/** Assets and folders: what the gallery role says, whatever the level. */
function galleryGrant(question: Question, self: Member): Grant {
  const { action, resource } = question.request
  const project = textOf(resource.project)
  const path = textOf(resource.path)
  const serves = (question.document.gallery_access ?? []).some(
    (access) =>
      access.user === self.user &&
      isPath(access.folder) &&
      (entry(question.document.gallery_roles, access.role)?.includes(action) ?? false) &&
      (project === undefined || access.project === project) &&
      (path === undefined || (isPath(path) && covers(access.folder, path))),
  )
  return {
    findings: [
      ...failIf(!serves, 4, 'no_permission'),
      ...failIf(project === undefined || path === undefined, 5, 'missing_field'),
      ...reachProject(question, self),
    ],
    reason: 'gallery_role_grant',
    obligations: [],
  }
}

function customHolds(level: CustomLevel, action: string): boolean {
  if (action === 'project:access') return true
  if (level.kind === 'project' && companyPages.includes(action)) return false
  return pages.includes(action) && (level.pages ?? []).includes(action)
}

/** Revoking an invitation stands under the row of inviting. */
const rowOf = (action: string): string => (action === 'invitation:revoke' ? 'user:invite' : action)

function grant(question: Question, self: Member): Grant {
  const { action, resource } = question.request
  if (galleryPermissions.includes(action)) return galleryGrant(question, self)
  const custom = isStandard(self.role) ? undefined : usableLevel(question.document, self.role)
  const held = custom ? customHolds(custom, action) : (entry(heldBy, self.role)?.has(rowOf(action)) ?? false)
  const definesForCompany = action === 'user_attribute:define' && self.role === 'manager' && isProjectLevel(self)
  return {
    findings: [
      ...failIf(!held, 4, 'no_permission'),
      ...failIf(action === 'project:access' && isMissing(resource.project), 5, 'missing_field'),
      ...reachProject(question, self),
      ...failIf(definesForCompany, 5, 'out_of_scope'),
    ],
    reason: custom ? 'custom_level_grant' : 'role_grant',
    obligations: [],
  }
}

// ----------------------------------------------------------------------------------------------------- operations

/** `company`, or a list of projects that has something in it. */
function requireScope(question: Question, scope: unknown): readonly Finding[] {
  if (scope === 'company') return []
  const known = (project: string): boolean => (question.document.projects ?? []).includes(project)
  return requireList(scope, known, 'unknown_project')
}

const requestedScope = (scope: unknown): Scope => {
  if (scope === 'company') return 'company'
  return Array.isArray(scope) ? scope.filter((project) => typeof project === 'string') : []
}

const companyOnly = (question: Question, level: unknown, scope: Scope): readonly Finding[] =>
  failIf(isCompanyOnly(question.document, level) && scope !== 'company', 8, 'company_only_level')

/** One invitation, alone or as an item of a batch. */
function invite(question: Question, item: Readonly<Record<string, unknown>>): readonly Finding[] {
  const { self, document } = question
  const email = textOf(item.email) ?? ''
  const level = textOf(item.level)
  const scope = requestedScope(item.scope)
  return [
    ...requireText(item.email),
    ...requireOneOf(item.level, (name) => isKnownLevel(document, name), 'unknown_level'),
    ...requireScope(question, item.scope),
    ...failIf(self !== undefined && !outranks(self, level), 7, 'level_not_lower'),
    ...failIf(self !== undefined && !coversScope(self, scope), 7, 'scope_not_covered'),
    ...failIf(knowsAddress(question.members, email), 8, 'already_member'),
    ...companyOnly(question, level, scope),
  ]
}

const sendTo = (email: unknown): Obligation => ({ type: 'send_invitation_email', to: trim(textOf(email) ?? '') })

/** The first item that fails answers for the batch, so its findings are all that counts. */
function inviteAll(question: Question): Outcome {
  const { invites } = question.request.resource
  if (!Array.isArray(invites) || invites.length === 0) {
    return { findings: failIf(true, 6, 'missing_field'), obligations: [] }
  }
  const earlier: string[] = []
  const obligations: Obligation[] = []
  for (const item of invites) {
    if (!isPlainObject(item)) return { findings: failIf(true, 6, 'missing_field'), obligations: [] }
    const email = textOf(item.email) ?? ''
    const repeated = earlier.some((address) => sameAddress(address, email))
    const findings = [...invite(question, item), ...failIf(repeated, 8, 'already_member')]
    if (findings.length > 0) return { findings, obligations: [] }
    earlier.push(email)
    obligations.push(sendTo(email))
  }
  return { findings: [], obligations }
}

/** Stages 6 and 7 of managing a person: not oneself, nobody of the same or a higher rank, nobody out of reach. */
function manageable(question: Question): readonly Finding[] {
  const { self } = question
  const target = targetOf(question)
  if (!self || !target) return requireTarget(question)
  return [
    ...requireTarget(question),
    ...failIf(target.user === self.user, 7, 'self_target'),
    ...failIf(!outranks(self, target.role), 7, 'target_not_lower'),
    ...failIf(!coversScope(self, scopeOf(target)), 7, 'scope_not_covered'),
  ]
}

const requirePages = (value: unknown): readonly Finding[] =>
  requireList(value, (page) => pages.includes(page), 'unknown_page')

const hasCompanyPage = (value: unknown): boolean =>
  Array.isArray(value) && value.some((page) => companyPages.includes(page))

function operation(question: Question): Outcome {
  const { document, members, self } = question
  const { action, resource } = question.request
  const target = targetOf(question)
  const allow = (findings: readonly Finding[], obligations: readonly Obligation[] = []): Outcome => ({
    findings,
    obligations,
  })

  switch (action) {
    case 'user:invite':
      return allow(invite(question, resource), [sendTo(resource.email)])
    case 'user:bulk_invite':
      return inviteAll(question)
    case 'invitation:revoke':
      return allow(
        [
          ...manageable(question),
          ...failIf(target !== undefined && statusOf(target) !== 'pending', 8, 'invalid_transition'),
        ],
        target ? [{ type: 'invalidate_invitation', user: target.user }] : [],
      )
    case 'user:update_level': {
      const level = textOf(resource.level)
      return allow([
        ...manageable(question),
        ...requireOneOf(resource.level, (name) => isKnownLevel(document, name), 'unknown_level'),
        ...failIf(self !== undefined && !outranks(self, level), 7, 'level_not_lower'),
        ...failIf(target !== undefined && target.role === level, 8, 'invalid_transition'),
        ...(target ? companyOnly(question, level, scopeOf(target)) : []),
      ])
    }
    case 'user:update_scope': {
      const scope = requestedScope(resource.scope)
      return allow([
        ...manageable(question),
        ...requireScope(question, resource.scope),
        ...failIf(self !== undefined && !coversScope(self, scope), 7, 'scope_not_covered'),
        ...failIf(target !== undefined && sameScope(scopeOf(target), scope), 8, 'invalid_transition'),
        ...companyOnly(question, target?.role, scope),
      ])
    }
    case 'user:set_status': {
      const { status } = resource
      const from = target && statusOf(target)
      return allow(
        [
          ...manageable(question),
          ...failIf(status !== 'active' && status !== 'inactive', 6, 'missing_field'),
          ...failIf(from === 'pending' || from === status, 8, 'invalid_transition'),
        ],
        target && status === 'inactive' ? [{ type: 'terminate_sessions', user: target.user }] : [],
      )
    }
    case 'user:update_attributes': {
      const { attributes } = resource
      return allow([
        ...manageable(question),
        ...failIf(!isPlainObject(attributes) || isMissing(attributes), 6, 'missing_field'),
      ])
    }
    case 'custom_level:create': {
      const { id, kind } = resource
      const taken =
        typeof id === 'string' && (isStandard(id) || storedLevels(document).some((level) => level.id === id))
      return allow([
        ...requireText(id),
        ...failIf(kind !== 'company' && kind !== 'project', 6, 'missing_field'),
        ...requirePages(resource.pages),
        ...failIf(taken, 8, 'level_id_taken'),
        ...failIf(kind !== 'company' && hasCompanyPage(resource.pages), 8, 'company_page_not_allowed'),
        ...failIf(storedLevels(document).length >= 5, 9, 'custom_level_limit_reached'),
      ])
    }
    case 'custom_level:update': {
      const stored = storedLevels(document).find((level) => level.id === resource.id)
      return allow([
        ...requireOneOf(resource.id, () => stored !== undefined, 'unknown_level'),
        ...requirePages(resource.pages),
        ...failIf(stored?.kind !== 'company' && hasCompanyPage(resource.pages), 8, 'company_page_not_allowed'),
      ])
    }
    case 'custom_level:delete': {
      const stored = storedLevels(document).find((level) => level.id === resource.id)
      // Who stands under a standard id has the standard level: the stored one that hides behind it is nobody's.
      const inUse = !isStandard(stored?.id) && members.some((member) => member.role === resource.id)
      return allow([
        ...requireOneOf(resource.id, () => stored !== undefined, 'unknown_level'),
        ...failIf(inUse, 8, 'level_in_use'),
      ])
    }
    default:
      return nothingMore
  }
}

export const filerobot: ReferenceSystem = {
  actions: new Set([...ofAdministrator, ...galleryPermissions, 'invitation:revoke', 'invitation:accept']),
  inviteeActions: new Set(['invitation:accept']),
  services: {},
  plans: undefined,
  definesRole: isKnownLevel,
  gates: () => [],
  grant,
  operation,
}
