import { having, type Json, type Lifecycle, lacking, now, type Row, record, type Step } from './rows.ts'

const owner = ['account_owner']

/** olga, dev, tess, bill and pia: five seats of ten. */
const tenant = {
  plan: 'grow',
  settings: { company_name: 'Acme', owner_full_name: 'Olga Owner' },
  members: [
    { user: 'olga', email: 'olga@example.com', role: 'account_owner', status: 'active' },
    { user: 'dev', email: 'dev@example.com', role: 'developer', status: 'active', api_keys: ['k1'] },
    { user: 'tess', email: 'tess@example.com', role: 'developer', status: 'active', api_keys: ['k1', 'k2'] },
    { user: 'bill', email: 'bill@example.com', role: 'billing', status: 'active' },
    { user: 'pia', email: 'pia@example.com', role: 'developer', status: 'pending', api_keys: ['k1'] },
    { user: 'ina', email: 'ina@example.com', role: 'developer', status: 'inactive', api_keys: ['k2'] },
    { user: 'ivy', role: 'billing', status: 'inactive' },
  ],
  api_keys: ['k1', 'k2', 'k3'],
}

const withoutProfile = [
  { given: { settings: { company_name: ' ' } } },
  { given: { settings: { owner_full_name: null } } },
]
const ofUser = {
  missing_field: [...lacking('user'), ...having('user', 7, ['dev'])],
  target_not_found: having('user', 'ghost'),
}
const invitationTo = (to: string) => ({ type: 'send_invitation_email', to })
const seat = (used_before: number, limit: number | null) => ({ type: 'reserve_seat', used_before, limit })
const sessionsOf = (user: string) => ({ type: 'terminate_sessions', user })
const notify = (user: string, event: string) => ({ type: 'notify_user', user, event })
const release = { type: 'release_seat' }
const credit = { type: 'grant_promo_credit', monthly_usd: 10, months: 10, total_usd: 100 }
const open = { settings: { promo: { window_open: true } } }
const granted = { settings: { promo: { granted: true } } }
const full = { limit: 5, used: 5 }
const seats = (figures: Json) => ({ name: 'seats', ...figures })

const invite: Step = {
  by: 'olga',
  action: 'member:invite',
  resource: { email: 'new@example.com', role: 'developer', api_keys: ['k1'] },
}
const joined = {
  'new@example.com': null,
  newcomer: {
    email: 'new@example.com',
    role: 'developer',
    status: 'active',
    api_keys: ['k1'],
    sessions_valid_after: now,
  },
}
const acceptance = { members: ['new@example.com', 'newcomer'], ended: ['new@example.com'] }

/** 1.3: the pages of team management. */
const gated = (): Row => ({
  who: owner,
  by: 'olga',
  allows: [{}],
  refuses: { profile_incomplete: withoutProfile },
})

/** 1.2, `CK`: a view without a key is filtered, whatever changes needs one. */
const keyed = (kind: 'view' | 'manage' | 'use', who: readonly string[]): Row => ({
  who,
  by: 'olga',
  resource: { api_key: 'k2' },
  allows: [
    {},
    { by: 'dev', resource: { api_key: 'k1' } },
    ...(kind === 'use' ? [] : [{ resource: { api_key: undefined } }]),
    ...(kind === 'view'
      ? [
          { by: 'tess', resource: { api_key: ' ' }, obligations: [{ type: 'filter_api_keys', keys: ['k1', 'k2'] }] },
          {
            by: 'tess',
            is: 'with a key that no longer exists',
            ...record('tess', { api_keys: ['k9', 'k2'] }),
            resource: { api_key: null },
            obligations: [{ type: 'filter_api_keys', keys: ['k2'] }],
          },
        ]
      : []),
  ],
  refuses: {
    unknown_api_key: having('api_key', 'k9', 7, ['k1']),
    api_key_not_assigned: [
      { by: 'dev' },
      { by: 'dev', resource: { api_key: 'k9' } },
      { by: 'dev', resource: { api_key: 7 } },
      { by: 'dev', ...record('dev', { api_keys: ['k9'] }), resource: { api_key: 'k9' } },
    ],
    ...(kind === 'view'
      ? {}
      : { missing_field: lacking('api_key').map((asked) => ({ ...asked, ...(kind === 'use' ? {} : { by: 'dev' }) })) }),
  },
})
const developers = ['account_owner', 'developer']

export const filestack: Lifecycle = {
  system: 'filestack',
  roles: ['account_owner', 'developer', 'billing'],
  hasPlans: true,
  person: 'olga',
  tenant,
  gates: [],
  earlyGates: [],
  unlisted: ['invitation:decline', 'member:fly'],
  rows: {
    'user_management:view': gated(),
    'member:list': gated(),
    'member:search': gated(),
    'member:view_activity': gated(),

    'member:invite': {
      who: owner,
      by: 'olga',
      resource: invite.resource as Json,
      allows: [
        {
          obligations: [invitationTo('new@example.com'), seat(5, 10)],
          done: { members: ['new@example.com'], invited: ['new@example.com'] },
          after: {
            members: {
              'new@example.com': { email: 'new@example.com', role: 'developer', status: 'pending', api_keys: ['k1'] },
            },
          },
        },
        {
          is: 'of the tenant that the path names, whatever the request says',
          resource: { role: 'billing', tenant: 'another' },
          context: { tenant: 'another' },
          obligations: [invitationTo('new@example.com'), seat(5, 10)],
          done: { members: ['new@example.com'], invited: ['new@example.com'] },
          after: { members: { 'new@example.com': { email: 'new@example.com', role: 'billing', status: 'pending' } } },
        },
        {
          is: 'in a session that began after the last ones were ended',
          ...record('olga', { sessions_valid_after: '2026-01-01T00:00:00.000Z' }),
          session: '2026-01-01T01:00:00.001+01:00',
          resource: { role: 'billing' },
          obligations: [invitationTo('new@example.com'), seat(5, 10)],
          done: { members: ['new@example.com'], invited: ['new@example.com'] },
          after: { members: { 'new@example.com': { email: 'new@example.com', role: 'billing', status: 'pending' } } },
        },
        {
          is: 'the address trimmed, its letters as written, and keys beside `billing` ignored',
          resource: { email: ' \tNew@Example.com ', role: 'billing', api_keys: 7 },
          obligations: [invitationTo('New@Example.com'), seat(5, 10)],
          done: { members: ['New@Example.com'], invited: ['New@Example.com'] },
          after: { members: { 'New@Example.com': { email: 'New@Example.com', role: 'billing', status: 'pending' } } },
        },
        ...[
          { is: 'the last seat', given: { plan: 'start', members: { bill: { status: 'inactive' } } }, of: seat(4, 5) },
          { is: 'no ceiling', given: { plan: 'scale' }, of: seat(5, null) },
          { is: 'no ceiling', given: { plan: 'custom' }, of: seat(5, null) },
          { is: 'raised by support', given: { plan: 'free', settings: { seat_limit_override: 6 } }, of: seat(5, 6) },
        ].map(({ of, ...asked }) => ({
          ...asked,
          resource: { role: 'billing', api_keys: undefined },
          obligations: [invitationTo('new@example.com'), of],
          done: { members: ['new@example.com'], invited: ['new@example.com'] },
          after: { members: { 'new@example.com': { email: 'new@example.com', role: 'billing', status: 'pending' } } },
        })),
      ],
      refuses: {
        missing_field: [...lacking('email', 'role'), ...having('email', 7, true), ...having('api_keys', 'k1', 7)],
        unknown_role: having('role', 'ghost', 7, true, ['developer']),
        unknown_api_key: having('api_keys', ['k9'], ['k1', 'k9'], ['k1', 7]),
        role_not_assignable: having('role', 'account_owner'),
        already_member: [
          ...having('email', 'dev@example.com', ' PIA@Example.COM ', 'ina@example.com'),
          ...having('email', 'Ivy', 'olga'),
        ],
        profile_incomplete: withoutProfile,
        api_key_required: having('api_keys', undefined, null, []),
        seat_limit_reached: [
          { given: { plan: 'start' }, limit: seats({ ...full, plan: 'start', next_plan: 'grow' }) },
          {
            is: 'over the limit',
            given: { plan: 'free' },
            limit: seats({ limit: 3, used: 5, plan: 'free', next_plan: 'grow' }),
          },
          {
            is: 'lowered by support',
            given: { plan: 'custom', settings: { seat_limit_override: 5 } },
            limit: seats({ ...full, plan: 'custom' }),
          },
          {
            is: 'where `observed_used` says otherwise',
            given: { plan: 'start' },
            context: { observed_used: 0, cached: true },
            limit: seats({ ...full, plan: 'start', next_plan: 'grow' }),
          },
        ],
      },
    },

    'member:resend_invite': {
      who: owner,
      by: 'olga',
      resource: { user: 'pia' },
      allows: [
        { obligations: [invitationTo('pia@example.com')], done: { invited: ['pia'] } },
        {
          is: 'without an address',
          ...record('pia', { email: null }),
          obligations: [invitationTo('pia')],
          done: { invited: ['pia'] },
        },
      ],
      refuses: {
        ...ofUser,
        invalid_transition: having('user', 'dev', 'ina', 'olga'),
        profile_incomplete: withoutProfile,
      },
    },

    'invitation:accept': {
      who: 'invitee',
      by: 'newcomer',
      context: { email_verified: true },
      before: [invite],
      allows: [
        {
          is: 'the fifth to be active while no window is open',
          done: acceptance,
          after: { members: joined },
        },
        {
          is: 'the fifth to be active',
          given: open,
          obligations: [credit],
          done: acceptance,
          after: { members: joined, ...granted },
        },
        {
          is: 'the fourth to be active',
          given: { ...open, members: { bill: { status: 'inactive' } } },
          done: acceptance,
          after: { members: joined },
        },
        {
          is: 'the fifth, after the credit was granted',
          given: { settings: { promo: { window_open: true, granted: true } } },
          done: acceptance,
          after: { members: joined },
        },
        {
          is: 'the last seat, which is its own',
          given: { plan: 'start', members: { bill: { status: 'inactive' } } },
          done: acceptance,
          after: { members: joined },
        },
        {
          is: 'without a complete profile, which is no gate of an invitee',
          before: [invite, { by: 'olga', action: 'account_settings:update', resource: { company_name: '-' } }],
          done: acceptance,
          after: { members: joined },
        },
      ],
      refuses: {
        api_key_required: [
          {
            before: [{ by: 'olga', action: 'member:resend_invite', resource: { user: 'pia' } }],
            ...record('pia', { api_keys: null }),
          },
          {
            before: [{ by: 'olga', action: 'member:resend_invite', resource: { user: 'pia' } }],
            ...record('pia', { api_keys: ['k9'] }),
          },
        ],
        verification_required: [undefined, null, false, 'true', 1].map((email_verified) => ({
          context: { email_verified },
        })),
        seat_limit_reached: [
          {
            before: [invite, { by: 'service:support', action: 'seat_limit:override', resource: { limit: 5 } }],
            limit: seats({ limit: 5, used: 6, plan: 'grow', next_plan: 'scale' }),
          },
        ],
      },
      errors: {
        invitation_needed: {
          status: 403,
          asked: [
            {
              is: 'an invitation that was accepted',
              before: [invite, { by: 'newcomer', action: 'invitation:accept', context: { email_verified: true } }],
              by: 'other',
            },
            {
              is: 'an invitation of somebody who was removed',
              before: [invite, { by: 'olga', action: 'member:remove', resource: { user: 'new@example.com' } }],
            },
            {
              is: 'an invitation that was sent anew',
              before: [invite, { by: 'olga', action: 'member:resend_invite', resource: { user: 'new@example.com' } }],
              invitation: 'first',
            },
          ],
        },
        user_exists: { status: 409, asked: [{ by: 'dev' }, { by: 'ina' }] },
      },
    },

    // What is known of a person is changed elsewhere: an address comes with an invitation alone.
    'member:update': {
      who: owner,
      by: 'olga',
      resource: { user: 'bill' },
      allows: [...having('user', 'bill', 'olga', 'pia', 'ina'), ...having('email', 'dev@example.com', 7)],
      refuses: { ...ofUser, profile_incomplete: withoutProfile },
    },

    'member:change_role': {
      who: owner,
      by: 'olga',
      resource: { user: 'bill', role: 'developer', api_keys: ['k2'] },
      allows: [
        {
          obligations: [notify('bill', 'role_changed')],
          done: { members: ['bill'] },
          after: { members: { bill: { role: 'developer', api_keys: ['k2'] } } },
        },
        {
          is: 'to billing, keys in the request ignored',
          resource: { user: 'tess', role: 'billing', api_keys: 'whatever' },
          obligations: [notify('tess', 'role_changed'), { type: 'clear_api_key_assignments', user: 'tess' }],
          done: { members: ['tess'] },
          after: { members: { tess: { role: 'billing', api_keys: null } } },
        },
        {
          is: 'of somebody who is pending',
          resource: { user: 'pia', role: 'billing', api_keys: undefined },
          obligations: [notify('pia', 'role_changed'), { type: 'clear_api_key_assignments', user: 'pia' }],
          done: { members: ['pia'] },
          after: { members: { pia: { role: 'billing', api_keys: null } } },
        },
      ],
      refuses: {
        missing_field: [...ofUser.missing_field, ...lacking('role'), ...having('api_keys', 'k2', 7)],
        unknown_role: having('role', 'ghost', 7, true, ['billing']),
        unknown_api_key: having('api_keys', ['k9'], ['k2', 7]),
        target_not_found: ofUser.target_not_found,
        owner_protected: having('user', 'olga'),
        role_not_assignable: having('role', 'account_owner'),
        invalid_transition: [
          { is: 'the same role', resource: { user: 'dev' } },
          { is: 'the same role', resource: { role: 'billing' } },
          { is: 'inactive', resource: { user: 'ina', role: 'billing' } },
          { is: 'inactive', resource: { user: 'ivy' } },
        ],
        profile_incomplete: withoutProfile,
        api_key_required: having('api_keys', undefined, null, []),
      },
    },

    'member:revoke': {
      who: owner,
      by: 'olga',
      resource: { user: 'dev' },
      allows: [{}, ...withoutProfile].map((asked) => ({
        ...asked,
        obligations: [sessionsOf('dev'), notify('dev', 'access_revoked'), release],
        done: { members: ['dev'], ended: ['dev'] },
        after: { members: { dev: { status: 'inactive', sessions_valid_after: now } } },
      })),
      refuses: {
        ...ofUser,
        owner_protected: having('user', 'olga'),
        invalid_transition: [
          ...having('user', 'pia', 'ina'),
          { is: 'a status nobody defined', ...record('dev', { status: 'asleep' }) },
        ],
      },
    },

    'member:reinstate': {
      who: owner,
      by: 'olga',
      resource: { user: 'ina' },
      allows: [
        {
          obligations: [notify('ina', 'access_reinstated'), seat(5, 10)],
          done: { members: ['ina'] },
          after: { members: { ina: { status: 'active' } } },
        },
        {
          is: 'with another key',
          resource: { api_keys: ['k3'] },
          obligations: [notify('ina', 'access_reinstated'), seat(5, 10)],
          done: { members: ['ina'] },
          after: { members: { ina: { status: 'active', api_keys: ['k2', 'k3'] } } },
        },
        {
          is: 'of billing, keys in the request ignored',
          resource: { user: 'ivy', api_keys: ['k3'] },
          obligations: [notify('ivy', 'access_reinstated'), seat(5, 10)],
          done: { members: ['ivy'] },
          after: { members: { ivy: { status: 'active' } } },
        },
        {
          is: 'the fifth to be active',
          given: open,
          obligations: [notify('ina', 'access_reinstated'), seat(5, 10), credit],
          done: { members: ['ina'] },
          after: { members: { ina: { status: 'active' } }, ...granted },
        },
        {
          is: 'soon after a revocation: its sessions stay ended',
          resource: { user: 'dev' },
          before: [{ by: 'olga', action: 'member:revoke', resource: { user: 'dev' } }],
          obligations: [notify('dev', 'access_reinstated'), seat(4, 10)],
          done: { members: ['dev'] },
          after: { members: { dev: { status: 'active' } } },
        },
      ],
      refuses: {
        missing_field: [...ofUser.missing_field, ...having('api_keys', 'k3', 7)],
        unknown_api_key: having('api_keys', ['k9'], ['k3', 7]),
        target_not_found: ofUser.target_not_found,
        invalid_transition: having('user', 'dev', 'pia', 'olga'),
        profile_incomplete: withoutProfile,
        api_key_required: [record('ina', { api_keys: null }), record('ina', { api_keys: ['k9'] })],
        seat_limit_reached: [{ given: { plan: 'start' }, limit: seats({ ...full, plan: 'start', next_plan: 'grow' }) }],
      },
    },

    'member:remove': {
      who: owner,
      by: 'olga',
      resource: { user: 'dev' },
      allows: [
        ...[{}, ...withoutProfile].map((asked) => ({
          ...asked,
          obligations: [sessionsOf('dev'), notify('dev', 'removed'), release],
          done: { members: ['dev'], ended: ['dev'] },
          after: { members: { dev: null } },
        })),
        {
          resource: { user: 'pia' },
          obligations: [{ type: 'invalidate_invitation', user: 'pia' }, release],
          done: { members: ['pia'], ended: ['pia'] },
          after: { members: { pia: null } },
        },
        {
          resource: { user: 'ina' },
          obligations: [notify('ina', 'removed')],
          done: { members: ['ina'], ended: ['ina'] },
          after: { members: { ina: null } },
        },
      ],
      refuses: { ...ofUser, owner_protected: having('user', 'olga') },
    },

    'api_key:view': {
      ...keyed('view', ['account_owner', 'developer', 'billing']),
      allows: [...keyed('view', []).allows, { by: 'bill' }, { by: 'bill', resource: { api_key: undefined } }],
    },
    'api_key:use': keyed('use', developers),
    'team_apps:view': keyed('view', developers),
    'configuration:view': keyed('view', developers),
    'configuration:manage': keyed('manage', developers),
    'storage_integration:view': keyed('view', developers),
    'storage_integration:manage': keyed('manage', developers),
    'security_control:view': keyed('view', developers),
    'security_control:manage': keyed('manage', developers),
    'workflow:view': keyed('view', developers),
    'workflow:manage': keyed('manage', developers),
    'analytics:view': keyed('view', developers),
    'content_browser:view': keyed('view', developers),

    'api_key:assign': {
      who: owner,
      by: 'olga',
      resource: { user: 'dev', api_key: 'k3' },
      allows: [
        { done: { members: ['dev'] }, after: { members: { dev: { api_keys: ['k1', 'k3'] } } } },
        {
          resource: { user: 'pia' },
          done: { members: ['pia'] },
          after: { members: { pia: { api_keys: ['k1', 'k3'] } } },
        },
        {
          resource: { user: 'ina' },
          done: { members: ['ina'] },
          after: { members: { ina: { api_keys: ['k2', 'k3'] } } },
        },
      ],
      refuses: {
        missing_field: [...ofUser.missing_field, ...lacking('api_key')],
        unknown_api_key: having('api_key', 'k9', 7, ['k3']),
        target_not_found: ofUser.target_not_found,
        target_role_mismatch: having('user', 'bill', 'olga', 'ivy'),
        invalid_transition: having('api_key', 'k1'),
        profile_incomplete: withoutProfile,
      },
    },

    'api_key:unassign': {
      who: owner,
      by: 'olga',
      resource: { user: 'tess', api_key: 'k2' },
      allows: [
        ...[{}, ...withoutProfile].map((asked) => ({
          ...asked,
          done: { members: ['tess'] },
          after: { members: { tess: { api_keys: ['k1'] } } },
        })),
        {
          is: 'the last key of somebody inactive',
          resource: { user: 'ina' },
          done: { members: ['ina'] },
          after: { members: { ina: { api_keys: [] } } },
        },
      ],
      refuses: {
        missing_field: [...ofUser.missing_field, ...lacking('api_key')],
        unknown_api_key: having('api_key', 'k9', 7, ['k2']),
        target_not_found: ofUser.target_not_found,
        target_role_mismatch: having('user', 'bill', 'olga'),
        invalid_transition: having('api_key', 'k3'),
        api_key_required: [
          { resource: { user: 'dev', api_key: 'k1' } },
          { resource: { user: 'pia', api_key: 'k1' } },
          {
            is: 'beside one that no longer exists',
            resource: { user: 'dev', api_key: 'k1' },
            ...record('dev', { api_keys: ['k1', 'k9'] }),
          },
        ],
      },
    },

    'api_key:delete': {
      who: owner,
      by: 'olga',
      resource: { api_key: 'k2' },
      allows: [
        {
          done: { members: ['tess', 'ina'] },
          after: { api_keys: ['k1', 'k3'], members: { tess: { api_keys: ['k1'] }, ina: { api_keys: [] } } },
        },
        { is: 'a key of nobody', resource: { api_key: 'k3' }, after: { api_keys: ['k1', 'k2'] } },
      ],
      refuses: {
        missing_field: lacking('api_key'),
        unknown_api_key: having('api_key', 'k9', 7, ['k2']),
        api_key_required: [
          { resource: { api_key: 'k1' } },
          {
            is: 'the only key of somebody pending',
            ...record('pia', { api_keys: ['k3'] }),
            resource: { api_key: 'k3' },
          },
        ],
      },
    },

    'api_key:create': {
      who: owner,
      by: 'olga',
      resource: { api_key: 'k4' },
      allows: [{ after: { api_keys: ['k1', 'k2', 'k3', 'k4'] } }],
      refuses: {},
      errors: {
        missing_attribute: {
          status: 400,
          asked: [...lacking('api_key'), ...having('api_key', 7, true, ['k4'], { k4: 1 })],
        },
        not_well_formed: { status: 400, asked: having('api_key', 'k\0') },
      },
    },

    'account_settings:update': {
      who: owner,
      by: 'olga',
      resource: { company_name: 'Beta', owner_full_name: 'Olga O.' },
      allows: [
        ...[{}, ...withoutProfile].map((asked) => ({
          ...asked,
          after: { settings: { company_name: 'Beta', owner_full_name: 'Olga O.' } },
        })),
        {
          is: 'one of the two',
          resource: { company_name: undefined },
          after: { settings: { owner_full_name: 'Olga O.' } },
        },
        ...[null, ' ', [], {}].map((company_name) => ({
          resource: { company_name, owner_full_name: undefined },
          after: { settings: { company_name: null } },
        })),
      ],
      refuses: {},
      errors: {
        missing_attribute: { status: 400, asked: having('company_name', 7, true, ['Beta'], { a: 1 }) },
        not_well_formed: { status: 400, asked: having('owner_full_name', 'O\0') },
      },
    },

    'plan:change': {
      who: ['account_owner', 'billing'],
      by: 'olga',
      resource: { plan: 'scale' },
      allows: [
        { after: { plan: 'scale' } },
        { by: 'bill', after: { plan: 'scale' } },
        ...withoutProfile.map((asked) => ({ ...asked, after: { plan: 'scale' } })),
        { is: 'as many seats as are used', resource: { plan: 'start' }, after: { plan: 'start' } },
        ...[
          { is: 'an override, and no limit afterwards', override: 20, plan: 'scale' },
          { is: 'an override below the next limit', override: 4, plan: 'start' },
          { is: 'an override of the next limit', override: 5, plan: 'start' },
        ].map(({ is, override, plan }) => ({
          is,
          given: { settings: { seat_limit_override: override } },
          resource: { plan },
          obligations: [{ type: 'clear_seat_limit_override' }],
          after: { plan, settings: { seat_limit_override: null } },
        })),
        {
          is: 'an override above the next limit outlives the change',
          given: { settings: { seat_limit_override: 6 } },
          resource: { plan: 'free' },
          after: { plan: 'free' },
        },
      ],
      refuses: {
        missing_field: lacking('plan'),
        unknown_plan: having('plan', 'ghost', 7, true, ['scale']),
        invalid_transition: [
          ...having('plan', 'grow'),
          {
            is: 'to get rid of an override',
            given: { settings: { seat_limit_override: 5 } },
            resource: { plan: 'grow' },
          },
        ],
        seats_over_plan_limit: [
          { resource: { plan: 'free' }, limit: seats({ limit: 3, used: 5, plan: 'free', next_plan: 'grow' }) },
          {
            is: 'an override that is too small, too',
            given: { settings: { seat_limit_override: 4 } },
            resource: { plan: 'free' },
            limit: seats({ limit: 4, used: 5, plan: 'free', next_plan: 'grow' }),
          },
        ],
      },
    },

    'seat_limit:override': {
      who: 'service:support',
      by: 'service:support',
      resource: { limit: 20 },
      allows: [
        { after: { settings: { seat_limit_override: 20 } } },
        { is: 'downwards', resource: { limit: 1 }, after: { settings: { seat_limit_override: 1 } } },
        {
          is: 'cleared',
          given: { settings: { seat_limit_override: 4 } },
          resource: { limit: null },
          after: { settings: { seat_limit_override: null } },
        },
      ],
      refuses: {
        missing_field: having('limit', undefined, '', ' ', [], {}, 0, -1, 1.5, '20', true, [20]),
        no_permission: [{ by: 'service:billing' }],
      },
    },

    'promo_credit:apply': {
      who: 'service:billing',
      by: 'service:billing',
      context: { month: 1 },
      given: granted,
      allows: [
        {
          obligations: [{ type: 'apply_credit', amount_usd: 10 }],
          after: { settings: { promo: { applied_months: [1] } } },
        },
        {
          is: 'the last month',
          given: { settings: { promo: { applied_months: [1, 9] } } },
          context: { month: 10 },
          obligations: [{ type: 'apply_credit', amount_usd: 10 }],
          after: { settings: { promo: { applied_months: [1, 9, 10] } } },
        },
      ],
      refuses: {
        missing_field: [undefined, null, '', 0, -1, 1.5, '1', true, [1]].map((month) => ({ context: { month } })),
        promo_not_earned: [
          { given: { settings: { promo: { granted: null } } } },
          { given: { settings: { promo: null } }, context: { month: 11 } },
        ],
        promo_exhausted: [{ context: { month: 11 } }],
        already_sent: [{ given: { settings: { promo: { applied_months: [1] } } } }],
        no_permission: [{ by: 'service:support' }],
      },
    },
  },
}
