import type { SystemEdit } from './system-edit.ts'

const matrix = 'config/systems/fivemanage/matrix.yaml'
const lifecycle = 'config/systems/fivemanage/lifecycle.yaml'
const members = 'policies/systems/fivemanage/members.rego'
const overrides = 'policies/systems/fivemanage/overrides.rego'

/** Permissions with a switch, and the setting of switches, go by what the roles hold by default. */
const askWhatRolesHold = 'integration:manage, log:read, log:search, member:set_permission, token:create, token:read'

export const fivemanageEdits: readonly SystemEdit[] = [
  {
    // An override that adds what the role has by now says nothing any more, and one that takes it away says something.
    what: 'a cell that is added to a permission with a switch',
    edits: [
      [
        matrix,
        '    create: { owner: allow, admin: allow }\n    manage: { owner: allow, admin: allow }\n  log:',
        '    create: { owner: allow, admin: allow, developer: allow }\n    manage: { owner: allow, admin: allow }\n  log:',
      ],
    ],
    decisions: [
      'developer gains token:create',
      'developer reason token:create: no_permission → override_denied',
      'developer reason token:create: override_grant → role_grant',
    ],
    tables: [`permissions.token:create.cells.developer absent → {"reason":"role_grant"} for ${askWhatRolesHold}`],
    widens: true,
  },
  {
    // Without reading there is no searching; and a default that grants nothing more is one that an admin who lost the
    // right may restore.
    what: 'a cell that is removed from a permission with a switch',
    edits: [
      [
        matrix,
        '  log:\n    read: { owner: allow, admin: allow, developer: allow }',
        '  log:\n    read: { owner: allow, admin: allow }',
      ],
    ],
    decisions: [
      'developer loses log:read',
      'developer loses log:search',
      'developer reason log:read: override_denied → no_permission',
      'developer reason log:read: role_grant → override_grant',
      'developer reason log:search: override_denied → no_permission',
      'admin gains member:set_permission',
    ],
    tables: [`permissions.log:read.cells.developer {"reason":"role_grant"} → absent for ${askWhatRolesHold}`],
    widens: true,
  },
  {
    // As above, and no row restores this default.
    what: 'a cell that is removed from a permission with a switch, where nobody who was asked gains',
    edits: [
      [
        matrix,
        '    search: { owner: allow, admin: allow, developer: allow }',
        '    search: { owner: allow, admin: allow }',
      ],
    ],
    decisions: ['developer loses log:search', 'developer reason log:search: override_denied → no_permission'],
    tables: [`permissions.log:search.cells.developer {"reason":"role_grant"} → absent for ${askWhatRolesHold}`],
    widens: true,
  },
  {
    what: 'a condition that reaches those of the same rank',
    edits: [
      [
        members,
        'authz.model.roles[input.target.role].rank < authz.role.rank',
        'authz.model.roles[input.target.role].rank <= authz.role.rank',
      ],
    ],
    decisions: ['admin gains member:change_role', 'admin gains member:set_permission'],
    rules: {
      'systems.fivemanage.conditions.target_is_lower': [
        'member:change_role of admin',
        'member:set_permission of admin',
      ],
    },
    widens: true,
  },
  {
    what: 'a helper whose lines stand in another order',
    edits: [
      [
        overrides,
        '_holds("log:search") if {\n\t_holds_apart("log:search")\n\t_holds_apart("log:read")\n}',
        '_holds("log:search") if {\n\t_holds_apart("log:read")\n\t_holds_apart("log:search")\n}',
      ],
    ],
    decisions: [],
    rules: { 'systems.fivemanage._holds': ['member:set_permission'] },
    widens: true,
  },
  {
    what: 'a check that takes any permission for one with a switch',
    edits: [
      [
        overrides,
        'authz.model.permissions[input.request.resource.properties.permission].grant\n',
        'authz.model.permissions[input.request.resource.properties.permission]\n',
      ],
    ],
    decisions: [
      'owner gains member:set_permission',
      'admin reason member:set_permission: not_overridable → cannot_grant_unheld',
    ],
    rules: { 'systems.fivemanage.checks.permission_is_overridable': ['member:set_permission'] },
    widens: true,
  },
  {
    what: 'a switch that goes',
    edits: [
      [
        matrix,
        'on: [log:read, token:read, token:create, integration:manage]',
        'on: [log:read, token:read, token:create]',
      ],
    ],
    decisions: [
      'developer loses integration:manage',
      'admin loses member:set_permission',
      'owner loses member:set_permission',
      'admin reason member:set_permission: cannot_grant_unheld → not_overridable',
    ],
    tables: ['permissions.integration:manage.grant "override" → absent for member:set_permission'],
    widens: true,
  },
  {
    what: 'sessions that end for those alone who are active',
    edits: [
      [
        members,
        'obligations["terminate_every_session"] := [{"type": "terminate_sessions", "user": input.target.user}]',
        'obligations["terminate_every_session"] := [{"type": "terminate_sessions", "user": input.target.user} |\n\tshared.target_state == "active"\n]',
      ],
    ],
    decisions: ['owner obligations member:remove: without terminate_sessions'],
    rules: { 'systems.fivemanage.obligations.terminate_every_session': ['member:remove'] },
    widens: true,
  },
  {
    what: 'another role for those who are invited without one',
    edits: [[lifecycle, '{ role: { value: member } }', '{ role: { value: developer } }']],
    decisions: [],
    tables: [
      'permissions.member:invite.effects [{"create_member":{"role":{"value":"member"}}},{"set_member":{"role":"role"}}] → [{"create_member":{"role":{"value":"developer"}}},{"set_member":{"role":"role"}}]',
    ],
    widens: true,
  },
]
