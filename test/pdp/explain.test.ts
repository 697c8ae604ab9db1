import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadPolicy } from '../../src/app/activate.ts'
import { tenantDocuments } from '../../src/app/project.ts'
import { createPdp } from '../../src/pdp/decide.ts'
import { PosternError } from '../../src/pdp/errors.ts'
import { applyPatch } from '../../src/pdp/json-patch.ts'
import type { Policy } from '../../src/pdp/policy.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { factsOfDocument, type TenantDocument } from '../../src/pdp/tenant-document.ts'
import { builtBundle, inlinePdp, memoLimits, project } from '../support/policy.ts'

const policy = loadPolicy(builtBundle(), 64)
const pdp = inlinePdp(policy)

const account: TenantDocument = {
  tenant: 'acme',
  system: 'filestack',
  plan: 'free',
  revision: 4,
  settings: { company_name: 'Acme', owner_full_name: 'Owner One' },
  api_keys: ['key-site', 'key-app'],
  members: [
    { user: 'owner', role: 'account_owner', status: 'active' },
    { user: 'dev', role: 'developer', status: 'active', api_keys: ['key-site'] },
    { user: 'bill', role: 'billing', status: 'pending' },
  ],
}

interface Question {
  readonly subject: string
  readonly action: string
  readonly properties?: Readonly<Record<string, unknown>>
  readonly tenant?: object
}

const asking = ({ subject, action, properties = {}, tenant = account }: Question): DecisionRequest => ({
  subject: { type: 'user', id: subject },
  action: { name: action },
  resource: { type: action.slice(0, action.indexOf(':')), id: '-', properties },
  tenant: tenant as Readonly<Record<string, unknown>>,
})

const invitation = asking({
  subject: 'owner',
  action: 'member:invite',
  properties: { email: 'new@example.com', role: 'billing' },
})

const outcomes = (stages: readonly { stage: string; outcome: string }[]) =>
  stages.map(({ stage, outcome }) => `${stage} ${outcome}`)

/** Each demo tenant, as it is and with a second factor asked of everybody, which nobody has. */
function demoTenants(): TenantDocument[] {
  return tenantDocuments(project, null).flatMap((file) => {
    const demo = parse(readFileSync(file, 'utf8')) as TenantDocument
    const members = demo.members?.map((member) => ({ ...member, two_factor_enabled: false }))
    const settings = { ...demo.settings, two_factor_enforced: true }
    return [demo, { ...demo, settings, ...(members === undefined ? {} : { members }) }]
  })
}

describe('an explanation', () => {
  it('goes through the ten stages of a refusal, those behind it not reached', async () => {
    const { decision, revision, stages } = await pdp.explain(invitation)
    expect([decision, revision]).toEqual([pdp.decide(invitation).decision, '4'])
    expect(outcomes(stages)).toEqual([
      'request passed',
      'membership passed',
      'gate passed',
      'right passed',
      'relation passed',
      'shape passed',
      'target passed',
      'precondition passed',
      'capacity refused',
      'allow not_reached',
    ])
    expect(stages[3]?.saw).toEqual({
      role: 'account_owner',
      plan: 'free',
      cell: 'config/systems/filestack/matrix.yaml:17',
    })
    expect(stages[8]).toEqual({
      stage: 'capacity',
      outcome: 'refused',
      reason: 'seat_limit_reached',
      rules: [
        {
          rule: 'checks.seat_is_free',
          place: 'config/systems/filestack/lifecycle.yaml:58',
          verdict: 'seat_limit_reached',
        },
      ],
    })
  })

  it('says of rules behind the stage that decided what they would have said', async () => {
    const { decision, stages } = await pdp.explain({ ...invitation, subject: { type: 'user', id: 'dev' } })
    expect(decision.reason).toBe('no_permission')
    expect(outcomes(stages).slice(2)).toEqual([
      'gate passed',
      'right refused',
      'relation not_reached',
      'shape not_reached',
      'target not_reached',
      'precondition not_reached',
      'capacity not_reached',
      'allow not_reached',
    ])
    expect(stages[8]?.rules.map(({ verdict }) => verdict)).toEqual(['seat_limit_reached'])
  })

  it('of an allow passes every stage, ends in its reason, and has nothing to turn', async () => {
    const { decision, stages, nearest_grants } = await pdp.explain(asking({ subject: 'owner', action: 'member:list' }))
    expect(decision.decision).toBe(true)
    expect(new Set(stages.map(({ outcome }) => outcome))).toEqual(new Set(['passed']))
    expect(stages.at(-1)).toEqual({ stage: 'allow', outcome: 'passed', reason: 'role_grant', rules: [] })
    expect(nearest_grants).toEqual([])
  })

  it('of an action that the system does not list stops at the first stage', async () => {
    const { stages } = await pdp.explain(asking({ subject: 'owner', action: 'member:none' }))
    expect(outcomes(stages).slice(0, 2)).toEqual(['request refused', 'membership not_reached'])
    expect(stages[0]?.reason).toBe('unknown_action')
  })

  it('shows the facts that the policy saw, and no others', async () => {
    const { facts } = await pdp.explain(asking({ subject: 'dev', action: 'member:list' }))
    expect(facts).toEqual({
      'request.action.name': 'member:list',
      'tenant.plan': 'free',
      'tenant.system': 'filestack',
      'tenant.settings.company_name': 'Acme',
      'tenant.settings.owner_full_name': 'Owner One',
      'member.exists': true,
      'member.role': 'developer',
      'member.status': 'active',
    })
  })

  it('is refused as a decision is', async () => {
    const nobody = { ...invitation, tenant: { ...account, system: 'none' } }
    await expect(pdp.explain(nobody as never)).rejects.toMatchObject({ code: 'unknown_system' })
    const { tenant: _, ...without } = invitation
    await expect(pdp.explain(without)).rejects.toMatchObject({ code: 'tenant_required' })
  })

  it('fills no cache and reads none', async () => {
    const fresh = inlinePdp(policy)
    await fresh.explain(invitation)
    expect([fresh.memo?.entries, fresh.decide(invitation).cache]).toEqual([0, 'miss'])
  })
})

describe('the nearest grants', () => {
  const grantsOf = async (question: DecisionRequest) =>
    (await pdp.explain(question)).nearest_grants?.map(({ change, reason }) => `${change}: ${reason}`)

  it('of a full tenant free a seat, raise the limit by one, or change to a plan that has more', async () => {
    expect(await grantsOf(invitation)).toEqual([
      'a seat is freed: the invitation of `bill` is revoked: role_grant',
      'a seat is freed: `dev` is made inactive, or another member: role_grant',
      "support raises the tenant's limit to 4 seats: role_grant",
      'the tenant is on the plan `start`: role_grant',
      'the tenant is on the plan `grow`: role_grant',
      'the tenant is on the plan `scale`: role_grant',
      'the tenant is on the plan `custom`: role_grant',
    ])
  })

  it('of a person without the permission name the roles that hold it', async () => {
    expect(await grantsOf(asking({ subject: 'dev', action: 'member:list' }))).toEqual([
      '`dev` has the role `account_owner`: role_grant',
    ])
  })

  it('of an invited person accept the invitation, and of a stranger add a member', async () => {
    const list = 'member:list'
    const pending = { ...account, members: [{ user: 'eve', role: 'account_owner', status: 'pending' }] }
    expect(await grantsOf(asking({ subject: 'eve', action: list, tenant: pending }))).toEqual([
      'the record of `eve` is active: role_grant',
    ])
    for (const tenant of [account, { ...account, members: undefined }])
      expect(
        await grantsOf(asking({ subject: 'stranger', action: list, tenant: JSON.parse(JSON.stringify(tenant)) })),
      ).toEqual(['`stranger` is a member with the role `account_owner`: role_grant'])
  })

  it('of two things that are wrong change both', async () => {
    expect(await grantsOf({ ...invitation, subject: { type: 'user', id: 'dev' } })).toEqual([
      '`dev` has the role `account_owner`, and a seat is freed: the invitation of `bill` is revoked: role_grant',
      '`dev` has the role `account_owner`, and a seat is freed: `owner` is made inactive, or another member: role_grant',
      "`dev` has the role `account_owner`, and support raises the tenant's limit to 4 seats: role_grant",
      '`dev` has the role `account_owner`, and the tenant is on the plan `start`: role_grant',
      '`dev` has the role `account_owner`, and the tenant is on the plan `grow`: role_grant',
    ])
  })

  it('name access to the thing asked for, by the levels and roles that the tenant has', async () => {
    const restricted = {
      tenant: 'library',
      system: 'imagekit',
      plan: 'enterprise',
      members: [{ user: 'noor', role: 'media_library_restricted_access' }],
      shares: [{ user: 'kim', path: '/press', level: 'can_contribute' }],
    }
    const open = asking({
      subject: 'noor',
      action: 'media_file:open',
      properties: { path: '/logos' },
      tenant: restricted,
    })
    expect((await grantsOf(open))?.slice(0, 1)).toEqual([
      '`/logos` is shared with `noor` as `can_contribute`: share_grant',
    ])
    const company = {
      tenant: 'company',
      system: 'filerobot',
      projects: ['website', 'archive'],
      custom_levels: [{ id: 'reviewer', kind: 'project', pages: ['hub_home:access'] }],
      members: [
        { user: 'lou', role: 'reviewer', scope: ['archive'] },
        { user: 'alex', role: 'owner', scope: 'company' },
      ],
    }
    const access = (action: string, project: string) =>
      grantsOf(asking({ subject: 'lou', action, properties: { project }, tenant: company }))
    expect((await access('hub_home:access', 'website'))?.slice(0, 2)).toEqual([
      'the scope of `lou` is `archive`, `website`: custom_level_grant',
      'the scope of `lou` is `company`: custom_level_grant',
    ])
    expect((await access('hub_library_other:access', 'archive'))?.slice(0, 1)).toEqual([
      'the level `reviewer` holds `hub_library_other:access`: custom_level_grant',
    ])
    expect((await access('hub_library_other:access', 'website'))?.slice(0, 1)).toEqual([
      'the level `reviewer` holds `hub_library_other:access`, and the scope of `lou` is `archive`, `website`: custom_level_grant',
    ])
  })

  it('are none where the request itself is wrong', async () => {
    expect(await grantsOf(asking({ subject: 'owner', action: 'member:invite' }))).toEqual([])
  })

  it('are unknown where the tenant is not held as a document', async () => {
    const { document: _, ...facts } = factsOfDocument(account)
    const elsewhere = createPdp({
      tenants: { find: () => facts },
      inline: () => facts,
      defaultTenant: 'acme',
      memo: memoLimits,
    })
    elsewhere.activate(policy)
    const { tenant: __, ...question } = invitation
    expect((await elsewhere.explain(question)).nearest_grants).toBeNull()
  })

  it('leave out a change upon which the policy gives no decision', async () => {
    let asked = 0
    const failing: Policy = {
      ...policy,
      evaluator: {
        ...policy.evaluator,
        evaluate(input) {
          asked++
          if (asked === 2) throw new PosternError('evaluation_failed')
          return policy.evaluator.evaluate(input)
        },
      },
    }
    const { nearest_grants } = await inlinePdp(failing).explain(invitation)
    expect(nearest_grants?.map(({ kind }) => kind)).toEqual(['seat', 'limit', 'plan', 'plan', 'plan', 'plan'])
  })

  it('allow once they are made: every permission, every demo tenant, everybody in it', async () => {
    const kinds = new Set<string>()
    let [denied, turned, pairs] = [0, 0, 0]
    for (const tenant of demoTenants()) {
      const permissions = [...(policy.systems.get(tenant.system)?.permissions.keys() ?? [])]
      const subjects = [...(tenant.members ?? []).map(({ user }) => user).slice(0, 5), 'stranger']
      const properties = {
        user: 'stranger',
        api_key: tenant.api_keys?.[1],
        project: tenant.projects?.[0],
        path: '/brand',
        collection: 'press',
      }
      for (const action of permissions)
        for (const subject of subjects) {
          const question = asking({ subject, action, tenant, properties })
          const { decision, nearest_grants } = await pdp.explain(question)
          if (decision.decision) continue
          denied++
          if (nearest_grants?.length !== 0) turned++
          for (const { kind, with: second, patch, reason } of nearest_grants ?? []) {
            kinds.add(kind)
            if (second !== undefined) pairs++
            const changed = applyPatch<object>(tenant, patch) as Readonly<Record<string, unknown>>
            const after = pdp.decide({ ...question, tenant: changed }).decision
            expect([after.decision, after.reason]).toEqual([true, reason])
          }
        }
    }
    expect(denied).toBeGreaterThan(1_000)
    expect(turned / denied).toBeGreaterThan(0.6)
    expect(pairs).toBeGreaterThan(100)
    expect([...kinds].sort()).toEqual([
      'api_key',
      'gallery',
      'member',
      'override',
      'role',
      'scope',
      'second_factor',
      'share',
      'status',
    ])
  })
})
