import { having, type Json, type Lifecycle, lacking, now, type Row, record, type Step } from './rows.ts'

const owner = ['organization_owner']
const managers = ['administrator', 'organization_owner']
const everybody = ['developer', 'content_manager', 'read_only', ...managers]

const tenant = {
  plan: 'organization',
  members: [
    { user: 'own', email: 'own@example.com', role: 'organization_owner', status: 'active' },
    { user: 'oda', role: 'organization_owner', status: 'active', two_factor_enabled: true },
    { user: 'adm', role: 'administrator', status: 'active' },
    { user: 'dev', email: 'dev@example.com', role: 'developer', status: 'active', two_factor_enabled: true },
    { user: 'pia', email: 'pia@example.com', role: 'developer', status: 'pending' },
    { user: 'pow', role: 'organization_owner', status: 'pending' },
    { user: 'old', email: 'old@example.com', role: 'read_only', status: 'withdrawn' },
  ],
  projects: ['web'],
}

const ofUser = {
  missing_field: [...lacking('user'), ...having('user', 7, ['dev'])],
  target_not_found: having('user', 'ghost'),
}
const isPrivate = { given: { plan: 'private' } }
const onPrivate = { plan_not_eligible: [isPrivate] }
const enforced = { settings: { two_factor_enforced: true } }
const prompt = (...users: readonly string[]) => ({ type: 'prompt_two_factor_setup', users })
const alone = { members: { oda: null } }
const invite: Step = {
  by: 'own',
  action: 'team_member:invite',
  resource: { name: 'New One', email: 'new@example.com', role: 'developer' },
}
const invalid = (user: string) => ({ type: 'invalidate_invitation', user })
const gone = (user: string) => ({ done: { members: [user], ended: [user] }, after: { members: { [user]: null } } })
const set = (user: string, patch: Json) => ({ done: { members: [user] }, after: { members: { [user]: patch } } })
const contexts = (name: string, ...values: readonly unknown[]) =>
  values.map((value) => ({ context: { [name]: value } }))
const untrue = [undefined, null, false, 'true', 1]

/** 5.4: the team, which a private account does not have. */
const teamPage = (who: readonly string[]): Row => ({ who, by: 'own', allows: [{}], refuses: onPrivate })

/** 5.3: a project that is named must exist. */
const projectPage = (who: readonly string[]): Row => ({
  who,
  by: 'own',
  allows: [{}, { resource: { project: 'web' } }, { ...isPrivate, resource: { project: ' ' } }],
  refuses: { unknown_project: having('project', 'Web', 7, ['web']) },
})

/** Somebody who never set up two factors. */
const unprotected = (by: string) => ({ by, given: { ...enforced, members: { [by]: { two_factor_enabled: null } } } })

export const quantcdn: Lifecycle = {
  system: 'quantcdn',
  roles: everybody,
  hasPlans: true,
  person: 'own',
  tenant,
  earlyGates: [
    ...[undefined, 'dashboard', 'API', 'pigeon'].map((channel) => ({
      reason: 'two_factor_required',
      except: ['two_factor:setup', 'organization:activate'],
      asked: ({ by }: Row) => ({ ...unprotected(by), context: { channel }, obligations: [prompt(by)] }),
    })),
    {
      reason: 'two_factor_required',
      except: ['two_factor:setup', 'organization:activate', 'two_factor:reset_member'],
      asked: ({ by }) => ({ ...unprotected(by), context: { channel: 'support_desk' }, obligations: [prompt(by)] }),
    },
    {
      reason: 'organization_not_active',
      except: ['organization:activate', 'membership:leave', 'two_factor:setup'],
      asked: ({ by }) => ({ by, context: { active_tenant: 'another' } }),
    },
    ...[['another'], [], 'another'].map((token_scopes) => ({
      reason: 'token_out_of_scope',
      asked: ({ by }: Row) => ({ by, context: { channel: 'api', token_scopes } }),
    })),
  ],
  gates: [
    {
      reason: 'unknown_project',
      asked: ({ by }) => ({ by, resource: { project: 'ghost' } }),
    },
  ],
  unlisted: ['invitation:resend', 'team_member:revoke'],
  rows: {
    'project:edit': projectPage(['developer', ...managers]),
    'project:delete': projectPage(managers),
    'team_member:view': teamPage(everybody),
    'team_member:manage': teamPage(managers),
    'monthly_report:receive': teamPage(owner),

    'team_member:invite': {
      who: managers,
      by: 'own',
      resource: invite.resource as Json,
      allows: [
        ...[
          { by: 'own', role: 'developer' },
          { by: 'own', role: 'organization_owner' },
          { by: 'adm', role: 'administrator' },
        ].map(({ by, role }) => ({
          by,
          resource: { role },
          obligations: [{ type: 'send_invitation_email', to: 'new@example.com' }],
          done: { members: ['new@example.com'], invited: ['new@example.com'] },
          after: {
            members: { 'new@example.com': { email: 'new@example.com', name: 'New One', role, status: 'pending' } },
          },
        })),
        {
          is: 'the address trimmed, its letters as written; in a session that began after the last ones were ended',
          ...record('own', { sessions_valid_after: '2026-01-01T00:00:00.000Z' }),
          session: '2026-01-01T01:00:00.001+01:00',
          resource: { email: ' New@Example.com' },
          obligations: [{ type: 'send_invitation_email', to: 'New@Example.com' }],
          done: { members: ['New@Example.com'], invited: ['New@Example.com'] },
          after: {
            members: {
              'New@Example.com': { email: 'New@Example.com', name: 'New One', role: 'developer', status: 'pending' },
            },
          },
        },
      ],
      refuses: {
        missing_field: [...lacking('name', 'email', 'role'), ...having('name', 7), ...having('email', 7, true)],
        unknown_role: having('role', 'ghost', 7, true, ['developer']),
        role_not_assignable: [{ by: 'adm', resource: { role: 'organization_owner' } }],
        already_member: having('email', 'dev@example.com', ' PIA@Example.com', 'old@example.com', 'POW'),
        ...onPrivate,
      },
    },

    'invitation:revoke': {
      who: managers,
      by: 'own',
      resource: { user: 'pia' },
      allows: [
        { obligations: [invalid('pia')], ...gone('pia') },
        { ...isPrivate, obligations: [invalid('pia')], ...gone('pia') },
        { by: 'adm', obligations: [invalid('pia')], ...gone('pia') },
        { resource: { user: 'pow' }, obligations: [invalid('pow')], ...gone('pow') },
      ],
      refuses: {
        ...ofUser,
        owner_protected: [{ by: 'adm', resource: { user: 'pow' } }],
        invalid_transition: having('user', 'dev', 'old', 'oda'),
      },
    },

    'invitation:accept': {
      who: 'invitee',
      by: 'newcomer',
      context: { registered: true },
      before: [invite],
      allows: [
        {},
        { is: 'while another organization is the active one', context: { active_tenant: 'another' } },
        {
          is: 'with two factors enforced',
          before: [invite, { by: 'oda', action: 'two_factor:enforce', resource: { enabled: true } }],
        },
      ].map((asked) => ({
        ...asked,
        done: { members: ['new@example.com', 'newcomer'], ended: ['new@example.com'] },
        after: {
          members: {
            'new@example.com': null,
            newcomer: {
              email: 'new@example.com',
              name: 'New One',
              role: 'developer',
              status: 'active',
              sessions_valid_after: now,
            },
          },
        },
      })),
      refuses: {
        registration_required: contexts('registered', ...untrue),
        plan_not_eligible: [{ by: 'pia', ...isPrivate, before: [], question: true }],
      },
      errors: {
        invitation_needed: {
          status: 403,
          asked: [
            {
              is: 'an invitation that was accepted',
              before: [invite, { by: 'newcomer', action: 'invitation:accept', context: { registered: true } }],
              by: 'other',
            },
            {
              is: 'an invitation that was declined',
              before: [invite, { by: 'newcomer', action: 'invitation:decline' }],
            },
            {
              is: 'an invitation that was revoked',
              before: [invite, { by: 'own', action: 'invitation:revoke', resource: { user: 'new@example.com' } }],
            },
          ],
        },
        user_exists: { status: 409, asked: [{ by: 'dev' }] },
      },
    },

    'invitation:decline': {
      who: 'invitee',
      by: 'newcomer',
      before: [invite],
      allows: [
        {
          done: { members: ['new@example.com'], ended: ['new@example.com'] },
          after: { members: { 'new@example.com': null } },
        },
      ],
      refuses: {},
    },

    'team_member:remove': {
      who: managers,
      by: 'own',
      resource: { user: 'dev' },
      allows: [
        gone('dev'),
        { ...isPrivate, ...gone('dev') },
        { by: 'adm', ...gone('dev') },
        { resource: { user: 'oda' }, ...gone('oda') },
        { is: 'himself, as another owner remains', resource: { user: 'own' }, ...gone('own') },
        { is: 'somebody who counts as inactive', resource: { user: 'old' }, ...gone('old') },
        {
          is: 'an owner who counts as inactive',
          ...record('oda', { status: 'withdrawn' }),
          resource: { user: 'oda' },
          ...gone('oda'),
        },
      ],
      refuses: {
        ...ofUser,
        owner_protected: [{ by: 'adm', resource: { user: 'oda' } }],
        last_owner: [
          { given: alone, resource: { user: 'own' } },
          {
            is: 'another one counts as inactive',
            ...record('oda', { status: 'withdrawn' }),
            resource: { user: 'own' },
          },
        ],
        invalid_transition: having('user', 'pia', 'pow'),
      },
    },

    'team_member:change_role': {
      who: managers,
      by: 'own',
      resource: { user: 'dev', role: 'read_only' },
      allows: [],
      refuses: {
        missing_field: [...ofUser.missing_field, ...lacking('role')],
        unknown_role: having('role', 'ghost', 7, true, ['read_only']),
        target_not_found: ofUser.target_not_found,
        owner_protected: [{ by: 'adm', resource: { user: 'oda' } }],
        role_not_assignable: [{ by: 'adm', resource: { role: 'organization_owner' } }],
        ...onPrivate,
        role_change_requires_readd: [
          { by: 'own', user: 'dev', role: 'read_only' },
          { by: 'own', user: 'dev', role: 'organization_owner' },
          { by: 'own', user: 'oda', role: 'developer' },
          { by: 'own', user: 'own', role: 'developer' },
          { by: 'adm', user: 'dev', role: 'administrator' },
          { by: 'own', user: 'pia', role: 'read_only' },
          { by: 'own', user: 'dev', role: 'developer' },
        ].map(({ by, user, role }) => ({
          by,
          resource: { user, role },
          obligations: [{ type: 'readd_with_new_role', user, role }],
        })),
      },
    },

    'membership:leave': {
      who: 'self',
      by: 'dev',
      allows: [
        gone('dev'),
        { ...isPrivate, ...gone('dev') },
        { is: 'while another organization is the active one', context: { active_tenant: 'another' }, ...gone('dev') },
        { by: 'own', ...gone('own') },
      ],
      refuses: {
        last_owner: [
          { by: 'own', given: alone },
          { by: 'own', ...record('oda', { status: 'withdrawn' }) },
        ],
      },
    },

    'organization:activate': {
      who: 'self',
      by: 'dev',
      allows: [
        {},
        { context: { active_tenant: 'another' } },
        { ...isPrivate, by: 'own' },
        { is: 'two factors enforced and set up', given: enforced },
        { is: 'two factors enforced and not set up', by: 'adm', given: enforced, obligations: [prompt('adm')] },
      ],
      refuses: {},
    },

    'two_factor:setup': {
      who: 'self',
      by: 'adm',
      allows: [
        set('adm', { two_factor_enabled: true }),
        { given: enforced, ...set('adm', { two_factor_enabled: true }) },
        { given: enforced, context: { active_tenant: 'another' }, ...set('adm', { two_factor_enabled: true }) },
        { ...isPrivate, by: 'own', ...set('own', { two_factor_enabled: true }) },
      ],
      refuses: {},
    },

    'two_factor:enforce': {
      who: owner,
      by: 'own',
      resource: { enabled: true },
      allows: [
        { obligations: [prompt('own', 'adm')], after: enforced },
        {
          is: 'everybody has two factors',
          given: { members: { own: { two_factor_enabled: true }, adm: { two_factor_enabled: true } } },
          after: enforced,
        },
        {
          by: 'oda',
          given: enforced,
          resource: { enabled: false },
          after: { settings: { two_factor_enforced: false } },
        },
      ],
      refuses: { missing_field: [...lacking('enabled'), ...having('enabled', 'true', 1, 0)], ...onPrivate },
    },

    'two_factor:reset_member': {
      who: owner,
      by: 'own',
      resource: { user: 'dev' },
      context: { additional_verification: true, channel: 'support_desk' },
      allows: [
        { obligations: [{ type: 'reset_two_factor', user: 'dev' }], ...set('dev', { two_factor_enabled: false }) },
        {
          is: 'by an owner who has none, at the support desk',
          given: enforced,
          obligations: [{ type: 'reset_two_factor', user: 'dev' }],
          ...set('dev', { two_factor_enabled: false }),
        },
      ],
      refuses: {
        ...ofUser,
        ...onPrivate,
        verification_required: contexts('additional_verification', ...untrue),
        support_desk_only: contexts('channel', undefined, 'dashboard', 'api', 'Support_desk', true),
      },
    },

    'monthly_report:opt_in': {
      who: owner,
      by: 'own',
      resource: { enabled: true },
      allows: [
        set('own', { monthly_report_opt_in: true }),
        { resource: { enabled: false }, ...set('own', { monthly_report_opt_in: false }) },
      ],
      refuses: { missing_field: [...lacking('enabled'), ...having('enabled', 'true', 1, 0)], ...onPrivate },
    },

    'monthly_report:send': {
      who: 'service:scheduler',
      by: 'service:scheduler',
      resource: { user: 'oda' },
      context: { date: '2026-12-01' },
      given: { members: { oda: { monthly_report_opt_in: true } } },
      allows: [{}, record('oda', { monthly_report_last_sent: '2026-11-01' })].map((asked) => ({
        ...asked,
        obligations: [
          {
            type: 'send_email',
            template: 'monthly_team_report',
            to: 'oda',
            include: ['members', 'roles', 'last_login', 'active_scoped_tokens'],
          },
        ],
        ...set('oda', { monthly_report_last_sent: '2026-12-01' }),
      })),
      refuses: {
        missing_field: [
          ...ofUser.missing_field,
          ...contexts(
            'date',
            undefined,
            null,
            '',
            '2026-13-01',
            '2026-02-29',
            '2026-1-1',
            '01.12.2026',
            20261201,
            '2026-12-01T00:00:00Z',
          ),
        ],
        target_not_found: ofUser.target_not_found,
        target_role_mismatch: having('user', 'adm', 'dev', 'pow'),
        ...onPrivate,
        not_opted_in: [...having('user', 'own'), record('oda', { monthly_report_opt_in: false })],
        not_first_of_month: contexts('date', '2026-12-02', '2026-12-31', '2028-02-29'),
        already_sent: [record('oda', { monthly_report_last_sent: '2026-12-01' })],
        no_permission: [{ by: 'service:support' }],
      },
    },
  },
}
