import {
  type Allow,
  type Asked,
  changed,
  type Document,
  type Gate,
  type Json,
  type Lifecycle,
  type Refusal,
  type Row,
} from './rows.ts'

/** One request upon one tenant, and all that is to come of it. */
export interface Case extends Required<Pick<Asked, 'by' | 'resource' | 'context' | 'before'>> {
  readonly title: string
  readonly action: string
  readonly tenant: Document
  readonly session: string | undefined
  readonly invitation: Asked['invitation']
  readonly expected:
    | { readonly kind: 'allow'; readonly reason: string; readonly of: Allow }
    | { readonly kind: 'refusal'; readonly reason: string; readonly of: Refusal }
    | { readonly kind: 'error'; readonly code: string; readonly status: number }
}

/** Everything that the table of a system says, and what section "order of evaluation" says of each of its rows. */
export function casesOf(lifecycle: Lifecycle): readonly Case[] {
  return [
    ...Object.entries(lifecycle.rows).flatMap(([action, row]) => casesOfRow(lifecycle, action, row)),
    ...lifecycle.unlisted.map((action) =>
      caseOf(
        lifecycle,
        action,
        nobodysRow(lifecycle.person),
        {},
        { kind: 'refusal', reason: 'unknown_action', of: {} },
      ),
    ),
  ]
}

const nobodysRow = (by: string): Row => ({ who: [], by, allows: [], refuses: {} })

function casesOfRow(lifecycle: Lifecycle, action: string, row: Row): readonly Case[] {
  const refused = [...Object.entries(row.refuses), ...common(lifecycle, action, row)]
  const failed = [...Object.entries(row.errors ?? {}), ...secrets(row)]
  return [
    ...row.allows.map((of) =>
      caseOf(lifecycle, action, row, of, { kind: 'allow', reason: of.reason ?? reasonOf(row), of }),
    ),
    ...refused.flatMap(([reason, list]) =>
      list.map((of) => caseOf(lifecycle, action, row, of, { kind: 'refusal', reason, of })),
    ),
    ...failed.flatMap(([code, { status, asked }]) =>
      asked.map((one) => caseOf(lifecycle, action, row, one, { kind: 'error', code, status })),
    ),
  ]
}

function reasonOf({ who }: Row): string {
  if (who === 'invitee') return 'invitee_self'
  if (who === 'self') return 'self_service'
  return typeof who === 'string' ? 'system_grant' : 'role_grant'
}

const endedAt = { sessions_valid_after: '2026-01-01T00:00:00.000Z' }
/** At that instant, before it, and none. */
const badSessions = ['2026-01-01T00:00:00.000999Z', '2026-01-01T01:00:00+02:00', '2026-06-01T00:00:00', 'later']
  .map((session): Asked => ({ session }))
  .concat({})

/** Stages 2 to 4, the same for every row. */
function common(lifecycle: Lifecycle, action: string, row: Row): readonly (readonly [string, readonly Refusal[]])[] {
  const { roles, hasPlans, gates, earlyGates } = lifecycle
  const noPlan = hasPlans ? [{ given: { plan: 'ghost' } }, { given: { plan: null } }] : []
  if (row.who === 'invitee')
    return [
      ['no_permission', [{ by: 'service:support', is: 'a service that has the secret' }]],
      ['no_pending_invitation', [{ by: 'stranger' }, { by: lifecycle.person }].map(asQuestion)],
      ['unknown_plan', noPlan.map(({ given }) => asQuestion({ by: 'pia', given }))],
    ]
  const isService = typeof row.who === 'string' && row.who !== 'self'
  const by = isService ? lifecycle.person : row.by
  const actor = (patch: Json): Refusal => ({ by, given: { members: { [by]: patch } } })
  const others = roles.filter((role) => Array.isArray(row.who) && !row.who.includes(role))
  const gatesOf = (list: readonly Gate[]) =>
    list
      .filter(({ except = [] }) => !except.includes(action))
      .map(({ reason, asked }) => [reason, [asked({ ...row, by })]] as const)
  return [
    ['not_a_member', [{ by: 'stranger' }, { by: 'support', is: 'a user named like a service' }]],
    ['unknown_role', [actor({ role: 'ghost' }), actor({ role: null })]],
    ['unknown_plan', noPlan],
    ['member_pending', [actor({ status: 'pending' })]],
    ['member_inactive', [actor({ status: 'inactive' }), actor({ status: 'suspended' }), actor({ status: '' })]],
    ['session_terminated', badSessions.map((session) => ({ ...actor(endedAt), ...session }))],
    ['no_permission', [{ by: 'service:nobody' }, ...(isService ? roles : others).map((role) => actor({ role }))]],
    ...gatesOf(isService ? earlyGates : [...earlyGates, ...gates]),
  ]
}

function asQuestion(refusal: Refusal): Refusal {
  return { ...refusal, before: [], question: true }
}

/** What an invitation is not accepted with. */
function secrets({ who }: Row): readonly (readonly [string, { status: number; asked: readonly Asked[] }])[] {
  if (who !== 'invitee') return []
  const asked = (['none', 'wrong', 'expired'] as const).map((invitation) => ({ invitation }))
  return [['invitation_needed', { status: 403, asked }]]
}

function caseOf(
  { tenant, system }: Lifecycle,
  action: string,
  row: Row,
  asked: Asked,
  expected: Case['expected'],
): Case {
  const { given = {}, by = row.by, before = row.before ?? [], session = row.session, invitation } = asked
  return {
    title: titleOf(action, asked, expected),
    action,
    tenant: { ...changed(changed(tenant, row.given ?? {}), given), system },
    by,
    before,
    session,
    invitation,
    resource: { ...row.resource, ...asked.resource },
    context: { ...row.context, ...asked.context },
    expected,
  }
}

function titleOf(action: string, asked: Asked, expected: Case['expected']): string {
  const { is, by, session, invitation, resource, context, given } = asked
  const differs = Object.entries({ by, session, invitation, resource, context, given })
  const parts = differs.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${textOf(value)}`]))
  const outcome = expected.kind === 'error' ? expected.code : expected.reason
  return `${action}, ${outcome}: ${[...(is === undefined ? [] : [is]), ...parts].join(', ') || 'as the row asks'}`
}

function textOf(value: unknown): string {
  return typeof value === 'string'
    ? value
    : JSON.stringify(value, (_, inner) => (inner === undefined ? 'absent' : inner))
}
