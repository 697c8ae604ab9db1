import { each, type SystemEdit } from './system-edit.ts'

const matrix = 'config/systems/filerobot/matrix.yaml'
const lifecycle = 'config/systems/filerobot/lifecycle.yaml'
const galleries = 'policies/systems/filerobot/galleries.rego'
const levels = 'policies/systems/filerobot/levels.rego'
const scopes = 'policies/systems/filerobot/scopes.rego'

const companyOnly = ['owner', 'administrator', 'accountant']
const scoped = ['manager', 'developer', 'contributor', 'viewer']
const everyLevel = [...companyOnly, ...scoped]
const media = ['asset:delete', 'asset:edit', 'asset:view', 'folder:edit', 'folder:view']

export const filerobotEdits: readonly SystemEdit[] = [
  {
    what: 'a page that one more level opens',
    edits: [
      [
        matrix,
        '  hub_other: # any hub page outside home and library\n    access: { owner: allow, administrator: allow, manager: allow, developer: allow }',
        '  hub_other: # any hub page outside home and library\n    access: { owner: allow, administrator: allow, manager: allow, developer: allow, contributor: allow }',
      ],
    ],
    decisions: ['contributor gains hub_other:access'],
    widens: true,
  },
  {
    // Another operation stands under the same row.
    what: 'managers who invite no more',
    edits: [
      [
        matrix,
        '    invite: { owner: allow, administrator: allow, manager: allow }',
        '    invite: { owner: allow, administrator: allow }',
      ],
    ],
    decisions: ['manager loses user:invite', 'manager loses invitation:revoke'],
    widens: false,
  },
  {
    // A user of some projects whose level spans the company is out of scope either way.
    what: 'gallery entries that reach their own folder and nothing below it',
    edits: [
      [
        galleries,
        '\tshared.covers(folder, input.request.resource.properties.path)\n',
        '\tfolder == input.request.resource.properties.path\n',
      ],
    ],
    decisions: [
      ...each(everyLevel, 'loses', ['asset:edit']),
      ...each(scoped, 'loses', ['asset:delete', 'asset:view']),
      ...each(companyOnly, 'loses right', ['asset:delete', 'asset:view']),
    ],
    rules: { 'systems.filerobot.is_for_path': media },
    widens: true,
  },
  {
    what: 'a condition that managers of several projects meet as well',
    edits: [
      [
        scopes,
        'conditions["company_scope"] := "ok" if is_company_wide\n',
        'conditions["company_scope"] := "ok" if is_company_wide\n\nconditions["company_scope"] := "ok" if count(input.member.scope) > 1\n',
      ],
    ],
    decisions: ['manager gains user_attribute:define'],
    rules: { 'systems.filerobot.conditions.company_scope': ['user_attribute:define of manager'] },
    widens: true,
  },
  {
    what: 'a scope that is looked at no more',
    edits: [
      [
        lifecycle,
        '      shape: [status_is_listed]\n      target: [target_exists, target_is_another, target_ranks_lower, target_scope_is_covered]',
        '      shape: [status_is_listed]\n      target: [target_exists, target_is_another, target_ranks_lower]',
      ],
    ],
    decisions: ['manager gains user:set_status'],
    tables: [
      'permissions.user:set_status.todo.target [["shared","target_exists"],["checks","target_is_another"],["checks","target_ranks_lower"],["checks","target_scope_is_covered"]] → [["shared","target_exists"],["checks","target_is_another"],["checks","target_ranks_lower"]]',
    ],
    widens: true,
  },
  {
    // Whatever refuses may show the figures of a limit.
    what: 'one custom level more',
    edits: [[levels, 'custom_level_limit := 5', 'custom_level_limit := 6']],
    decisions: each(['owner', 'administrator'], 'gains', ['custom_level:create']),
    rules: { 'systems.filerobot.custom_level_limit': ['every permission'] },
    widens: true,
  },
  {
    what: 'clauses of a helper in another order',
    edits: [
      [
        levels,
        'kind_may_hold("company", _)\n\nkind_may_hold("project", page) if not page in company_pages',
        'kind_may_hold("project", page) if not page in company_pages\n\nkind_may_hold("company", _)',
      ],
    ],
    decisions: [],
    rewritten: [levels],
    widens: false,
  },
  {
    what: 'an allow that ends sessions from now on',
    edits: [
      [
        lifecycle,
        '      precondition: [level_changes, requested_level_fits_target_scope]\n',
        '      precondition: [level_changes, requested_level_fits_target_scope]\n    obligations: [terminate_sessions]\n',
      ],
    ],
    decisions: each(
      ['owner', 'administrator', 'manager'],
      'obligations',
      ['user:update_level'],
      ': with terminate_sessions',
    ),
    tables: ['permissions.user:update_level.todo.obligations [] → [["shared","terminate_sessions"]]'],
    widens: false,
  },
  {
    what: 'another reason for those whom no gallery entry serves',
    edits: [
      [
        matrix,
        '    on: [asset:view, asset:edit, asset:delete, folder:view, folder:edit]\n    allows: [gallery_role_grant]\n    refuses: [no_permission]',
        '    on: [asset:view, asset:edit, asset:delete, folder:view, folder:edit]\n    allows: [gallery_role_grant]\n    refuses: [override_denied]',
      ],
      [
        galleries,
        'default grants["gallery_role"] := "no_permission"',
        'default grants["gallery_role"] := "override_denied"',
      ],
    ],
    decisions: each(everyLevel, 'reason', media, ': no_permission → override_denied'),
    rules: { 'systems.filerobot.grants.gallery_role': media },
    widens: true,
  },
]
