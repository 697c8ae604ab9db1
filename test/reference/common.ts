// The evaluation order that all systems share, and the meaning of "missing", "blank", "path" and "instant".
// This evaluator is an oracle for tests: plain, slow, and independent of everything under src/, policies/ and config/.
// A check never answers by itself. It reports a finding (stage and code), and the earliest finding is the reason.

export type Attributes = Readonly<Record<string, unknown>>

export interface Obligation {
  readonly type: string
  readonly [parameter: string]: unknown
}

export interface Decision {
  readonly decision: boolean
  readonly reason: string
  readonly obligations: readonly Obligation[]
}

export interface Subject {
  readonly type: string
  readonly id: string
}

export interface ScenarioRequest {
  readonly subject: Subject
  readonly action: string
  readonly resource: Attributes
  readonly context: Attributes
}

export interface Member {
  readonly user: string
  readonly email?: string
  readonly role?: string
  readonly status?: string
  readonly sessions_valid_after?: string
  readonly api_keys?: readonly string[]
  readonly overrides?: { readonly for_role?: string; readonly grants?: Readonly<Record<string, string>> }
  readonly scope?: string | readonly string[]
  readonly attributes?: Attributes
  readonly two_factor_enabled?: boolean
  readonly monthly_report_opt_in?: boolean
  readonly monthly_report_last_sent?: string
}

export interface Settings {
  readonly seat_limit_override?: number
  readonly company_name?: string
  readonly owner_full_name?: string
  readonly promo?: {
    readonly window_open?: boolean
    readonly granted?: boolean
    readonly applied_months?: readonly number[]
  }
  readonly two_factor_enforced?: boolean
}

export interface Share {
  readonly user?: string
  readonly group?: string
  readonly path?: string
  readonly collection?: string
  readonly level?: string
}

export interface Ownership {
  readonly user?: string
  readonly path?: string
  readonly collection?: string
}

export interface CustomLevel {
  readonly id?: string
  readonly kind?: string
  readonly pages?: readonly string[]
}

export interface GalleryAccess {
  readonly user?: string
  readonly project?: string
  readonly folder?: string
  readonly role?: string
}

export interface TenantDocument {
  readonly tenant: string
  readonly system: string
  readonly plan?: string
  readonly revision?: number
  readonly settings?: Settings
  readonly members?: readonly Member[]
  readonly api_keys?: readonly string[]
  readonly shares?: readonly Share[]
  readonly groups?: Readonly<Record<string, readonly string[]>>
  readonly owners?: readonly Ownership[]
  readonly collection_assets?: Readonly<Record<string, readonly string[]>>
  readonly projects?: readonly string[]
  readonly custom_levels?: readonly CustomLevel[]
  readonly gallery_roles?: Readonly<Record<string, readonly string[]>>
  readonly gallery_access?: readonly GalleryAccess[]
}

export interface Question {
  readonly document: TenantDocument
  readonly request: ScenarioRequest
  readonly members: readonly Member[]
  readonly settings: Settings
  /** The subject's own record. Only a subject of type `user` can have one. */
  readonly self: Member | undefined
}

/** A code that some check gives. Only the earliest of all findings is ever heard. */
export interface Finding {
  readonly stage: number
  readonly reason: string
  readonly obligations: readonly Obligation[]
}

export interface Outcome {
  readonly findings: readonly Finding[]
  readonly obligations: readonly Obligation[]
}

export interface Grant extends Outcome {
  readonly reason: string
}

/** What one system adds to the shared order. */
export interface ReferenceSystem {
  readonly actions: ReadonlySet<string>
  readonly inviteeActions: ReadonlySet<string>
  /** Service id to the permissions it has. */
  readonly services: Readonly<Record<string, readonly string[]>>
  /** The defined plans, or undefined where the system has none. */
  readonly plans: readonly string[] | undefined
  definesRole(document: TenantDocument, role: string | undefined): boolean
  /** Stages 2 (after the session) and 3. */
  gates(question: Question, self: Member): readonly Finding[]
  /** Stages 4 and 5, and the reason of an allow. */
  grant(question: Question, self: Member): Grant
  /** Stages 6 to 9, and the obligations of an allow. */
  operation(question: Question): Outcome
}

// Within a stage the codes go in the order written here.
const order: Readonly<Record<number, readonly string[]>> = {
  2: [
    'not_a_member',
    'unknown_role',
    'unknown_plan',
    'member_pending',
    'member_inactive',
    'session_terminated',
    'token_out_of_scope',
    'organization_not_active',
  ],
  3: ['two_factor_required'],
  4: ['role_not_on_plan', 'override_denied', 'no_permission'],
  5: [
    'missing_field',
    'unknown_project',
    'out_of_scope',
    'api_key_not_assigned',
    'not_shared',
    'permission_level_too_low',
  ],
  6: [
    'missing_field',
    'unknown_role',
    'unknown_level',
    'unknown_plan',
    'unknown_api_key',
    'unknown_project',
    'unknown_page',
  ],
  7: [
    'target_not_found',
    'self_target',
    'owner_protected',
    'last_owner',
    'last_administrator',
    'target_not_lower',
    'level_not_lower',
    'role_not_assignable',
    'target_role_mismatch',
    'scope_not_covered',
  ],
  8: [
    'already_member',
    'level_id_taken',
    'no_pending_invitation',
    'invalid_transition',
    'plan_not_eligible',
    'role_change_requires_readd',
    'profile_incomplete',
    'role_not_on_plan',
    'company_only_level',
    'company_page_not_allowed',
    'api_key_required',
    'root_not_shareable',
    'not_overridable',
    'cannot_grant_unheld',
    'registration_required',
    'verification_required',
    'support_desk_only',
    'not_opted_in',
    'not_first_of_month',
    'promo_not_earned',
    'promo_exhausted',
    'already_sent',
    'level_in_use',
  ],
  9: ['seat_limit_reached', 'seats_over_plan_limit', 'custom_level_limit_reached'],
}

const placeOf = (finding: Finding): number => {
  const place = order[finding.stage]?.indexOf(finding.reason) ?? -1
  if (place < 0) throw new Error(`${finding.reason} does not belong to stage ${finding.stage}`)
  return finding.stage * 1000 + place
}

/** The finding that answers, or undefined where every check passed. */
export function earliest(findings: readonly Finding[]): Finding | undefined {
  let first: Finding | undefined
  for (const finding of findings) if (!first || placeOf(finding) < placeOf(first)) first = finding
  return first
}

export const finding = (stage: number, reason: string, obligations: readonly Obligation[] = []): Finding => ({
  stage,
  reason,
  obligations,
})

/** `[finding]` if the check fails, else nothing: lets checks be listed one below the other. */
export const failIf = (
  failed: boolean,
  stage: number,
  reason: string,
  obligations: readonly Obligation[] = [],
): readonly Finding[] => (failed ? [finding(stage, reason, obligations)] : [])

/** A member of an object that was read from outside: never something inherited. */
export const entry = <T>(record: Readonly<Record<string, T>> | undefined, key: string | undefined): T | undefined =>
  record !== undefined && key !== undefined && Object.hasOwn(record, key) ? record[key] : undefined

export const nothingMore: Outcome = { findings: [], obligations: [] }

const deny = (reason: string, obligations: readonly Obligation[] = []): Decision => ({
  decision: false,
  reason,
  obligations,
})

export function evaluateIn(system: ReferenceSystem, document: TenantDocument, request: ScenarioRequest): Decision {
  const { subject, action } = request
  const members = document.members ?? []
  const self = subject.type === 'user' ? members.find((member) => member.user === subject.id) : undefined
  const question: Question = { document, request, members, settings: document.settings ?? {}, self }

  if (!system.actions.has(action)) return deny('unknown_action')
  const planUndefined = system.plans !== undefined && !system.plans.includes(document.plan ?? '')
  const findings: Finding[] = []
  let reason: string
  let obligations: readonly Obligation[] = []

  if (subject.type === 'service') {
    if (!entry(system.services, subject.id)?.includes(action)) return deny('no_permission')
    reason = 'system_grant'
    findings.push(...failIf(planUndefined, 6, 'unknown_plan'))
  } else if (system.inviteeActions.has(action)) {
    reason = 'invitee_self'
    findings.push(...failIf(planUndefined, 6, 'unknown_plan'))
    findings.push(...failIf(self === undefined || statusOf(self) !== 'pending', 8, 'no_pending_invitation'))
  } else {
    if (!self) return deny('not_a_member')
    const grant = system.grant(question, self)
    reason = grant.reason
    obligations = grant.obligations
    findings.push(
      ...failIf(!system.definesRole(document, self.role), 2, 'unknown_role'),
      ...failIf(planUndefined, 2, 'unknown_plan'),
      ...failIf(statusOf(self) === 'pending', 2, 'member_pending'),
      ...failIf(statusOf(self) === 'inactive', 2, 'member_inactive'),
      ...failIf(!sessionCounts(self, request.context.session_issued_at), 2, 'session_terminated'),
      ...system.gates(question, self),
      ...grant.findings,
    )
  }

  const operation = system.operation(question)
  const first = earliest([...findings, ...operation.findings])
  if (first) return deny(first.reason, first.obligations)
  return { decision: true, reason, obligations: [...obligations, ...operation.obligations] }
}

// ----------------------------------------------------------------------------------------------------- members

export type Status = 'active' | 'pending' | 'inactive'

/** A status that nobody defined counts as inactive; a record without one is active. */
export function statusOf(member: Member): Status {
  const status = member.status ?? 'active'
  return status === 'active' || status === 'pending' ? status : 'inactive'
}

export const isActive = (member: Member): boolean => statusOf(member) === 'active'

/** Seats are taken by everybody who is active or invited. */
export const usedSeats = (members: readonly Member[]): number =>
  members.filter((member) => statusOf(member) !== 'inactive').length

/** Is an invited address that of somebody who has a record, whatever its status? */
export function knowsAddress(members: readonly Member[], email: string): boolean {
  const address = lowerAscii(trim(email))
  return members.some(
    (member) =>
      lowerAscii(member.user) === address || (member.email !== undefined && lowerAscii(member.email) === address),
  )
}

export const sameAddress = (one: string, other: string): boolean => lowerAscii(trim(one)) === lowerAscii(trim(other))

const lowerAscii = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** Where a resent invitation goes: the address of the record, or its id where it has none. */
export const addressOf = (member: Member): string => member.email ?? member.user

// ------------------------------------------------------------------------------------------- request attributes

/** Without the white space of ECMAScript and U+0085 at both ends. */
export const trim = (text: string): string => text.replace(/^[\s\u0085]+|[\s\u0085]+$/g, '')

export const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Absent, null, empty or only white space, an empty list or object. */
export function isMissing(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (typeof value === 'string') return trim(value) === ''
  if (Array.isArray(value)) return value.length === 0
  return isPlainObject(value) && Object.keys(value).length === 0
}

/** A string that says something, else undefined. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && !isMissing(value) ? value : undefined

export const isPositiveInteger = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1

/** Stage 6: an attribute that must be a string and may say anything. */
export const requireText = (value: unknown): readonly Finding[] =>
  failIf(textOf(value) === undefined, 6, 'missing_field')

/** Stage 6: an attribute that must be one of some values, each other value being unknown. */
export function requireOneOf(value: unknown, known: (text: string) => boolean, unknown: string): readonly Finding[] {
  if (isMissing(value)) return [finding(6, 'missing_field')]
  return failIf(typeof value !== 'string' || !known(value), 6, unknown)
}

/** Stage 6: a list that must be there, of elements that must be known. */
export function requireList(value: unknown, known: (text: string) => boolean, unknown: string): readonly Finding[] {
  if (!Array.isArray(value) || value.length === 0) return [finding(6, 'missing_field')]
  return failIf(!value.every((element) => typeof element === 'string' && known(element)), 6, unknown)
}

/** The record that `resource.user` names; ids compare exactly. */
export const targetOf = (question: Question): Member | undefined => {
  const user = question.request.resource.user
  return typeof user === 'string' ? question.members.find((member) => member.user === user) : undefined
}

/** Stages 6 and 7 of every operation on an existing record. */
export const requireTarget = (question: Question): readonly Finding[] => [
  ...requireText(question.request.resource.user),
  ...failIf(targetOf(question) === undefined, 7, 'target_not_found'),
]

// ------------------------------------------------------------------------------------------------------- seats

export const effectiveSeatLimit = (override: number | undefined, planLimit: number | null): number | null =>
  override ?? planLimit

/** An override survives a change of plan only where it is larger than what the new plan gives. */
export function limitAfterPlanChange(
  override: number | undefined,
  planLimit: number | null,
): { readonly limit: number | null; readonly clearsOverride: boolean } {
  if (override === undefined) return { limit: planLimit, clearsOverride: false }
  if (planLimit === null || planLimit >= override) return { limit: planLimit, clearsOverride: true }
  return { limit: override, clearsOverride: false }
}

/** Stage 6 of the support's `limit`: null clears, an integer of at least 1 sets. */
export const requireSeatLimit = (resource: Attributes): readonly Finding[] =>
  failIf(resource.limit !== null && !isPositiveInteger(resource.limit), 6, 'missing_field')

// ------------------------------------------------------------------------------------------------------- times

const daysInMonth = (year: number, month: number): number => {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0
}

/** Days from 1970-01-01 in the Gregorian calendar. */
function dayNumber(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146097 + dayOfEra - 719468
}

const instantPattern = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/

/** Milliseconds since 1970 of an RFC 3339 instant, finer digits dropped; undefined for anything else. */
export function instantOf(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined
  const match = instantPattern.exec(value)
  if (!match) return undefined
  const part = (index: number): number => Number(match[index] ?? 0)
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)]
  const [offsetHour, offsetMinute] = [part(9), part(10)]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return undefined
  const milliseconds = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3))
  const offset = (match[8] === '-' ? -1 : 1) * (offsetHour * 60 + offsetMinute)
  const minutes = dayNumber(year, month, day) * 1440 + hour * 60 + minute - offset
  return (minutes * 60 + second) * 1000 + milliseconds
}

/** A day that exists, as YYYY-MM-DD. */
export function isCalendarDate(value: unknown): value is string {
  if (typeof value !== 'string') return false
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value)
  if (!match) return false
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
}

function sessionCounts(self: Member, issuedAt: unknown): boolean {
  if (self.sessions_valid_after === undefined) return true
  const validAfter = instantOf(self.sessions_valid_after)
  const issued = instantOf(issuedAt)
  return validAfter !== undefined && issued !== undefined && issued > validAfter
}

// ------------------------------------------------------------------------------------------------------- paths

export function isPath(value: unknown): value is string {
  if (typeof value !== 'string' || !value.startsWith('/')) return false
  if (value === '/') return true
  return value
    .slice(1)
    .split('/')
    .every((segment) => segment !== '' && segment !== '.' && segment !== '..')
}

/** Both paths well formed: the folder itself, and everything below it. */
export const covers = (folder: string, path: string): boolean =>
  folder === '/' || path === folder || path.startsWith(`${folder}/`)
