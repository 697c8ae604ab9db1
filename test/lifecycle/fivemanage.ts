import { having, type Json, type Lifecycle, lacking, now, record, type Step } from './rows.ts'

const managers = ['owner', 'admin']

const tenant = {
  members: [
    { user: 'own', email: 'own@example.com', role: 'owner', status: 'active' },
    { user: 'adm', email: 'adm@example.com', role: 'admin', status: 'active' },
    { user: 'ali', email: 'ali@example.com', role: 'admin', status: 'active' },
    { user: 'dev', email: 'dev@example.com', role: 'developer', status: 'active' },
    { user: 'mem', email: 'mem@example.com', role: 'member', status: 'active' },
    { user: 'pia', email: 'pia@example.com', role: 'member', status: 'pending' },
    { user: 'pam', role: 'admin', status: 'pending' },
    { user: 'old', email: 'old@example.com', role: 'member', status: 'withdrawn' },
  ],
}

const ofUser = {
  missing_field: [...lacking('user'), ...having('user', 7, ['dev'])],
  target_not_found: having('user', 'ghost'),
}
const switched = (for_role: string, grants: Json) => ({ overrides: { for_role, grants } })
const invite: Step = { by: 'own', action: 'member:invite', resource: { email: 'new@example.com', role: 'developer' } }

export const fivemanage: Lifecycle = {
  system: 'fivemanage',
  roles: ['owner', 'admin', 'developer', 'member'],
  hasPlans: false,
  person: 'own',
  tenant,
  gates: [],
  earlyGates: [],
  unlisted: ['invitation:decline', 'member:revoke'],
  rows: {
    'member:invite': {
      who: managers,
      by: 'own',
      resource: { email: 'new@example.com', role: 'developer' },
      allows: [
        ...[
          { by: 'own', role: 'developer', as: 'developer' },
          { by: 'own', role: 'admin', as: 'admin' },
          { by: 'own', role: undefined, as: 'member' },
          { by: 'own', role: null, as: 'member' },
          { by: 'own', role: ' ', as: 'member' },
          { by: 'adm', role: 'developer', as: 'developer' },
          { by: 'adm', role: undefined, as: 'member' },
        ].map(({ by, role, as }) => ({
          by,
          resource: { role },
          obligations: [{ type: 'send_invitation_email', to: 'new@example.com' }],
          done: { members: ['new@example.com'], invited: ['new@example.com'] },
          after: { members: { 'new@example.com': { email: 'new@example.com', role: as, status: 'pending' } } },
        })),
        {
          is: 'the address trimmed, its letters as written; in a session that began after the last ones were ended',
          ...record('own', { sessions_valid_after: '2026-01-01T00:00:00.000Z' }),
          session: '2026-01-01T01:00:00.001+01:00',
          resource: { email: ' New@Example.com ', role: 'member' },
          obligations: [{ type: 'send_invitation_email', to: 'New@Example.com' }],
          done: { members: ['New@Example.com'], invited: ['New@Example.com'] },
          after: { members: { 'New@Example.com': { email: 'New@Example.com', role: 'member', status: 'pending' } } },
        },
      ],
      refuses: {
        missing_field: [...lacking('email'), ...having('email', 7, true)],
        unknown_role: having('role', 'ghost', 7, true, ['member']),
        role_not_assignable: [
          { resource: { role: 'owner' } },
          { by: 'adm', resource: { role: 'owner' } },
          { by: 'adm', resource: { role: 'admin' } },
        ],
        already_member: having('email', 'dev@example.com', ' PIA@Example.com ', 'old@example.com', 'PAM'),
      },
    },

    'invitation:resend': {
      who: managers,
      by: 'own',
      resource: { user: 'pia' },
      allows: [
        { obligations: [{ type: 'send_invitation_email', to: 'pia@example.com' }], done: { invited: ['pia'] } },
        {
          is: 'that of an admin, by another one',
          by: 'adm',
          resource: { user: 'pam' },
          obligations: [{ type: 'send_invitation_email', to: 'pam' }],
          done: { invited: ['pam'] },
        },
      ],
      refuses: { ...ofUser, invalid_transition: having('user', 'dev', 'old', 'own') },
    },

    'invitation:revoke': {
      who: managers,
      by: 'own',
      resource: { user: 'pia' },
      allows: [
        { by: 'own', user: 'pia' },
        { by: 'adm', user: 'pam' },
      ].map(({ by, user }) => ({
        by,
        resource: { user },
        obligations: [{ type: 'invalidate_invitation', user }],
        done: { members: [user], ended: [user] },
        after: { members: { [user]: null } },
      })),
      refuses: { ...ofUser, invalid_transition: having('user', 'dev', 'old', 'own') },
    },

    'invitation:accept': {
      who: 'invitee',
      by: 'newcomer',
      before: [invite],
      allows: [
        {
          done: { members: ['new@example.com', 'newcomer'], ended: ['new@example.com'] },
          after: {
            members: {
              'new@example.com': null,
              newcomer: { email: 'new@example.com', role: 'developer', status: 'active', sessions_valid_after: now },
            },
          },
        },
        {
          is: 'after it was sent anew',
          before: [{ by: 'own', action: 'invitation:resend', resource: { user: 'pia' } }],
          by: 'pia',
          done: { members: ['pia'], ended: ['pia'] },
          after: { members: { pia: { status: 'active', sessions_valid_after: now } } },
        },
      ],
      refuses: {},
      errors: {
        invitation_needed: {
          status: 403,
          asked: [
            {
              is: 'an invitation that was accepted',
              before: [invite, { by: 'newcomer', action: 'invitation:accept' }],
              by: 'other',
            },
            {
              is: 'an invitation that was revoked',
              before: [invite, { by: 'adm', action: 'invitation:revoke', resource: { user: 'new@example.com' } }],
            },
            {
              is: 'an invitation that was sent anew',
              before: [invite, { by: 'adm', action: 'invitation:resend', resource: { user: 'new@example.com' } }],
              invitation: 'first',
            },
          ],
        },
        user_exists: { status: 409, asked: [{ by: 'dev' }] },
      },
    },

    'member:change_role': {
      who: managers,
      by: 'own',
      resource: { user: 'mem', role: 'developer' },
      allows: [
        ...[
          { by: 'own', user: 'mem', role: 'developer' },
          { by: 'own', user: 'dev', role: 'admin' },
          { by: 'own', user: 'adm', role: 'member' },
          { by: 'adm', user: 'mem', role: 'developer' },
          { by: 'adm', user: 'dev', role: 'member' },
        ].map(({ by, user, role }) => ({
          by,
          resource: { user, role },
          obligations: [{ type: 'reset_permission_overrides', user }],
          done: { members: [user] },
          after: { members: { [user]: { role } } },
        })),
        {
          is: 'of somebody with switches of their own',
          ...record('mem', switched('member', { 'log:read': 'allow' })),
          obligations: [{ type: 'reset_permission_overrides', user: 'mem' }],
          done: { members: ['mem'] },
          after: { members: { mem: { role: 'developer', overrides: null } } },
        },
      ],
      refuses: {
        missing_field: [...ofUser.missing_field, ...lacking('role')],
        unknown_role: having('role', 'ghost', 7, true, ['member']),
        target_not_found: ofUser.target_not_found,
        owner_protected: [...having('user', 'own'), { by: 'adm', resource: { user: 'own' } }],
        target_not_lower: [
          { by: 'adm', resource: { user: 'ali' } },
          { by: 'adm', resource: { user: 'adm' } },
        ],
        role_not_assignable: [
          { resource: { role: 'owner' } },
          { by: 'adm', resource: { role: 'owner' } },
          { by: 'adm', resource: { role: 'admin' } },
        ],
        invalid_transition: [
          { is: 'the same role', resource: { role: 'member' } },
          { is: 'pending', resource: { user: 'pia' } },
          { is: 'counted inactive', resource: { user: 'old' } },
        ],
      },
    },

    'member:set_permission': {
      who: managers,
      by: 'own',
      resource: { user: 'dev', permission: 'log:read', effect: 'deny' },
      allows: [
        ...['log:read', 'log:search', 'token:read', 'token:create', 'integration:manage'].map((permission) => ({
          resource: { permission },
          done: { members: ['dev'] },
          after: { members: { dev: switched('developer', { [permission]: 'deny' }) } },
        })),
        ...['own', 'adm'].map((by) => ({
          by,
          resource: { user: 'mem', permission: 'token:create', effect: 'allow' },
          done: { members: ['mem'] },
          after: { members: { mem: switched('member', { 'token:create': 'allow' }) } },
        })),
        {
          is: 'an admin is fine-tuned by the owner',
          resource: { user: 'adm' },
          done: { members: ['adm'] },
          after: { members: { adm: switched('admin', { 'log:read': 'deny' }) } },
        },
        {
          is: 'beside another switch',
          ...record('dev', switched('developer', { 'token:read': 'deny' })),
          done: { members: ['dev'] },
          after: { members: { dev: switched('developer', { 'log:read': 'deny' }) } },
        },
        {
          is: 'back to the default',
          ...record('dev', switched('developer', { 'token:read': 'deny', 'log:read': 'deny' })),
          resource: { effect: 'default' },
          done: { members: ['dev'] },
          after: { members: { dev: { overrides: { grants: { 'log:read': null } } } } },
        },
        {
          is: 'where the switches were made for another role',
          ...record('dev', switched('member', { 'token:create': 'allow' })),
          done: { members: ['dev'] },
          after: {
            members: {
              dev: { overrides: { for_role: 'developer', grants: { 'token:create': null, 'log:read': 'deny' } } },
            },
          },
        },
        {
          is: 'taken away by who lacks it',
          by: 'adm',
          ...record('adm', switched('admin', { 'log:read': 'deny' })),
          done: { members: ['dev'] },
          after: { members: { dev: switched('developer', { 'log:read': 'deny' }) } },
        },
      ],
      refuses: {
        missing_field: [
          ...ofUser.missing_field,
          ...lacking('permission', 'effect'),
          ...having('permission', 7),
          ...having('effect', 'maybe', true, 7),
        ],
        target_not_found: ofUser.target_not_found,
        owner_protected: [...having('user', 'own'), { by: 'adm', resource: { user: 'own' } }],
        target_not_lower: [
          { by: 'adm', resource: { user: 'ali' } },
          { by: 'adm', resource: { user: 'adm' } },
        ],
        invalid_transition: having('user', 'pia', 'old'),
        not_overridable: having('permission', 'billing:view', 'token:manage', 'member:set_permission', 'no:such'),
        cannot_grant_unheld: [
          {
            is: 'allow',
            by: 'adm',
            ...record('adm', switched('admin', { 'token:create': 'deny' })),
            resource: { permission: 'token:create', effect: 'allow' },
          },
          {
            is: 'a default that is allow',
            by: 'adm',
            ...record('adm', switched('admin', { 'log:read': 'deny' })),
            resource: { effect: 'default' },
          },
          {
            is: 'searching without reading',
            by: 'adm',
            ...record('adm', switched('admin', { 'log:read': 'deny' })),
            resource: { permission: 'log:search', effect: 'allow' },
          },
        ],
      },
    },

    'member:remove': {
      who: ['owner'],
      by: 'own',
      resource: { user: 'dev' },
      allows: ['dev', 'adm', 'old'].map((user) => ({
        resource: { user },
        obligations: [{ type: 'terminate_sessions', user }],
        done: { members: [user], ended: [user] },
        after: { members: { [user]: null } },
      })),
      refuses: { ...ofUser, owner_protected: having('user', 'own'), invalid_transition: having('user', 'pia', 'pam') },
    },

    'team:delete': { who: ['owner'], by: 'own', allows: [{}], refuses: {} },
    'danger_zone:mass_delete': { who: ['owner'], by: 'own', allows: [{}], refuses: {} },
  },
}
