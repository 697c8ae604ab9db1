import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadPolicy } from '../../src/app/activate.ts'
import { applyEffects } from '../../src/directory/effects/apply-effects.ts'
import { MissingAttribute } from '../../src/directory/effects/effect-scope.ts'
import { packageRoot } from '../../src/document/package-root.ts'
import type { TenantDocument } from '../../src/pdp/tenant-document.ts'
import { builtBundle, inlinePdp } from '../support/policy.ts'
import { backends } from '../support/stored-tenants.ts'
import { draftOf } from './document-draft.ts'

const policy = loadPolicy(builtBundle(), 64)
const pdp = inlinePdp(policy)
const now = '2026-11-26T02:00:00.000Z'

type Tenant = ReturnType<typeof demo>
// biome-ignore lint/suspicious/noExplicitAny: expectations reach anywhere into a document
type Loose = any

function demo(system: string) {
  const text = readFileSync(join(packageRoot(), `config/systems/${system}/demo.yaml`), 'utf8')
  return parse(text) as Record<string, unknown> & { tenant: string; members: Record<string, unknown>[] }
}

interface Act {
  readonly by?: string
  readonly service?: string
  readonly resource?: Readonly<Record<string, unknown>>
  readonly context?: Readonly<Record<string, unknown>>
}

/** Decides on the document, which must allow, and carries the action out on it. */
function act(tenant: Tenant, action: string, how: Act) {
  return applyEffects(draftOf(tenant), allowed(tenant, action, how))
}

function allowed(tenant: Tenant, action: string, { by = '-', service, resource = {}, context = {} }: Act) {
  const request = {
    subject: service === undefined ? { type: 'user', id: by } : { type: 'service', id: service },
    action: { name: action },
    resource: { type: action.split(':')[0] as string, id: '-', properties: resource },
    context,
  }
  const { decision } = pdp.decide({ ...request, tenant: structuredClone(tenant) })
  expect(decision, `${action}: ${decision.reason}`).toMatchObject({ decision: true })
  const permission = policy.systems.get(String(tenant.system))?.permissions.get(action)
  const { obligations } = decision
  return { request, obligations, effects: permission?.effects ?? [], to: permission?.to, now }
}

const member = (tenant: Loose, user: string) => tenant.members.find((record: Loose) => record.user === user)
const without = (tenant: Loose, user: string) => {
  tenant.members = tenant.members.filter((record: Loose) => record.user !== user)
}

type Row = [
  system: string,
  action: string,
  act: Act,
  change: (tenant: Loose) => void,
  prepare?: (tenant: Loose) => void,
]

const withSeats = (tenant: Loose) => Object.assign(tenant, { plan: 'start' })
const invited = (tenant: Loose) =>
  void tenant.members.push({
    user: 'new@example.com',
    email: 'new@example.com',
    role: 'developer',
    status: 'pending',
    api_keys: ['key-app'],
  })
const accepted = (tenant: Loose, user = 'max@example.com') =>
  Object.assign(member(tenant, user), { status: 'active', sessions_valid_after: now })

const rows: Row[] = [
  [
    'filestack',
    'member:invite',
    { by: 'owner', resource: { email: ' New@example.com ', role: 'developer', api_keys: ['key-app'] } },
    (t) =>
      t.members.push({
        user: 'New@example.com',
        email: 'New@example.com',
        role: 'developer',
        status: 'pending',
        api_keys: ['key-app'],
      }),
    withSeats,
  ],
  [
    'filestack',
    'member:invite',
    { by: 'owner', resource: { email: 'new@example.com', role: 'billing', api_keys: ['key-app'] } },
    (t) => t.members.push({ user: 'new@example.com', email: 'new@example.com', role: 'billing', status: 'pending' }),
    withSeats,
  ],
  ['filestack', 'member:resend_invite', { by: 'owner', resource: { user: 'new@example.com' } }, () => {}, invited],
  [
    'filestack',
    'invitation:accept',
    { by: 'new@example.com', context: { email_verified: true } },
    (t) => accepted(t, 'new@example.com'),
    (t) => {
      withSeats(t)
      invited(t)
    },
  ],
  [
    'filestack',
    'member:update',
    { by: 'owner', resource: { user: 'dev', email: 'dev2@example.com' } },
    (t) => Object.assign(member(t, 'dev'), { email: 'dev2@example.com' }),
  ],
  [
    'filestack',
    'member:change_role',
    { by: 'owner', resource: { user: 'dev', role: 'billing' } },
    (t) => {
      member(t, 'dev').role = 'billing'
      delete member(t, 'dev').api_keys
    },
  ],
  [
    'filestack',
    'member:change_role',
    { by: 'owner', resource: { user: 'bill', role: 'developer', api_keys: ['key-app'] } },
    (t) => Object.assign(member(t, 'bill'), { role: 'developer', api_keys: ['key-app'] }),
  ],
  [
    'filestack',
    'member:revoke',
    { by: 'owner', resource: { user: 'dev' } },
    (t) => Object.assign(member(t, 'dev'), { status: 'inactive', sessions_valid_after: now }),
  ],
  [
    'filestack',
    'member:reinstate',
    { by: 'owner', resource: { user: 'gone' } },
    (t) => Object.assign(member(t, 'gone'), { status: 'active' }),
    withSeats,
  ],
  ['filestack', 'member:remove', { by: 'owner', resource: { user: 'dev' } }, (t) => without(t, 'dev')],
  [
    'filestack',
    'api_key:assign',
    { by: 'owner', resource: { user: 'dev', api_key: 'key-app' } },
    (t) => Object.assign(member(t, 'dev'), { api_keys: ['key-site', 'key-app'] }),
  ],
  [
    'filestack',
    'api_key:unassign',
    { by: 'owner', resource: { user: 'dev', api_key: 'key-site' } },
    (t) => Object.assign(member(t, 'dev'), { api_keys: ['key-app'] }),
    (t) => Object.assign(member(t, 'dev'), { api_keys: ['key-site', 'key-app'] }),
  ],
  ['filestack', 'api_key:create', { by: 'owner', resource: { api_key: 'key-new' } }, (t) => t.api_keys.push('key-new')],
  [
    'filestack',
    'api_key:delete',
    { by: 'owner', resource: { api_key: 'key-site' } },
    (t) => {
      t.api_keys = ['key-app']
      member(t, 'dev').api_keys = ['key-app']
    },
    (t) => Object.assign(member(t, 'dev'), { api_keys: ['key-site', 'key-app'] }),
  ],
  [
    'filestack',
    'account_settings:update',
    { by: 'owner', resource: { company_name: 'Acme Two' } },
    (t) => Object.assign(t.settings, { company_name: 'Acme Two' }),
  ],
  [
    'filestack',
    'plan:change',
    { by: 'owner', resource: { plan: 'start' } },
    (t) => Object.assign(t, { plan: 'start' }),
  ],
  [
    'filestack',
    'plan:change',
    { by: 'owner', resource: { plan: 'start' } },
    (t) => {
      t.plan = 'start'
      delete t.settings.seat_limit_override
    },
    (t) => Object.assign(t.settings, { seat_limit_override: 3 }),
  ],
  [
    'filestack',
    'seat_limit:override',
    { service: 'support', resource: { limit: 7 } },
    (t) => Object.assign(t.settings, { seat_limit_override: 7 }),
  ],
  [
    'filestack',
    'seat_limit:override',
    { service: 'support', resource: { limit: null } },
    (t) => {
      delete t.settings.seat_limit_override
    },
    (t) => Object.assign(t.settings, { seat_limit_override: 7 }),
  ],
  [
    'filestack',
    'promo_credit:apply',
    { service: 'billing', context: { month: 3 } },
    (t) => t.settings.promo.applied_months.push(3),
    (t) => Object.assign(t.settings, { promo: { granted: true, applied_months: [1, 2] } }),
  ],

  [
    'imagekit',
    'user:create',
    { by: 'alex', resource: { email: 'new@example.com', role: 'developer' } },
    (t) => t.members.push({ user: 'new@example.com', email: 'new@example.com', role: 'developer', status: 'pending' }),
  ],
  ['imagekit', 'invitation:accept', { by: 'max@example.com' }, (t) => accepted(t)],
  [
    'imagekit',
    'user:update_role',
    { by: 'alex', resource: { user: 'noor', role: 'developer' } },
    (t) => {
      member(t, 'noor').role = 'developer'
      t.groups.agencies = ['kim']
    },
  ],
  [
    'imagekit',
    'user:update_role',
    { by: 'alex', resource: { user: 'sam', role: 'finance' } },
    (t) => {
      member(t, 'sam').role = 'finance'
    },
  ],
  [
    'imagekit',
    'user:delete',
    { by: 'alex', resource: { user: 'kim' } },
    (t) => {
      without(t, 'kim')
      t.groups.agencies = ['noor']
    },
  ],
  [
    'imagekit',
    'media_folder:share',
    { by: 'alex', resource: { path: '/brand', group: 'agencies', level: 'can_manage' } },
    (t) => {
      t.shares.shift()
      t.shares.push({ group: 'agencies', path: '/brand', level: 'can_manage' })
    },
  ],
  [
    'imagekit',
    'media_collection:share',
    { by: 'alex', resource: { collection: 'press', user: 'kim', level: 'none' } },
    (t) => t.shares.pop(),
  ],
  [
    'imagekit',
    'media_file:share',
    { by: 'alex', resource: { path: '/logos/a.png', user: 'noor', level: 'can_view' } },
    (t) => t.shares.push({ user: 'noor', path: '/logos/a.png', level: 'can_view' }),
  ],
  [
    'imagekit',
    'subscription:change_plan',
    { by: 'alex', resource: { plan: 'paid' } },
    (t) => {
      t.plan = 'paid'
    },
    (t) => {
      t.members = t.members.filter(({ role }: { role: string }) => !role.includes('restricted'))
    },
  ],
  [
    'imagekit',
    'seat_limit:override',
    { service: 'support', resource: { limit: 12 } },
    (t) => Object.assign(t.settings, { seat_limit_override: 12 }),
  ],

  [
    'fivemanage',
    'member:invite',
    { by: 'alex', resource: { email: 'new@example.com' } },
    (t) => t.members.push({ user: 'new@example.com', email: 'new@example.com', role: 'member', status: 'pending' }),
  ],
  [
    'fivemanage',
    'member:invite',
    { by: 'alex', resource: { email: 'new@example.com', role: 'admin' } },
    (t) => t.members.push({ user: 'new@example.com', email: 'new@example.com', role: 'admin', status: 'pending' }),
  ],
  ['fivemanage', 'invitation:resend', { by: 'alex', resource: { user: 'max@example.com' } }, () => {}],
  [
    'fivemanage',
    'invitation:revoke',
    { by: 'alex', resource: { user: 'max@example.com' } },
    (t) => without(t, 'max@example.com'),
  ],
  ['fivemanage', 'invitation:accept', { by: 'max@example.com' }, (t) => accepted(t)],
  [
    'fivemanage',
    'member:change_role',
    { by: 'alex', resource: { user: 'robin', role: 'member' } },
    (t) => {
      member(t, 'robin').role = 'member'
      delete member(t, 'robin').overrides
    },
  ],
  [
    'fivemanage',
    'member:set_permission',
    { by: 'alex', resource: { user: 'robin', permission: 'log:read', effect: 'deny' } },
    (t) => {
      member(t, 'robin').overrides.grants['log:read'] = 'deny'
    },
  ],
  [
    'fivemanage',
    'member:set_permission',
    { by: 'alex', resource: { user: 'robin', permission: 'log:search', effect: 'default' } },
    (t) => {
      delete member(t, 'robin').overrides.grants['log:search']
    },
  ],
  [
    'fivemanage',
    'member:set_permission',
    { by: 'alex', resource: { user: 'charlie', permission: 'log:read', effect: 'deny' } },
    (t) => {
      member(t, 'charlie').overrides = { for_role: 'member', grants: { 'log:read': 'deny' } }
    },
  ],
  ['fivemanage', 'member:remove', { by: 'alex', resource: { user: 'noor' } }, (t) => without(t, 'noor')],

  [
    'filerobot',
    'user:invite',
    { by: 'alex', resource: { email: 'new@example.com', level: 'viewer', scope: ['website'] } },
    (t) =>
      t.members.push({
        user: 'new@example.com',
        email: 'new@example.com',
        role: 'viewer',
        status: 'pending',
        scope: ['website'],
      }),
  ],
  [
    'filerobot',
    'user:bulk_invite',
    {
      by: 'alex',
      resource: {
        invites: [
          { email: 'a@example.com', level: 'viewer', scope: ['website'] },
          { email: 'b@example.com', level: 'accountant', scope: 'company' },
        ],
      },
    },
    (t) =>
      t.members.push(
        { user: 'a@example.com', email: 'a@example.com', role: 'viewer', status: 'pending', scope: ['website'] },
        { user: 'b@example.com', email: 'b@example.com', role: 'accountant', status: 'pending', scope: 'company' },
      ),
  ],
  ['filerobot', 'invitation:accept', { by: 'max@example.com' }, (t) => accepted(t)],
  [
    'filerobot',
    'invitation:revoke',
    { by: 'alex', resource: { user: 'max@example.com' } },
    (t) => without(t, 'max@example.com'),
  ],
  [
    'filerobot',
    'user:update_level',
    { by: 'alex', resource: { user: 'kim', level: 'contributor' } },
    (t) => {
      member(t, 'kim').role = 'contributor'
    },
  ],
  [
    'filerobot',
    'user:update_scope',
    { by: 'alex', resource: { user: 'kim', scope: ['website'] } },
    (t) => {
      member(t, 'kim').scope = ['website']
    },
  ],
  [
    'filerobot',
    'user:set_status',
    { by: 'alex', resource: { user: 'kim', status: 'inactive' } },
    (t) => Object.assign(member(t, 'kim'), { status: 'inactive', sessions_valid_after: now }),
  ],
  [
    'filerobot',
    'user:set_status',
    { by: 'alex', resource: { user: 'toni', status: 'active' } },
    (t) => {
      member(t, 'toni').status = 'active'
    },
  ],
  [
    'filerobot',
    'user:update_attributes',
    { by: 'alex', resource: { user: 'noor', attributes: { floor: 2 } } },
    (t) => {
      member(t, 'noor').attributes = { department: 'design', floor: 2 }
    },
  ],
  [
    'filerobot',
    'custom_level:create',
    { by: 'alex', resource: { id: 'press', kind: 'project', pages: ['hub_home:access'] } },
    (t) => t.custom_levels.push({ id: 'press', kind: 'project', pages: ['hub_home:access'] }),
  ],
  [
    'filerobot',
    'custom_level:update',
    { by: 'alex', resource: { id: 'reviewer', pages: ['hub_home:access'] } },
    (t) => {
      t.custom_levels[1].pages = ['hub_home:access']
    },
  ],
  [
    'filerobot',
    'custom_level:delete',
    { by: 'alex', resource: { id: 'reviewer' } },
    (t) => t.custom_levels.pop(),
    (t) => without(t, 'lou'),
  ],

  [
    'quantcdn',
    'team_member:invite',
    { by: 'alex', resource: { name: 'New', email: 'new@example.com', role: 'developer' } },
    (t) =>
      t.members.push({
        user: 'new@example.com',
        email: 'new@example.com',
        name: 'New',
        role: 'developer',
        status: 'pending',
      }),
  ],
  [
    'quantcdn',
    'invitation:revoke',
    { by: 'alex', resource: { user: 'max@example.com' } },
    (t) => without(t, 'max@example.com'),
  ],
  ['quantcdn', 'invitation:accept', { by: 'max@example.com', context: { registered: true } }, (t) => accepted(t)],
  ['quantcdn', 'invitation:decline', { by: 'max@example.com' }, (t) => without(t, 'max@example.com')],
  ['quantcdn', 'team_member:remove', { by: 'alex', resource: { user: 'kim' } }, (t) => without(t, 'kim')],
  ['quantcdn', 'membership:leave', { by: 'kim' }, (t) => without(t, 'kim')],
  ['quantcdn', 'organization:activate', { by: 'kim' }, () => {}],
  ['quantcdn', 'two_factor:setup', { by: 'kim' }, (t) => Object.assign(member(t, 'kim'), { two_factor_enabled: true })],
  [
    'quantcdn',
    'two_factor:enforce',
    { by: 'alex', resource: { enabled: true } },
    (t) => {
      t.settings.two_factor_enforced = true
    },
  ],
  [
    'quantcdn',
    'two_factor:enforce',
    { by: 'alex', resource: { enabled: false } },
    (t) => {
      t.settings.two_factor_enforced = false
    },
  ],
  [
    'quantcdn',
    'two_factor:reset_member',
    { by: 'alex', resource: { user: 'dana' }, context: { additional_verification: true, channel: 'support_desk' } },
    (t) => {
      member(t, 'dana').two_factor_enabled = false
    },
  ],
  [
    'quantcdn',
    'monthly_report:opt_in',
    { by: 'sam', resource: { enabled: true } },
    (t) => {
      member(t, 'sam').monthly_report_opt_in = true
    },
  ],
  [
    'quantcdn',
    'monthly_report:send',
    { service: 'scheduler', resource: { user: 'alex' }, context: { date: '2026-12-01' } },
    (t) => {
      member(t, 'alex').monthly_report_last_sent = '2026-12-01'
    },
  ],
]

describe.each(backends)('an allowed action changes its tenant as its row says, on $name', ({ directoryOf }) => {
  it.each(rows)('%s %s %j', async (system, action, how, change, prepare) => {
    const tenant = demo(system)
    prepare?.(tenant)
    const expected = structuredClone(tenant)
    change(expected)
    const directory = await directoryOf(structuredClone(tenant) as unknown as TenantDocument)
    const decided = allowed(tenant, action, how)
    const written = await directory.write(tenant.tenant, async (draft) => ({
      commit: true,
      change: action,
      value: await applyEffects(draft, decided),
    }))
    expect(written?.value).toEqual(await act(tenant, action, how))
    expect(tenant).toEqual(expected)
    // The store comes to the same.
    expect((await directory.export(tenant.tenant))?.document).toEqual({ ...expected, revision: 2 })
  })
})

it('every row that has effects is among them', () => {
  const tried = new Set(rows.map(([system, action]) => `${system} ${action}`))
  const withEffects = [...policy.systems].flatMap(([system, { permissions }]) =>
    [...permissions].filter(([, { effects }]) => effects.length > 0).map(([action]) => `${system} ${action}`),
  )
  expect(withEffects.filter((row) => !tried.has(row))).toEqual([])
  expect(withEffects).toHaveLength(54)
})

describe('what the transaction has to know', () => {
  it('is who was invited, whose invitation is over and whose sessions end', async () => {
    const bulk = {
      invites: ['a', 'b'].map((name) => ({ email: `${name}@example.com`, level: 'viewer', scope: ['website'] })),
    }
    expect(await act(demo('filerobot'), 'user:bulk_invite', { by: 'alex', resource: bulk })).toEqual({
      invited: ['a@example.com', 'b@example.com'],
      uninvited: [],
      ended: [],
      members: ['a@example.com', 'b@example.com'],
    })
    expect(await act(demo('quantcdn'), 'invitation:decline', { by: 'max@example.com' })).toEqual({
      invited: [],
      uninvited: ['max@example.com'],
      ended: ['max@example.com'],
      members: ['max@example.com'],
    })
    expect(await act(demo('filestack'), 'member:revoke', { by: 'owner', resource: { user: 'dev' } })).toEqual({
      invited: [],
      uninvited: [],
      ended: ['dev'],
      members: ['dev'],
    })
  })

  it('is that an attribute is missing which the policy does not ask for', async () => {
    await expect(act(demo('filestack'), 'api_key:create', { by: 'owner' })).rejects.toThrow(
      new MissingAttribute('api_key'),
    )
  })
})
