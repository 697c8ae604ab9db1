import { type Asked, having, type Json, type Lifecycle, lacking, now, type Row, record, type Step } from './rows.ts'

const levels = ['owner', 'administrator', 'accountant', 'manager', 'developer', 'contributor', 'viewer']
const highest = ['owner', 'administrator']
const managers = ['owner', 'administrator', 'manager']

/** man manages the company, pam and pim manage p1 and p2. */
const tenant = {
  members: [
    { user: 'own', email: 'own@example.com', role: 'owner', status: 'active', scope: 'company' },
    { user: 'adm', email: 'adm@example.com', role: 'administrator', status: 'active', scope: 'company' },
    { user: 'acc', role: 'accountant', status: 'active', scope: 'company' },
    { user: 'man', role: 'manager', status: 'active', scope: 'company' },
    { user: 'pam', role: 'manager', status: 'active', scope: ['p1', 'p2'] },
    { user: 'pim', role: 'manager', status: 'active', scope: ['p2', 'p1'] },
    { user: 'dev', email: 'dev@example.com', role: 'developer', status: 'active', scope: ['p1'] },
    { user: 'con', role: 'contributor', status: 'active', scope: 'company', attributes: { desk: '7' } },
    { user: 'pia', email: 'pia@example.com', role: 'viewer', status: 'pending', scope: ['p1'] },
    { user: 'ina', email: 'ina@example.com', role: 'viewer', status: 'inactive', scope: ['p1'] },
    { user: 'cus', role: 'press', status: 'active', scope: 'company' },
  ],
  projects: ['p1', 'p2', 'p3'],
  custom_levels: [
    { id: 'press', kind: 'company', pages: ['hub_home:access'] },
    { id: 'agency', kind: 'project', pages: ['hub_home:access'] },
  ],
  gallery_access: [
    { user: 'con', project: 'p1', folder: '/brand', role: 'editors' },
    { user: 'con', project: 'p9', folder: '/brand', role: 'editors' },
    { user: 'dev', project: 'p2', folder: '/', role: 'editors' },
    { user: 'man', project: 'p1', folder: '/brand', role: 'nobodys' },
    { user: 'own', project: 'p1', folder: '/brand/', role: 'editors' },
  ],
  gallery_roles: { editors: ['asset:view', 'asset:edit', 'asset:delete', 'folder:view', 'folder:edit'], nobodys: [] },
}

const ofUser = {
  missing_field: [...lacking('user'), ...having('user', 7, ['dev'])],
  target_not_found: having('user', 'ghost'),
}
const badScopes = having('scope', 'all', 7, true, { p1: true })
const badProjects = having('scope', ['p9'], ['p1', 'p9'], ['p1', 7])
const outOfReach: readonly Asked[] = [
  { by: 'pam', resource: { scope: 'company' } },
  { by: 'pam', resource: { scope: ['p3'] } },
  { by: 'pam', resource: { scope: ['p1', 'p3'] } },
]
/** Rules 2 to 4 of who may be managed, upon `dev` or another. */
const managed = {
  self_target: [
    { by: 'own', resource: { user: 'own' } },
    { by: 'pam', resource: { user: 'pam' } },
  ],
  target_not_lower: [
    { by: 'adm', resource: { user: 'own' } },
    { by: 'man', resource: { user: 'pam' } },
    { by: 'man', resource: { user: 'cus' } },
    { by: 'pam', resource: { user: 'acc' } },
    { is: 'a level that is not defined', by: 'man', ...record('dev', { role: 'ghost' }) },
  ],
  scope_not_covered: [
    { by: 'pam', resource: { user: 'con' } },
    { by: 'pam', ...record('dev', { scope: ['p1', 'p3'] }) },
    { by: 'pam', ...record('dev', { scope: [] }) },
    { by: 'pam', is: 'a scope that is missing', ...record('dev', { scope: null }) },
    { by: 'pam', ...record('pam', { scope: 'p1' }) },
  ],
}

const invitationTo = (to: string) => ({ type: 'send_invitation_email', to })
const invite: Step = {
  by: 'own',
  action: 'user:invite',
  resource: { email: 'new@example.com', level: 'viewer', scope: ['p1'] },
}
const invitee = (email: string, level: string, scope: unknown) => ({ email, level, scope })
const pending = (email: string, role: string, scope: unknown) => ({
  [email]: { email, role, scope, status: 'pending' },
})
const page = 'hub_home:access'
const five = { name: 'custom_levels', limit: 5, used: 5 }
const custom = (id: string, kind = 'project') => ({ id, kind, pages: [page] })

const changes = (user: string, by: string, resource: Json, patch: Json, given?: Json) => ({
  by,
  resource: { user, ...resource },
  ...(given === undefined ? {} : record(user, given)),
  done: { members: [user] },
  after: { members: { [user]: patch } },
})

/** 4.4: the gallery role decides, whatever the level. */
const gallery = (): Row => ({
  who: levels,
  by: 'con',
  resource: { project: 'p1', path: '/brand/logo.png' },
  allows: [
    { reason: 'gallery_role_grant' },
    { reason: 'gallery_role_grant', resource: { path: '/brand' } },
    {
      is: 'the whole project',
      by: 'dev',
      ...record('dev', { scope: ['p2'] }),
      resource: { project: 'p2', path: '/a' },
      reason: 'gallery_role_grant',
    },
  ],
  refuses: {
    no_permission: [
      { by: 'man' },
      { by: 'own' },
      { by: 'dev' },
      ...having('path', '/brandy', '/', '/Brand/logo.png', '/brand/', '/brand/../brand/a', 'brand'),
      ...having('project', 'p2'),
    ],
    missing_field: [...lacking('project', 'path'), ...having('project', 7), ...having('path', 7)],
    unknown_project: having('project', 'p9'),
    out_of_scope: [{ by: 'dev', resource: { project: 'p2', path: '/a' } }],
  },
})

export const filerobot: Lifecycle = {
  system: 'filerobot',
  roles: levels,
  hasPlans: false,
  person: 'own',
  tenant,
  gates: [
    {
      reason: 'unknown_project',
      except: ['project:access', 'asset:view', 'asset:edit', 'asset:delete', 'folder:view', 'folder:edit'],
      asked: ({ by }) => ({ by, resource: { project: 'p9' } }),
    },
    {
      reason: 'out_of_scope',
      asked: ({ by }) => ({ by, ...record(by, { role: 'administrator', scope: ['p1'] }) }),
    },
    {
      reason: 'out_of_scope',
      asked: ({ by }) => ({ by, ...record(by, { role: 'administrator', scope: null }) }),
    },
    {
      reason: 'no_permission',
      except: ['project:access', 'asset:view', 'asset:edit', 'asset:delete', 'folder:view', 'folder:edit'],
      asked: ({ by }) => ({ by, ...record(by, { role: 'press' }) }),
    },
  ],
  earlyGates: [],
  unlisted: ['invitation:decline', 'user:remove'],
  rows: {
    'project:access': {
      who: levels.filter((level) => level !== 'accountant'),
      by: 'own',
      resource: { project: 'p1' },
      allows: [
        {},
        { by: 'dev' },
        { by: 'pam', resource: { project: 'p2' } },
        { by: 'cus', reason: 'custom_level_grant' },
      ],
      refuses: {
        missing_field: lacking('project'),
        unknown_project: having('project', 'p9', 7, ['p1']),
        out_of_scope: [
          { by: 'dev', resource: { project: 'p2' } },
          { by: 'dev', ...record('dev', { scope: 'p1' }) },
        ],
      },
    },

    'user:invite': {
      who: managers,
      by: 'own',
      resource: invite.resource as Json,
      allows: [
        ...[
          { by: 'own', level: 'viewer', scope: ['p1'] },
          { by: 'own', level: 'administrator', scope: 'company' },
          { by: 'adm', level: 'accountant', scope: 'company' },
          { by: 'adm', level: 'press', scope: 'company' },
          { by: 'adm', level: 'agency', scope: ['p3'] },
          { by: 'adm', level: 'agency', scope: 'company' },
          { by: 'man', level: 'developer', scope: 'company' },
          { by: 'man', level: 'contributor', scope: ['p3', 'p1'] },
          { by: 'pam', level: 'manager', scope: ['p2'] },
          { by: 'pam', level: 'viewer', scope: ['p1', 'p2'] },
        ].map(({ by, level, scope }) => ({
          by,
          resource: { level, scope },
          obligations: [invitationTo('new@example.com')],
          done: { members: ['new@example.com'], invited: ['new@example.com'] },
          after: { members: pending('new@example.com', level, scope) },
        })),
        {
          is: 'the address trimmed, its letters as written; in a session that began after the last ones were ended',
          ...record('own', { sessions_valid_after: '2026-01-01T00:00:00.000Z' }),
          session: '2026-01-01T01:00:00.001+01:00',
          resource: { email: '\t New@Example.com' },
          obligations: [invitationTo('New@Example.com')],
          done: { members: ['New@Example.com'], invited: ['New@Example.com'] },
          after: { members: pending('New@Example.com', 'viewer', ['p1']) },
        },
      ],
      refuses: {
        missing_field: [...lacking('email', 'level', 'scope'), ...having('email', 7, true), ...badScopes],
        unknown_level: having('level', 'ghost', 7, true, ['viewer']),
        unknown_project: badProjects,
        level_not_lower: [
          { resource: { level: 'owner', scope: 'company' } },
          { by: 'adm', resource: { level: 'administrator', scope: 'company' } },
          { by: 'man', resource: { level: 'manager' } },
          { by: 'man', resource: { level: 'agency' } },
          { by: 'pam', resource: { level: 'accountant' } },
        ],
        scope_not_covered: outOfReach,
        already_member: having('email', 'dev@example.com', ' PIA@Example.com', 'ina@example.com', 'CON'),
        company_only_level: having('level', 'administrator', 'accountant', 'press'),
      },
    },

    'user:bulk_invite': {
      who: managers,
      by: 'own',
      resource: { invites: [invitee('a@example.com', 'viewer', ['p1']), invitee('b@example.com', 'press', 'company')] },
      allows: [
        {
          obligations: [invitationTo('a@example.com'), invitationTo('b@example.com')],
          done: { members: ['a@example.com', 'b@example.com'], invited: ['a@example.com', 'b@example.com'] },
          after: {
            members: { ...pending('a@example.com', 'viewer', ['p1']), ...pending('b@example.com', 'press', 'company') },
          },
        },
        {
          by: 'pam',
          resource: { invites: [invitee(' A@example.com', 'manager', ['p2'])] },
          obligations: [invitationTo('A@example.com')],
          done: { members: ['A@example.com'], invited: ['A@example.com'] },
          after: { members: pending('A@example.com', 'manager', ['p2']) },
        },
      ],
      refuses: {
        missing_field: [
          ...lacking('invites'),
          ...having('invites', 7, 'a@example.com', invitee('a@example.com', 'viewer', ['p1'])),
          ...[
            'a@example.com',
            null,
            [],
            invitee(' ', 'viewer', ['p1']),
            invitee('b@example.com', '', ['p1']),
            invitee('b@example.com', 'viewer', []),
            invitee('b@example.com', 'viewer', 'all'),
          ].map((second) => ({ resource: { invites: [invitee('a@example.com', 'viewer', ['p1']), second] } })),
        ],
        unknown_level: [{ resource: { invites: [invitee('a@example.com', 'ghost', ['p1'])] } }],
        unknown_project: [{ resource: { invites: [invitee('a@example.com', 'viewer', ['p1', 'p9'])] } }],
        level_not_lower: [
          {
            by: 'man',
            resource: {
              invites: [invitee('a@example.com', 'viewer', ['p1']), invitee('b@example.com', 'manager', ['p1'])],
            },
          },
        ],
        scope_not_covered: [
          {
            by: 'pam',
            resource: {
              invites: [invitee('a@example.com', 'viewer', ['p1']), invitee('b@example.com', 'viewer', ['p3'])],
            },
          },
        ],
        already_member: [
          {
            resource: {
              invites: [invitee('a@example.com', 'viewer', ['p1']), invitee(' A@Example.com', 'viewer', ['p1'])],
            },
          },
          {
            resource: {
              invites: [invitee('a@example.com', 'viewer', ['p1']), invitee('pia@example.com', 'viewer', ['p1'])],
            },
          },
        ],
        company_only_level: [
          { resource: { invites: [invitee('a@example.com', 'accountant', ['p1'])] } },
          {
            is: 'before a later one whose failure would be asked earlier',
            resource: { invites: [invitee('a@example.com', 'accountant', ['p1']), invitee('', 'ghost', [])] },
          },
        ],
      },
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
              newcomer: {
                email: 'new@example.com',
                role: 'viewer',
                scope: ['p1'],
                status: 'active',
                sessions_valid_after: now,
              },
            },
          },
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
          ],
        },
        user_exists: { status: 409, asked: [{ by: 'dev' }] },
      },
    },

    'invitation:revoke': {
      who: managers,
      by: 'own',
      resource: { user: 'pia' },
      allows: ['own', 'adm', 'man', 'pam'].map((by) => ({
        by,
        obligations: [{ type: 'invalidate_invitation', user: 'pia' }],
        done: { members: ['pia'], ended: ['pia'] },
        after: { members: { pia: null } },
      })),
      refuses: {
        ...ofUser,
        self_target: managed.self_target,
        target_not_lower: [
          ...managed.target_not_lower.slice(0, -1),
          { by: 'man', ...record('pia', { role: 'manager' }) },
        ],
        scope_not_covered: [
          { by: 'pam', ...record('pia', { scope: ['p3'] }) },
          { by: 'pam', ...record('pia', { scope: 'company' }) },
        ],
        invalid_transition: having('user', 'dev', 'ina'),
      },
    },

    'user:update_level': {
      who: managers,
      by: 'own',
      resource: { user: 'dev', level: 'viewer' },
      allows: [
        changes('dev', 'own', {}, { role: 'viewer' }),
        changes('con', 'adm', { level: 'press' }, { role: 'press' }),
        changes('adm', 'own', { level: 'accountant' }, { role: 'accountant' }),
        changes('dev', 'man', { level: 'contributor' }, { role: 'contributor' }),
        changes('dev', 'pam', { level: 'manager' }, { role: 'manager' }),
        changes('pim', 'pam', { level: 'viewer' }, { role: 'viewer' }),
        changes('pia', 'pam', { level: 'contributor' }, { role: 'contributor' }),
        changes('ina', 'pam', { level: 'contributor' }, { role: 'contributor' }),
      ],
      refuses: {
        missing_field: [...ofUser.missing_field, ...lacking('level')],
        unknown_level: having('level', 'ghost', 7, true, ['viewer']),
        target_not_found: ofUser.target_not_found,
        ...managed,
        level_not_lower: [
          { resource: { level: 'owner' } },
          { by: 'adm', resource: { level: 'administrator' } },
          { by: 'man', resource: { level: 'manager' } },
          { by: 'man', resource: { level: 'agency' } },
          { by: 'pam', resource: { level: 'accountant' } },
        ],
        invalid_transition: [...having('level', 'developer'), { resource: { user: 'cus', level: 'press' } }],
        company_only_level: having('level', 'administrator', 'accountant', 'press'),
      },
    },

    'user:update_scope': {
      who: managers,
      by: 'own',
      resource: { user: 'dev', scope: ['p2'] },
      allows: [
        changes('dev', 'own', {}, { scope: ['p2'] }),
        changes('dev', 'man', { scope: 'company' }, { scope: 'company' }),
        changes('dev', 'pam', { scope: ['p2', 'p1'] }, { scope: ['p2', 'p1'] }),
        changes('con', 'adm', { scope: ['p3'] }, { scope: ['p3'] }),
        changes('cus', 'adm', { scope: ['p3'] }, { scope: ['p3'] }, { role: 'agency' }),
        changes('pia', 'pam', { scope: ['p2'] }, { scope: ['p2'] }),
        changes('ina', 'pam', { scope: ['p2'] }, { scope: ['p2'] }),
      ],
      refuses: {
        missing_field: [...ofUser.missing_field, ...lacking('scope'), ...badScopes],
        unknown_project: badProjects,
        target_not_found: ofUser.target_not_found,
        ...managed,
        scope_not_covered: [...managed.scope_not_covered, ...outOfReach],
        invalid_transition: [
          ...having('scope', ['p1'], ['p1', 'p1']),
          { by: 'pam', resource: { user: 'pim', scope: ['p1', 'p2'] } },
          { resource: { user: 'con', scope: 'company' } },
        ],
        company_only_level: having('user', 'adm', 'acc', 'cus'),
      },
    },

    'user:set_status': {
      who: managers,
      by: 'own',
      resource: { user: 'dev', status: 'inactive' },
      allows: [
        ...['own', 'man', 'pam'].map((by) => ({
          by,
          obligations: [{ type: 'terminate_sessions', user: 'dev' }],
          done: { members: ['dev'], ended: ['dev'] },
          after: { members: { dev: { status: 'inactive', sessions_valid_after: now } } },
        })),
        changes('ina', 'own', { status: 'active' }, { status: 'active' }),
        changes('ina', 'pam', { status: 'active' }, { status: 'active' }),
        changes('dev', 'own', { status: 'active' }, { status: 'active' }, { status: 'asleep' }),
      ],
      refuses: {
        missing_field: [...ofUser.missing_field, ...lacking('status'), ...having('status', 'pending', 'gone', 7, true)],
        target_not_found: ofUser.target_not_found,
        ...managed,
        invalid_transition: [
          { resource: { status: 'active' } },
          { resource: { user: 'ina' } },
          { resource: { user: 'pia' } },
          { resource: { user: 'pia', status: 'active' } },
          { is: 'a status nobody defined counts as inactive', ...record('dev', { status: 'asleep' }) },
        ],
      },
    },

    'user:update_attributes': {
      who: managers,
      by: 'own',
      resource: { user: 'dev', attributes: { desk: '3' } },
      allows: [
        changes('dev', 'own', {}, { attributes: { desk: '3' } }),
        changes('dev', 'pam', {}, { attributes: { desk: '3' } }),
        changes('con', 'man', { attributes: { floor: '2' } }, { attributes: { desk: '7', floor: '2' } }),
        changes('con', 'adm', { attributes: { desk: '8' } }, { attributes: { desk: '8' } }),
        changes('pia', 'adm', {}, { attributes: { desk: '3' } }),
        changes('ina', 'adm', {}, { attributes: { desk: '3' } }),
      ],
      refuses: {
        missing_field: [
          ...ofUser.missing_field,
          ...lacking('attributes'),
          ...having('attributes', 7, 'desk', ['desk']),
        ],
        target_not_found: ofUser.target_not_found,
        ...managed,
      },
      errors: { not_well_formed: { status: 400, asked: having('attributes', { desk: '\0' }, { '\0': 1 }) } },
    },

    'custom_level:create': {
      who: highest,
      by: 'own',
      resource: custom('desk'),
      allows: [
        { after: { custom_levels: [...tenant.custom_levels, custom('desk')] } },
        {
          is: 'with the pages of the company',
          by: 'adm',
          resource: { kind: 'company', pages: ['settings_company:access', 'settings_billing:access'] },
          after: {
            custom_levels: [
              ...tenant.custom_levels,
              { id: 'desk', kind: 'company', pages: ['settings_company:access', 'settings_billing:access'] },
            ],
          },
        },
        {
          is: 'the fifth',
          given: { custom_levels: ['a', 'b', 'c', 'd'].map((id) => custom(id)) },
          after: { custom_levels: ['a', 'b', 'c', 'd', 'desk'].map((id) => custom(id)) },
        },
      ],
      refuses: {
        missing_field: [
          ...lacking('id', 'kind', 'pages'),
          ...having('id', 7),
          ...having('kind', 'both', 7, true),
          ...having('pages', 7, page, { 0: page }),
        ],
        unknown_page: having('pages', ['nowhere:access'], [page, 'project:access'], ['user:invite'], [7], ['']),
        level_id_taken: having('id', 'owner', 'viewer', 'press', 'agency'),
        company_page_not_allowed: having('pages', ['settings_company:access'], [page, 'settings_billing:access']),
        custom_level_limit_reached: [
          { given: { custom_levels: ['a', 'b', 'c', 'd', 'e'].map((id) => custom(id, 'company')) }, limit: five },
          {
            is: 'whatever their kind, defined or not',
            given: {
              custom_levels: ['company', 'project', 'project', 'company', 'other'].map((kind, at) =>
                custom(`l${at}`, kind),
              ),
            },
            limit: five,
          },
        ],
      },
    },

    'custom_level:update': {
      who: highest,
      by: 'own',
      resource: { id: 'press', pages: ['hub_other:access', 'settings_billing:access'] },
      allows: ['own', 'adm'].map((by) => ({
        by,
        after: {
          custom_levels: [
            { id: 'press', kind: 'company', pages: ['hub_other:access', 'settings_billing:access'] },
            tenant.custom_levels[1],
          ],
        },
      })),
      refuses: {
        missing_field: [...lacking('id', 'pages'), ...having('pages', 7, page)],
        unknown_level: having('id', 'ghost', 'viewer', 7, ['press']),
        unknown_page: having('pages', ['nowhere:access'], [page, 'project:access'], [7]),
        company_page_not_allowed: [
          { resource: { id: 'agency' } },
          { is: 'of a kind nobody defined', given: { custom_levels: [custom('press', 'other')] } },
        ],
      },
    },

    'custom_level:delete': {
      who: highest,
      by: 'own',
      resource: { id: 'agency' },
      allows: ['own', 'adm'].map((by) => ({ by, after: { custom_levels: [tenant.custom_levels[0]] } })),
      refuses: {
        missing_field: lacking('id'),
        unknown_level: having('id', 'ghost', 'viewer', 7, ['press']),
        level_in_use: [
          ...having('id', 'press'),
          ...['pending', 'inactive'].map((status) => record('cus', { role: 'agency', status })),
        ],
      },
    },

    'asset:view': gallery(),
    'asset:edit': gallery(),
    'asset:delete': gallery(),
    'folder:view': gallery(),
    'folder:edit': gallery(),
  },
}
