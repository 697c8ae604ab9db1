import { type Allow, having, type Json, type Lifecycle, lacking, now, type Row, record, type Step } from './rows.ts'

const administrator = ['account_administrator']
const restricted = 'media_library_restricted_access'

/** ada, abe, dan, res and pia: five seats of the ten that support gave. */
const tenant = {
  plan: 'enterprise',
  settings: { seat_limit_override: 10 },
  members: [
    { user: 'ada', email: 'ada@example.com', role: 'account_administrator', status: 'active' },
    { user: 'abe', email: 'abe@example.com', role: 'account_administrator', status: 'active' },
    { user: 'dan', email: 'dan@example.com', role: 'developer', status: 'active' },
    { user: 'res', email: 'res@example.com', role: restricted, status: 'active' },
    { user: 'pia', email: 'pia@example.com', role: 'finance', status: 'pending' },
    { user: 'old', email: 'old@example.com', role: 'developer', status: 'withdrawn' },
  ],
  shares: [
    { user: 'res', path: '/seen', level: 'can_view' },
    { user: 'res', path: '/kept', level: 'can_manage' },
    { group: 'editors', collection: 'summer', level: 'can_contribute' },
  ],
  owners: [{ user: 'res', collection: 'own' }],
  groups: { editors: ['dan', 'res'], press: [] },
}

const ofUser = {
  missing_field: [...lacking('user'), ...having('user', 7, ['dan'])],
  target_not_found: having('user', 'ghost'),
}
const seat = (used_before: number, limit: number | null) => ({ type: 'reserve_seat', used_before, limit })
const seats = (figures: Json) => ({ name: 'seats', ...figures })
const release = { type: 'release_seat' }
const alone = { members: { abe: null } }
const withoutOverride = { seat_limit_override: null }

const creation: Step = { by: 'ada', action: 'user:create', resource: { email: 'new@example.com', role: 'developer' } }

const created = (role: string, given: Allow['given'], reserved: Json): Allow => ({
  ...(given === undefined ? {} : { given }),
  resource: { role },
  obligations: [{ type: 'send_invitation_email', to: 'new@example.com' }, reserved],
  done: { members: ['new@example.com'], invited: ['new@example.com'] },
  after: { members: { 'new@example.com': { email: 'new@example.com', role, status: 'pending' } } },
})

/** 2.3: a share replaces the one that the same grantee has on the same thing; level `none` withdraws it. */
const sharing = (of: 'path' | 'collection'): Row => {
  const [fresh, managed, shared, seen] =
    of === 'path' ? ['/new', '/kept/in', '/kept', '/seen/in'] : ['winter', 'own', 'own', 'summer']
  const withShares = (...shares: readonly Json[]) => ({ after: { shares: [...tenant.shares, ...shares] } })
  const share = (thing: string | undefined, grantee: Json, level: string) => ({ [of]: thing, ...grantee, level })
  return {
    who: ['account_administrator', 'developer', 'media_library_full_access', restricted],
    by: 'ada',
    resource: share(fresh, { user: 'res' }, 'can_view'),
    allows: [
      withShares(share(fresh, { user: 'res' }, 'can_view')),
      {
        is: 'with a group',
        resource: { user: undefined, group: 'press', level: 'can_manage' },
        ...withShares(share(fresh, { group: 'press' }, 'can_manage')),
      },
      ...[null, ' ', [], {}].map((group) => ({
        resource: { group },
        ...withShares(share(fresh, { user: 'res' }, 'can_view')),
      })),
      {
        is: 'with somebody who has not signed in yet',
        resource: { user: 'new@example.com', level: 'can_contribute' },
        before: [{ ...creation, resource: { email: 'new@example.com', role: restricted } }],
        ...withShares(share(fresh, { user: 'new@example.com' }, 'can_contribute')),
      },
      {
        is: 'by somebody restricted who manages it',
        by: 'res',
        reason: 'share_grant',
        resource: { [of]: managed },
        ...withShares(share(managed, { user: 'res' }, 'can_view')),
      },
      ...[{ plan: 'enterprise' }, { plan: 'paid' }, { plan: 'free' }].map((given) => ({
        is: 'withdrawn',
        given: { ...given, shares: [...tenant.shares, share(shared, { user: 'dan' }, 'can_manage')] },
        resource: share(shared, { user: 'dan' }, 'none'),
        after: { shares: tenant.shares },
      })),
      {
        is: 'withdrawn from a group',
        given: { shares: [share(fresh, { group: 'press' }, 'can_view'), ...tenant.shares] },
        resource: { user: undefined, group: 'press', level: 'none' },
        after: { shares: tenant.shares },
      },
      {
        is: 'of another level',
        given: { shares: [share(fresh, { user: 'res' }, 'can_view'), ...tenant.shares] },
        resource: { level: 'can_contribute' },
        ...withShares(share(fresh, { user: 'res' }, 'can_contribute')),
      },
      ...(of === 'path'
        ? [
            {
              is: 'the root withdrawn',
              given: { shares: [...tenant.shares, share('/', { user: 'res' }, 'can_view')] },
              resource: { path: '/', level: 'none' },
              after: { shares: tenant.shares },
            },
          ]
        : []),
    ],
    refuses: {
      missing_field: [
        ...lacking(of, 'level', 'user'),
        ...having(of, 7),
        ...having('group', 'editors'),
        ...having('user', 7, ['res']),
        ...(of === 'path' ? having('path', 'new', '/new/', '//', '/a//b', '/a/./b', '/a/../b') : []),
        ...lacking(of).map((asked) => ({ ...asked, by: 'res' })),
      ],
      unknown_level: having('level', 'can_see', 7, true, ['can_view']),
      target_not_found: [
        ...having('user', 'ghost'),
        { resource: { user: undefined, group: 'ghosts' } },
        { is: 'to withdraw', resource: { user: 'ghost', level: 'none' } },
      ],
      target_role_mismatch: having('user', 'dan', 'pia', 'ada'),
      plan_not_eligible: [{ given: { plan: 'paid' } }, { given: { plan: 'free' } }],
      not_shared: [
        { by: 'res' },
        ...(of === 'path'
          ? [
              { by: 'res', resource: { path: '/kept/' } },
              { by: 'res', resource: { path: '/keptin' } },
            ]
          : []),
      ],
      permission_level_too_low: [{ by: 'res', resource: { [of]: seen } }],
      ...(of === 'path' ? { root_not_shareable: having('path', '/') } : {}),
    },
  }
}

export const imagekit: Lifecycle = {
  system: 'imagekit',
  roles: [
    'account_administrator',
    'developer',
    'media_library_full_access',
    'media_library_view_only_access',
    restricted,
    'finance',
  ],
  hasPlans: true,
  person: 'ada',
  tenant,
  gates: [],
  earlyGates: [
    {
      reason: 'role_not_on_plan',
      asked: ({ by }) => ({ by, given: { plan: 'paid', members: { [by]: { role: restricted } } } }),
    },
    {
      reason: 'role_not_on_plan',
      asked: ({ by }) => ({ by, given: { plan: 'free', members: { [by]: { role: restricted } } } }),
    },
  ],
  unlisted: ['invitation:decline', 'user:invite'],
  rows: {
    'user:create': {
      who: administrator,
      by: 'ada',
      resource: creation.resource as Json,
      allows: [
        created('developer', undefined, seat(5, 10)),
        created(restricted, undefined, seat(5, 10)),
        created('account_administrator', { plan: 'paid' }, seat(5, 10)),
        created('finance', { plan: 'paid', settings: withoutOverride, members: { dan: null } }, seat(4, 5)),
        {
          is: 'the address trimmed, its letters as written',
          ...created('finance', undefined, seat(5, 10)),
          resource: { email: ' New@Example.com\n', role: 'finance' },
          obligations: [{ type: 'send_invitation_email', to: 'New@Example.com' }, seat(5, 10)],
          done: { members: ['New@Example.com'], invited: ['New@Example.com'] },
          after: { members: { 'New@Example.com': { email: 'New@Example.com', role: 'finance', status: 'pending' } } },
        },
        {
          ...created('developer', undefined, seat(5, 10)),
          is: 'in a session that began after the last ones were ended',
          ...record('ada', { sessions_valid_after: '2026-01-01T00:00:00.000Z' }),
          session: '2026-01-01T01:00:00.001+01:00',
        },
      ],
      refuses: {
        missing_field: [...lacking('email', 'role'), ...having('email', 7, true)],
        unknown_role: having('role', 'ghost', 7, true, ['developer']),
        already_member: having('email', 'dan@example.com', ' PIA@example.com', 'Old@example.com', 'RES'),
        plan_not_eligible: [{ given: { plan: 'free' } }],
        role_not_on_plan: [{ given: { plan: 'paid' }, resource: { role: restricted } }],
        seat_limit_reached: [
          ...[
            { given: { settings: withoutOverride }, limit: seats({ limit: 5, used: 5, plan: 'enterprise' }) },
            { given: { plan: 'paid', settings: withoutOverride }, limit: seats({ limit: 5, used: 5, plan: 'paid' }) },
            {
              given: { settings: { seat_limit_override: 2 } },
              limit: seats({ limit: 2, used: 5, plan: 'enterprise' }),
            },
          ].map((asked) => ({ ...asked, obligations: [{ type: 'contact_support' }] })),
        ],
      },
    },

    'invitation:accept': {
      who: 'invitee',
      by: 'newcomer',
      before: [creation],
      allows: [
        {},
        { is: 'the last seat, which is its own', given: { settings: { seat_limit_override: 6 } } },
        {
          is: 'on the plan without user management',
          before: [
            creation,
            { by: 'ada', action: 'user:delete', resource: { user: 'res' } },
            { by: 'ada', action: 'subscription:change_plan', resource: { plan: 'free' } },
          ],
        },
      ].map((asked) => ({
        ...asked,
        done: { members: ['new@example.com', 'newcomer'], ended: ['new@example.com'] },
        after: {
          members: {
            'new@example.com': null,
            newcomer: { email: 'new@example.com', role: 'developer', status: 'active', sessions_valid_after: now },
          },
        },
      })),
      refuses: {
        seat_limit_reached: [
          {
            before: [creation, { by: 'service:support', action: 'seat_limit:override', resource: { limit: 5 } }],
            limit: seats({ limit: 5, used: 6, plan: 'enterprise' }),
          },
        ],
      },
      errors: {
        invitation_needed: {
          status: 403,
          asked: [
            {
              is: 'an invitation that was accepted',
              before: [creation, { by: 'newcomer', action: 'invitation:accept' }],
              by: 'other',
            },
            {
              is: 'an invitation of somebody who was deleted',
              before: [creation, { by: 'ada', action: 'user:delete', resource: { user: 'new@example.com' } }],
            },
          ],
        },
        user_exists: { status: 409, asked: [{ by: 'dan' }] },
      },
    },

    'user:update_role': {
      who: administrator,
      by: 'ada',
      resource: { user: 'dan', role: 'finance' },
      allows: [
        { done: { members: ['dan'] }, after: { members: { dan: { role: 'finance' } } } },
        {
          resource: { role: restricted },
          done: { members: ['dan'] },
          after: { members: { dan: { role: restricted } } },
        },
        {
          resource: { user: 'pia', role: 'developer' },
          done: { members: ['pia'] },
          after: { members: { pia: { role: 'developer' } } },
        },
        { resource: { user: 'abe' }, done: { members: ['abe'] }, after: { members: { abe: { role: 'finance' } } } },
        {
          is: 'her own',
          resource: { user: 'ada' },
          done: { members: ['ada'] },
          after: { members: { ada: { role: 'finance' } } },
        },
        {
          is: 'leaving the restricted role',
          resource: { user: 'res' },
          obligations: [{ type: 'remove_from_user_groups', user: 'res' }],
          done: { members: ['res'] },
          after: { members: { res: { role: 'finance' } }, groups: { editors: ['dan'] } },
        },
      ],
      refuses: {
        missing_field: [...ofUser.missing_field, ...lacking('role')],
        unknown_role: having('role', 'ghost', 7, true, ['finance']),
        target_not_found: ofUser.target_not_found,
        last_administrator: [
          { given: alone, resource: { user: 'ada' } },
          { is: 'another one is pending', ...record('abe', { status: 'pending' }), resource: { user: 'ada' } },
          {
            is: 'another one counts as inactive',
            ...record('abe', { status: 'withdrawn' }),
            resource: { user: 'ada' },
          },
        ],
        invalid_transition: [
          { is: 'the same role', resource: { role: 'developer' } },
          {
            is: 'the same role of the last administrator',
            given: alone,
            resource: { user: 'ada', role: 'account_administrator' },
          },
          { is: 'somebody who counts as inactive', resource: { user: 'old' } },
        ],
        plan_not_eligible: [{ given: { plan: 'free' } }],
        role_not_on_plan: [{ given: { plan: 'paid' }, resource: { role: restricted } }],
      },
    },

    'user:delete': {
      who: administrator,
      by: 'ada',
      resource: { user: 'dan' },
      allows: [
        ...[{}, { given: { plan: 'free' } }].map((asked) => ({
          ...asked,
          obligations: [release, { type: 'terminate_sessions', user: 'dan' }],
          done: { members: ['dan'], ended: ['dan'] },
          after: { members: { dan: null } },
        })),
        {
          resource: { user: 'pia' },
          obligations: [release, { type: 'invalidate_invitation', user: 'pia' }],
          done: { members: ['pia'], ended: ['pia'] },
          after: { members: { pia: null } },
        },
        {
          is: 'somebody restricted',
          resource: { user: 'res' },
          obligations: [
            release,
            { type: 'terminate_sessions', user: 'res' },
            { type: 'remove_from_user_groups', user: 'res' },
          ],
          done: { members: ['res'], ended: ['res'] },
          after: { members: { res: null }, groups: { editors: ['dan'] } },
        },
        {
          is: 'somebody who counts as inactive',
          resource: { user: 'old' },
          done: { members: ['old'], ended: ['old'] },
          after: { members: { old: null } },
        },
        {
          is: 'herself, as another administrator remains',
          resource: { user: 'ada' },
          obligations: [release, { type: 'terminate_sessions', user: 'ada' }],
          done: { members: ['ada'], ended: ['ada'] },
          after: { members: { ada: null } },
        },
      ],
      refuses: {
        ...ofUser,
        last_administrator: [
          { given: alone, resource: { user: 'ada' } },
          { is: 'another one is pending', ...record('abe', { status: 'pending' }), resource: { user: 'ada' } },
        ],
      },
    },

    'subscription:change_plan': {
      who: administrator,
      by: 'ada',
      resource: { plan: 'paid' },
      given: { members: { res: null } },
      allows: [
        { is: 'an override above the next limit outlives the change', after: { plan: 'paid' } },
        { given: { settings: withoutOverride }, after: { plan: 'paid' } },
        {
          is: 'back, with a restricted user',
          given: { plan: 'paid', members: { rae: { role: restricted, status: 'active' } } },
          resource: { plan: 'enterprise' },
          after: { plan: 'enterprise' },
        },
        ...[4, 5].map((seat_limit_override) => ({
          is: 'an override that the next limit makes needless',
          given: { settings: { seat_limit_override } },
          obligations: [{ type: 'clear_seat_limit_override' }],
          after: { plan: 'paid', settings: withoutOverride },
        })),
      ],
      refuses: {
        missing_field: lacking('plan'),
        unknown_plan: having('plan', 'ghost', 7, true, ['paid']),
        invalid_transition: having('plan', 'enterprise'),
        role_not_on_plan: ['active', 'pending', 'withdrawn'].map((status) =>
          record('rae', { role: restricted, status }),
        ),
        seats_over_plan_limit: [
          {
            given: { settings: withoutOverride },
            resource: { plan: 'free' },
            limit: seats({ limit: 1, used: 4, plan: 'free', next_plan: 'paid' }),
          },
          {
            is: 'an override that is too small, too',
            given: { settings: { seat_limit_override: 3 } },
            resource: { plan: 'free' },
            limit: seats({ limit: 3, used: 4, plan: 'free', next_plan: 'paid' }),
          },
        ],
      },
    },

    'subscription:cancel': {
      who: ['account_administrator', 'finance'],
      by: 'ada',
      allows: [{}, { by: 'pia', ...record('pia', { status: 'active' }) }],
      refuses: {},
    },

    'media_file:share': sharing('path'),
    'media_folder:share': sharing('path'),
    'media_collection:share': sharing('collection'),

    'seat_limit:override': {
      who: 'service:support',
      by: 'service:support',
      resource: { limit: 20 },
      allows: [
        { after: { settings: { seat_limit_override: 20 } } },
        { is: 'downwards', resource: { limit: 1 }, after: { settings: { seat_limit_override: 1 } } },
        { is: 'cleared', resource: { limit: null }, after: { settings: withoutOverride } },
      ],
      refuses: { missing_field: having('limit', undefined, '', ' ', [], {}, 0, -1, 1.5, '20', true, [20]) },
    },
  },
}
