import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { meetObligations } from '../../src/review/check-obligations.ts'
import { evaluate, type SystemName, systems } from './evaluate.ts'
import { randomCase } from './generate.ts'
import { askedDocument, decisionFile, decisionRows } from './rows.ts'

const cases = 20_000

const membership = [
  'unknown_action',
  'not_a_member',
  'unknown_role',
  'member_pending',
  'member_inactive',
  'session_terminated',
]
const everywhere = [
  ...membership,
  'no_permission',
  'missing_field',
  'target_not_found',
  'already_member',
  'no_pending_invitation',
  'invalid_transition',
  'role_grant',
  'invitee_self',
]

/** Every reason that a system can give, the reasons of its allows included. */
const reasons: Readonly<Record<SystemName, readonly string[]>> = {
  filestack: [
    ...everywhere,
    'unknown_plan',
    'api_key_not_assigned',
    'unknown_api_key',
    'owner_protected',
    'role_not_assignable',
    'target_role_mismatch',
    'profile_incomplete',
    'api_key_required',
    'verification_required',
    'promo_not_earned',
    'promo_exhausted',
    'already_sent',
    'seat_limit_reached',
    'seats_over_plan_limit',
    'system_grant',
  ],
  imagekit: [
    ...everywhere,
    'unknown_plan',
    'role_not_on_plan',
    'not_shared',
    'permission_level_too_low',
    'unknown_level',
    'last_administrator',
    'target_role_mismatch',
    'plan_not_eligible',
    'root_not_shareable',
    'seat_limit_reached',
    'seats_over_plan_limit',
    'share_grant',
    'system_grant',
  ],
  fivemanage: [
    ...everywhere,
    'override_denied',
    'owner_protected',
    'target_not_lower',
    'role_not_assignable',
    'not_overridable',
    'cannot_grant_unheld',
    'override_grant',
  ],
  filerobot: [
    ...everywhere,
    'unknown_project',
    'out_of_scope',
    'unknown_level',
    'unknown_page',
    'self_target',
    'target_not_lower',
    'level_not_lower',
    'scope_not_covered',
    'level_id_taken',
    'company_only_level',
    'company_page_not_allowed',
    'level_in_use',
    'custom_level_limit_reached',
    'custom_level_grant',
    'gallery_role_grant',
  ],
  quantcdn: [
    ...everywhere,
    'unknown_plan',
    'token_out_of_scope',
    'organization_not_active',
    'two_factor_required',
    'unknown_project',
    'owner_protected',
    'last_owner',
    'role_not_assignable',
    'target_role_mismatch',
    'plan_not_eligible',
    'role_change_requires_readd',
    'registration_required',
    'verification_required',
    'support_desk_only',
    'not_opted_in',
    'not_first_of_month',
    'already_sent',
    'self_service',
    'system_grant',
  ],
}

describe.each(systems)('the reference of %s', (system) => {
  it('gives every decision of its decisions.yaml', () => {
    const wrong = decisionRows(system).flatMap((row) => {
      const { decision, reason, obligations } = evaluate(askedDocument(row), row.request)
      const agrees =
        decision === (row.expect === 'allow') && reason === row.reason && meetObligations(obligations, row.obligations)
      return agrees ? [] : [{ id: row.id, decision, reason, obligations }]
    })
    expect(wrong).toEqual([])
  })

  it('finds every reason among those decisions', () => {
    const shown = new Set(decisionRows(system).map((row) => row.reason))
    expect([...shown].sort()).toEqual([...reasons[system]].sort())
  })

  it('reads a file that its schema accepts', () => {
    const schema = JSON.parse(
      readFileSync(new URL('../../config/schema/decisions.schema.json', import.meta.url), 'utf8'),
    )
    const validate = new Ajv({ allErrors: true }).compile(schema)
    validate(parse(readFileSync(decisionFile(system), 'utf8')))
    expect(validate.errors).toBeNull()
  })

  it('has an own id for every decision', () => {
    const ids = decisionRows(system).map((row) => row.id)
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  })
})

describe(`${cases} random cases`, () => {
  const given = new Map<string, Set<string>>(systems.map((system) => [system, new Set()]))

  beforeAll(() => {
    for (let seed = 0; seed < cases; seed++) {
      const { document, request } = randomCase(seed)
      given.get(document.system)?.add(evaluate(document, request).reason)
    }
  }, 60_000)

  it.each(systems)('reach every reason of %s, and no other', (system) => {
    expect([...(given.get(system) ?? [])].sort()).toEqual([...reasons[system]].sort())
  })

  it('are the same for the same seed', () => {
    expect(randomCase(42)).toEqual(randomCase(42))
  })

  it('take turns through the systems', () => {
    expect(systems.map((_system, seed) => randomCase(seed).document.system)).toEqual([...systems])
  })
})
