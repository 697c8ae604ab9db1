import { each, type SystemEdit } from './system-edit.ts'

const matrix = 'config/systems/imagekit/matrix.yaml'
const lifecycle = 'config/systems/imagekit/lifecycle.yaml'
const plans = 'config/systems/imagekit/plans.yaml'
const levels = 'policies/systems/imagekit/levels.rego'
const sharing = 'policies/systems/imagekit/sharing.rego'

const restricted = 'media_library_restricted_access'
const roles = [
  'account_administrator',
  'developer',
  'finance',
  'media_library_full_access',
  restricted,
  'media_library_view_only_access',
]
/** What is judged by the level on a path, for the restricted role. */
const onPaths = [
  'media_collection:add_asset',
  ...['copy', 'create', 'delete', 'move', 'open', 'share'].map((name) => `media_folder:${name}`),
  ...['copy', 'delete', 'download', 'edit', 'move', 'open', 'rename', 'share', 'tag', 'upload'].map(
    (name) => `media_file:${name}`,
  ),
].sort()

export const imagekitEdits: readonly SystemEdit[] = [
  {
    what: 'a role that only looks is given uploads',
    edits: [
      [
        matrix,
        'upload: { account_administrator: allow, developer: allow, media_library_full_access: allow, ',
        'upload: { account_administrator: allow, developer: allow, media_library_full_access: allow, media_library_view_only_access: allow, ',
      ],
    ],
    decisions: ['media_library_view_only_access gains media_file:upload'],
    widens: true,
  },
  {
    what: 'the restricted role renames nothing more',
    edits: [
      [
        matrix,
        '    rename: { account_administrator: allow, developer: allow, media_library_full_access: allow, media_library_restricted_access: { when: can_manage_path } }',
        '    rename: { account_administrator: allow, developer: allow, media_library_full_access: allow }',
      ],
    ],
    decisions: [`${restricted} loses media_file:rename on enterprise`],
    widens: false,
  },
  {
    what: 'a collection that lets its files be worked on, not only seen',
    edits: [
      [levels, '_collected_paths(path) := {ranks.can_view |', '_collected_paths(path) := {ranks.can_contribute |'],
    ],
    decisions: [`${restricted} gains media_file:tag on enterprise`],
    rules: { 'systems.imagekit._collected_paths': onPaths.map((name) => `${name} of ${restricted}`) },
    widens: true,
  },
  {
    what: 'a condition that asks more of the destination',
    edits: [
      [
        levels,
        '_verdict([[path_level, "can_manage"], [destination_level, "can_contribute"]])',
        '_verdict([[path_level, "can_manage"], [destination_level, "can_manage"]])',
      ],
    ],
    decisions: [`${restricted} loses media_file:move on enterprise`],
    rules: {
      'systems.imagekit.conditions.can_move_path': [
        `media_file:move of ${restricted}`,
        `media_folder:move of ${restricted}`,
      ],
    },
    widens: true,
  },
  {
    what: 'clauses in another order, and another comment',
    edits: [
      [
        sharing,
        'checks["level_is_known"] := "ok" if ranks[input.request.resource.properties.level]\n\nchecks["level_is_known"] := "ok" if is_withdrawal',
        '# Withdrawing first.\nchecks["level_is_known"] := "ok" if is_withdrawal\n\nchecks["level_is_known"] := "ok" if ranks[input.request.resource.properties.level]',
      ],
    ],
    decisions: [],
    rewritten: [sharing],
    widens: false,
  },
  {
    what: 'a feature that the smallest plan gets',
    edits: [[plans, 'free: { seats: 1 }', 'free: { seats: 1, features: [user_management] }']],
    decisions: [
      'account_administrator gains user:create on free',
      'account_administrator gains user:update_role on free',
      'account_administrator reason user:create: plan_not_eligible → role_not_on_plan on free',
      'account_administrator reason user:create: plan_not_eligible → seat_limit_reached on free',
      'account_administrator reason user:update_role: plan_not_eligible → role_not_on_plan on free',
    ],
    tables: [
      'plans.free.features.user_management absent → true for subscription:change_plan, user:create, user:update_role',
    ],
    widens: true,
  },
  {
    // The seat that an allow reserves is one of fewer: that obliges to no less. A refusal of another plan may have named
    // this one as the next that is large enough.
    what: 'fewer seats on a plan',
    edits: [[plans, 'paid: { seats: 5,', 'paid: { seats: 4,']],
    decisions: [
      'account_administrator loses user:create on paid',
      'account_administrator obligations user:create: another reserve_seat on paid',
      'account_administrator limit user:create on paid',
      'account_administrator limit invitation:accept on free, paid',
      'account_administrator limit subscription:change_plan on enterprise, paid',
      ...each(
        roles.filter((role) => role !== 'account_administrator'),
        'limit',
        ['invitation:accept'],
        ' on free',
      ),
      ...each([...roles, 'undefined_role'], 'loses', ['invitation:accept'], ' on paid'),
    ],
    tables: ['plans.paid.seats 5 → 4 for invitation:accept, subscription:change_plan, user:create'],
    widens: false,
  },
  {
    what: 'a check that a row asks no more',
    edits: [
      [
        lifecycle,
        '  media_folder:share:\n    takes: { path: text, user?: text, group?: text, level: name }\n    checks:\n      shape: [path_is_well_formed, one_grantee_is_named, level_is_known]\n      target: [grantee_exists, grantee_is_restricted]\n      precondition: [plan_allows_sharing, root_is_not_shared]',
        '  media_folder:share:\n    takes: { path: text, user?: text, group?: text, level: name }\n    checks:\n      shape: [path_is_well_formed, one_grantee_is_named, level_is_known]\n      target: [grantee_exists, grantee_is_restricted]\n      precondition: [plan_allows_sharing]',
      ],
    ],
    decisions: each(
      ['account_administrator', 'developer', 'media_library_full_access'],
      'gains',
      ['media_folder:share'],
      ' on enterprise',
    ),
    tables: ['todo', `cells.${restricted}.todo`].map(
      (part) =>
        `permissions.media_folder:share.${part}.precondition [["checks","plan_allows_sharing"],["checks","root_is_not_shared"]] → [["checks","plan_allows_sharing"]]`,
    ),
    widens: true,
  },
  {
    what: 'a search that nobody is told to filter',
    edits: [
      [
        levels,
        'obligations["filter_to_shared"] := [{"type": "filter_to_shared"}]',
        'obligations["filter_to_shared"] := [{"type": "filter_to_shared"} | input.request.action.name != "media_library:search"]',
      ],
    ],
    decisions: [`${restricted} obligations media_library:search: without filter_to_shared on enterprise`],
    rules: {
      'systems.imagekit.obligations.filter_to_shared': [
        `media_library:search of ${restricted}`,
        `media_library:view of ${restricted}`,
      ],
    },
    widens: true,
  },
  {
    what: 'an allow that ends sessions no more',
    edits: [[lifecycle, 'obligations: [release_seat, terminate_sessions,', 'obligations: [release_seat,']],
    decisions: ['account_administrator obligations user:delete: without terminate_sessions'],
    tables: [
      'permissions.user:delete.todo.obligations [["shared","release_seat"],["shared","terminate_sessions"],["shared","invalidate_invitation"],["obligations","remove_from_user_groups"]] → [["shared","release_seat"],["shared","invalidate_invitation"],["obligations","remove_from_user_groups"]]',
    ],
    widens: true,
  },
  {
    what: 'an allow that ends sessions from now on',
    edits: [
      [
        lifecycle,
        'obligations: [remove_from_user_groups]',
        'obligations: [remove_from_user_groups, terminate_sessions]',
      ],
    ],
    decisions: ['account_administrator obligations user:update_role: with terminate_sessions on enterprise, paid'],
    tables: [
      'permissions.user:update_role.todo.obligations [["obligations","remove_from_user_groups"]] → [["obligations","remove_from_user_groups"],["shared","terminate_sessions"]]',
    ],
    widens: false,
  },
  {
    what: 'another reason for an allow',
    edits: [
      [
        matrix,
        '  can_view_collection:\n    relation: [missing_field, not_shared, permission_level_too_low]\n    allows: share_grant\n',
        '  can_view_collection:\n    relation: [missing_field, not_shared, permission_level_too_low]\n',
      ],
    ],
    decisions: [`${restricted} reason media_collection:open: share_grant → role_grant on enterprise`],
    tables: [`permissions.media_collection:download.cells.${restricted}.reason "share_grant" → "role_grant"`],
    widens: false,
  },
  {
    what: 'a new user who is in without having answered',
    edits: [[lifecycle, '    to: pending\n', '    to: active\n']],
    decisions: [],
    tables: ['permissions.user:create.to "pending" → "active"'],
    widens: true,
  },
]
