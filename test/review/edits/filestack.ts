import type { Edit } from '../../support/project-copy.ts'

/** An edit of the policy, and every line that the diff must say about it. */
export interface RecordedEdit {
  readonly what: string
  readonly edits: readonly Edit[]
  readonly lines: readonly string[]
  readonly widens: boolean
}

const matrix = 'config/systems/filestack/matrix.yaml'
const lifecycle = 'config/systems/filestack/lifecycle.yaml'
const plans = 'config/systems/filestack/plans.yaml'
const roles = 'config/systems/filestack/roles.yaml'
const keys = 'policies/systems/filestack/keys.rego'
const promo = 'policies/systems/filestack/promo.rego'
const right = 'policies/authz/right.rego'

/** A change of Rego that no request of the space shows. */
export const unseen = 'a condition that is wider for one key that no row names'

export const recordedEdits: readonly RecordedEdit[] = [
  {
    what: 'a cell that is added',
    edits: [[matrix, '    list: { account_owner: allow }', '    list: { account_owner: allow, billing: allow }']],
    lines: ['`billing` gains `member:list` (filestack): config/systems/filestack/matrix.yaml:15'],
    widens: true,
  },
  {
    what: 'a cell that is removed',
    edits: [
      [
        matrix,
        '    view: { account_owner: allow, developer: allow, billing: allow }',
        '    view: { account_owner: allow, billing: allow }',
      ],
    ],
    lines: ['`developer` loses `own_membership:view` (filestack): config/systems/filestack/matrix.yaml:66'],
    widens: false,
  },
  {
    what: 'a cell whose permission takes attributes',
    edits: [[matrix, '    invite: { account_owner: allow }', '    invite: { account_owner: allow, billing: allow }']],
    lines: ['`billing` gains `member:invite` (filestack): config/systems/filestack/matrix.yaml:17'],
    widens: true,
  },
  {
    what: 'a cell that loses its condition',
    edits: [
      [
        matrix,
        '    use: { account_owner: allow, developer: { when: assigned_key } }',
        '    use: { account_owner: allow, developer: allow }',
      ],
    ],
    lines: [
      '`developer` gains `api_key:use` (filestack): config/systems/filestack/matrix.yaml:27',
      '`developer` has another reason with `api_key:use`, api_key_not_assigned → unknown_api_key (filestack): config/systems/filestack/lifecycle.yaml:149',
    ],
    widens: true,
  },
  {
    what: 'a cell that gains a condition',
    edits: [
      [
        matrix,
        '    manage: { account_owner: allow, billing: allow }',
        '    manage: { account_owner: allow, billing: { when: assigned_key } }',
      ],
    ],
    lines: ['`billing` loses `billing_info:manage` (filestack): config/systems/filestack/matrix.yaml:58'],
    widens: false,
  },
  {
    what: 'more seats on a plan',
    edits: [[plans, 'grow: { seats: 10 }', 'grow: { seats: 12 }']],
    lines: [
      '`account_owner` has other obligations with `member:invite`, `member:reinstate` on grow, another reserve_seat (filestack): config/systems/filestack/matrix.yaml:17',
      'table: `plans.grow.seats` 10 → 12 (filestack); rules look it up for `invitation:accept`, `member:invite`, `member:reinstate`, `plan:change`; what was not asked may widen',
    ],
    widens: true,
  },
  {
    what: 'fewer seats on a plan',
    edits: [[plans, 'free: { seats: 3 }', 'free: { seats: 2 }']],
    lines: [
      '`account_owner` loses `member:reinstate`, `member:invite` on free (filestack): config/systems/filestack/plans.yaml:4',
      '`account_owner`, `billing`, `undefined_role` lose `invitation:accept` on free (filestack): config/systems/filestack/plans.yaml:4',
      '`account_owner`, `billing` lose `plan:change` on custom, grow, scale, start (filestack): config/systems/filestack/plans.yaml:4',
      '`account_owner` meets another limit with `member:invite`, `member:reinstate` on free (filestack): config/systems/filestack/plans.yaml:4',
      '`account_owner`, `billing`, `developer`, `undefined_role` meet another limit with `invitation:accept` on free (filestack): config/systems/filestack/plans.yaml:4',
      'table: `plans.free.seats` 3 → 2 (filestack); rules look it up for `invitation:accept`, `member:invite`, `member:reinstate`, `plan:change`',
    ],
    widens: false,
  },
  {
    what: 'a check that is removed',
    edits: [[lifecycle, '  member:list:\n    checks: { precondition: [profile_is_complete] }\n', '']],
    lines: [
      '`account_owner` gains `member:list` (filestack): config/systems/filestack/matrix.yaml:15',
      'table: `permissions.member:list.todo.precondition` [["checks","profile_is_complete"]] → absent (filestack)',
    ],
    widens: true,
  },
  {
    what: 'an obligation that is removed',
    edits: [[lifecycle, 'obligations: [send_invitation_email, reserve_seat]', 'obligations: [send_invitation_email]']],
    lines: [
      '`account_owner` has other obligations with `member:invite`, without reserve_seat (filestack): config/systems/filestack/matrix.yaml:17',
      'table: `permissions.member:invite.todo.obligations` [["shared","send_invitation_email"],["shared","reserve_seat"]] → [["shared","send_invitation_email"]] (filestack); an allow may oblige to less',
    ],
    widens: true,
  },
  {
    what: 'a state that is added',
    edits: [[lifecycle, '    from: [inactive]\n', '    from: [inactive, pending]\n']],
    lines: [
      'no decision changes',
      'table: `permissions.member:reinstate.from.pending` absent → true (filestack), changed, no witness',
    ],
    widens: true,
  },
  {
    what: 'a plan that is added',
    edits: [[plans, '  custom: { seats: unlimited }', '  custom: { seats: unlimited }\n  huge: { seats: 99 }']],
    lines: [
      '`account_owner` gains `member:invite`, `account_settings:update`, `user_management:view`, `member:revoke`, 16 more on huge (filestack): config/systems/filestack/matrix.yaml:17',
      '`account_owner`, `developer` gain `api_key:use`, `workflow:manage`, `content_browser:view`, `analytics:view`, 5 more on huge (filestack): config/systems/filestack/matrix.yaml:27',
      '`account_owner`, `billing`, `developer` gain `api_key:view`, `invitation:accept`, `own_membership:view` on huge (filestack): config/systems/filestack/matrix.yaml:26',
      '`account_owner`, `billing` gain `billing_info:view`, `marketplace:view`, `plan:view`, `plan:change`, 3 more on huge (filestack): config/systems/filestack/matrix.yaml:57',
      '`service support` gains `seat_limit:override` on huge (filestack): config/systems/filestack/lifecycle.yaml:219',
      '`service billing` gains `promo_credit:apply` on huge (filestack): config/systems/filestack/lifecycle.yaml:225',
      '`developer` gains the right to `configuration:manage`, `storage_integration:manage`, `security_control:manage` on huge (filestack): config/systems/filestack/matrix.yaml:38',
      '`account_owner` meets another limit with `member:invite`, `member:reinstate` on custom (filestack): config/systems/filestack/lifecycle.yaml:58',
      '`account_owner`, `billing`, `developer` meet another limit with `invitation:accept` on custom (filestack): config/systems/filestack/lifecycle.yaml:79',
      'table: `plans.huge` absent → {"seats":99,"features":{}} (filestack); rules look it up for `invitation:accept`, `member:invite`, `member:reinstate`, `plan:change`; what was not asked may widen',
    ],
    widens: true,
  },
  {
    what: 'a role that is added',
    edits: [
      [roles, '  billing:', '  auditor: { about: looks at plans }\n  billing:'],
      [
        matrix,
        '    view: { account_owner: allow, billing: allow }\n    change:',
        '    view: { account_owner: allow, billing: allow, auditor: allow }\n    change:',
      ],
    ],
    lines: [
      '`auditor` gains `plan:view` (filestack): config/systems/filestack/matrix.yaml:63',
      'table: `roles.auditor` absent → {} (filestack); rules look it up for `member:change_role`, `member:invite`; what was not asked may widen',
    ],
    widens: true,
  },
  {
    what: 'a permission that is added',
    edits: [[matrix, '  own_membership:\n', '  invoice:\n    view: { billing: allow }\n  own_membership:\n']],
    lines: [
      '`billing` gains `invoice:view` (filestack): config/systems/filestack/matrix.yaml:66',
      'table: `permissions.invoice:view` absent → {"who":"member","cells":{"billing":{"reason":"role_grant"}},"takes":[],"todo":{"obligations":[]}} (filestack)',
    ],
    widens: true,
  },
  {
    what: 'a plan that offers a role no more',
    edits: [[roles, '  billing: { about:', '  billing: { plans: [start, grow, scale, custom], about:']],
    lines: [
      '`billing` loses `api_key:view`, `billing_info:view`, `marketplace:view`, `plan:view`, 5 more on free (filestack): config/systems/filestack/roles.yaml:6',
      '`billing` has another reason with `member:invite`, `account_settings:update`, `api_key:use`, `workflow:manage`, 27 more on free, no_permission → role_not_on_plan (filestack): config/systems/filestack/roles.yaml:6',
      'table: `roles.billing.plans` absent → {"start":true,"grow":true,"scale":true,"custom":true} (filestack); rules look it up for `member:change_role`, `member:invite`',
    ],
    widens: false,
  },
  {
    what: 'a comment',
    edits: [[matrix, '# Who may do what.', '# Who may do which thing.']],
    lines: ['no decision changes'],
    widens: false,
  },
  {
    what: 'a condition that is rewritten',
    edits: [
      [
        keys,
        'input.request.resource.properties.api_key in assigned_keys\n}',
        'input.request.resource.properties.api_key in input.tenant.api_keys\n}',
      ],
    ],
    lines: [
      '`developer` gains `api_key:use`, `workflow:manage` (filestack): config/systems/filestack/matrix.yaml:27',
      'rules: `systems.filestack.conditions.assigned_key` changed, guards `api_key:use`, `configuration:manage`, `security_control:manage`, `storage_integration:manage`, 1 more of `developer` (filestack): 20 decisions differ, rows `filestack/fs-p-10`, `filestack/fs-a-32` differ; what was not asked may widen',
    ],
    widens: true,
  },
  {
    what: 'Rego that says the same in other words',
    edits: [[keys, '"ok" if checks.key_exists == "ok"', '"ok" if {\n\tchecks.key_exists == "ok"\n}']],
    lines: [
      'no decision changes',
      'rules: policies/systems/filestack/keys.rego is written otherwise and says the same',
    ],
    widens: false,
  },
  {
    what: unseen,
    edits: [
      [
        keys,
        'default conditions["assigned_key_or_list"]',
        'conditions["assigned_key"] := "ok" if input.request.resource.properties.api_key == "odd"\n\ndefault conditions["assigned_key_or_list"]',
      ],
    ],
    lines: [
      'no decision changes',
      'rules: `systems.filestack.conditions.assigned_key` changed, guards `api_key:use`, `configuration:manage`, `security_control:manage`, `storage_integration:manage`, 1 more of `developer` (filestack): no row differs; what was not asked may widen',
    ],
    widens: true,
  },
  {
    what: 'a condition that asks for more, which no row shows',
    edits: [
      [keys, '} else := "ok" if {\n', '} else := "ok" if {\n\tinput.request.resource.properties.api_key != "key_1"\n'],
    ],
    lines: [
      'no decision changes',
      'rules: `systems.filestack.conditions.assigned_key` changed, guards `api_key:use`, `configuration:manage`, `security_control:manage`, `storage_integration:manage`, 1 more of `developer` (filestack): no row differs; what was not asked may widen',
    ],
    widens: true,
  },
  {
    what: 'a helper that several rules ask',
    edits: [[keys, 'in input.member.api_keys\n\tkey in input.tenant.api_keys', 'in input.member.api_keys']],
    lines: [
      '`developer` has another reason with `api_key:use`, api_key_not_assigned → unknown_api_key (filestack): config/systems/filestack/lifecycle.yaml:149',
      '`developer` has another reason with `invitation:accept`, api_key_required → verification_required (filestack): config/systems/filestack/lifecycle.yaml:78',
      '`developer` has other obligations with `analytics:view`, another filter_api_keys (filestack): config/systems/filestack/matrix.yaml:49',
      'rules: `systems.filestack.assigned_keys` changed, asked by `invitee_has_key`, `assigned_key`, `assigned_key_or_list`, `filter_api_keys`, guards `analytics:view`, `api_key:use`, `api_key:view`, `configuration:manage`, 9 more of `developer`; `invitation:accept` (filestack): 45 decisions differ, rows `filestack/fs-p-34`, `filestack/fs-a-29`, `filestack/fs-a-74` differ; what was not asked may widen',
    ],
    widens: true,
  },
  {
    what: 'a helper that goes by another name',
    edits: [
      [promo, 'if not month_was_applied', 'if not is_applied'],
      [promo, 'month_was_applied if', 'is_applied if'],
    ],
    lines: [
      'no decision changes',
      'rules: `systems.filestack.checks.promo_month_is_new`, `systems.filestack.is_applied`, `systems.filestack.month_was_applied` changed, guards `promo_credit:apply` (filestack): no row differs; what was not asked may widen',
    ],
    widens: true,
  },
  {
    what: 'a check that passes more',
    edits: [
      [
        keys,
        'checks["key_exists"] := "ok" if input.request.resource.properties.api_key in input.tenant.api_keys',
        'checks["key_exists"] := "ok" if input.request.resource.properties.api_key',
      ],
    ],
    lines: [
      '`account_owner` gains `api_key:use`, `analytics:view`, `api_key:delete`, `team_apps:view`, 9 more (filestack): config/systems/filestack/matrix.yaml:27',
      '`account_owner`, `billing` gain `api_key:view` (filestack): config/systems/filestack/matrix.yaml:26',
      '`account_owner` has another reason with `api_key:assign`, unknown_api_key → target_not_found (filestack): config/systems/filestack/lifecycle.yaml:188',
      '`account_owner` has another reason with `api_key:unassign`, unknown_api_key → invalid_transition (filestack): config/systems/filestack/lifecycle.yaml:197',
      'rules: `systems.filestack.checks.key_exists` changed, asked by `named_key_exists`, guards `analytics:view`, `api_key:assign`, `api_key:delete`, `api_key:unassign`, 12 more (filestack): 135 decisions differ, rows `filestack/fs-p-33`, `filestack/fs-a-40`, `filestack/fs-a-41`, `filestack/fs-a-42`, 13 more differ; what was not asked may widen',
    ],
    widens: true,
  },
  {
    what: 'an obligation that is written otherwise',
    edits: [[promo, '"amount_usd": 10', '"amount_usd": 20']],
    lines: [
      '`service billing` has other obligations with `promo_credit:apply`, another apply_credit (filestack): config/systems/filestack/lifecycle.yaml:225',
      'rules: `systems.filestack.obligations.apply_credit` changed, guards `promo_credit:apply` (filestack): 15 decisions differ, rows `filestack/fs-a-161` differ; what was not asked may widen',
    ],
    widens: true,
  },
  {
    what: 'the core that every decision goes through',
    edits: [
      [
        right,
        'role_is_on_plan if not role.plans\n',
        'role_is_on_plan if not role.plans\n\nrole_is_on_plan if input.tenant.plan == "trial"\n',
      ],
    ],
    lines: [
      'no decision changes',
      'rules: `authz.role_is_on_plan` changed, asked by `core`, guards `account_section:view`, `account_settings:update`, `analytics:view`, `api_key:assign`, 37 more (filestack): no row differs; what was not asked may widen',
    ],
    widens: true,
  },
  {
    what: 'comments and the order of clauses in Rego',
    edits: [
      [promo, '# description: One month', '# description: The one month'],
      [
        keys,
        'checks["named_key_exists"] := "ok" if checks.key_exists == "ok"\n\nchecks["named_key_exists"] := "ok" if not key_is_named',
        'checks["named_key_exists"] := "ok" if not key_is_named\n\nchecks["named_key_exists"] := "ok" if checks.key_exists == "ok"',
      ],
    ],
    lines: [
      'no decision changes',
      'rules: policies/systems/filestack/keys.rego is written otherwise and says the same',
      'rules: policies/systems/filestack/promo.rego is written otherwise and says the same',
    ],
    widens: false,
  },
  {
    what: 'a state that is removed',
    edits: [[lifecycle, '    from: [active, pending]\n', '    from: [active]\n']],
    lines: [
      '`account_owner` loses `member:change_role` (filestack): config/systems/filestack/lifecycle.yaml:96',
      '`account_owner` has another reason with `member:change_role`, profile_incomplete → invalid_transition (filestack): config/systems/filestack/lifecycle.yaml:96',
      'table: `permissions.member:change_role.from.pending` true → absent (filestack)',
    ],
    widens: false,
  },
  {
    what: 'a cell whose condition is another, where those who were asked only lose',
    edits: [
      [
        matrix,
        '    view: { account_owner: allow, developer: { when: assigned_key_or_list }, billing: allow }',
        '    view: { account_owner: allow, developer: { when: assigned_key }, billing: allow }',
      ],
    ],
    lines: [
      '`developer` loses `api_key:view` (filestack): config/systems/filestack/matrix.yaml:26',
      'table: `permissions.api_key:view.cells.developer.todo.relation` [["conditions","assigned_key_or_list"]] → [["conditions","assigned_key"]] (filestack); what was not asked may widen',
      'table: `permissions.api_key:view.cells.developer.todo.obligations` [["obligations","filter_api_keys"]] → [] (filestack); an allow may oblige to less',
    ],
    widens: true,
  },
  {
    what: 'another service that may ask',
    edits: [[lifecycle, 'who: service:support', 'who: service:desk']],
    lines: [
      '`service desk` gains `seat_limit:override` (filestack): config/systems/filestack/lifecycle.yaml:219',
      '`service support` loses `seat_limit:override` (filestack): config/systems/filestack/lifecycle.yaml:219',
      'table: `permissions.seat_limit:override.services.support` true → absent (filestack)',
      'table: `permissions.seat_limit:override.services.desk` absent → true (filestack)',
    ],
    widens: true,
  },
  {
    what: 'a message',
    edits: [['config/reasons.yaml', 'does not hold', 'has no']],
    lines: [
      'no decision changes',
      'table: `messages.no_permission` "the role `{role}` does not hold `{action}`" → "the role `{role}` has no `{action}`" (filestack)',
    ],
    widens: false,
  },
]
