import type { Edit } from '../support/project-copy.ts'

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
      '`developer` has another reason with `api_key:use`, api_key_not_assigned → unknown_api_key (filestack): config/systems/filestack/lifecycle.yaml:125',
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
      '`account_owner` has other obligations with `member:invite`, `member:reinstate` on grow (filestack): config/systems/filestack/matrix.yaml:17',
      'table: `plans.grow.seats` 10 → 12 (filestack)',
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
      'table: `plans.free.seats` 3 → 2 (filestack)',
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
      '`account_owner` has other obligations with `member:invite` (filestack): config/systems/filestack/matrix.yaml:17',
      'table: `permissions.member:invite.todo.obligations` [["shared","send_invitation_email"],["shared","reserve_seat"]] → [["shared","send_invitation_email"]] (filestack)',
    ],
    widens: false,
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
      '`account_owner`, `billing`, `developer` gain `api_key:view`, `own_membership:view` on huge (filestack): config/systems/filestack/matrix.yaml:26',
      '`account_owner`, `billing` gain `billing_info:view`, `marketplace:view`, `plan:view`, `plan:change`, 3 more on huge (filestack): config/systems/filestack/matrix.yaml:57',
      '`billing`, `developer` gain `invitation:accept` on huge (filestack): config/systems/filestack/lifecycle.yaml:69',
      '`service support` gains `seat_limit:override` on huge (filestack): config/systems/filestack/lifecycle.yaml:186',
      '`service billing` gains `promo_credit:apply` on huge (filestack): config/systems/filestack/lifecycle.yaml:190',
      '`developer` gains the right to `configuration:manage`, `storage_integration:manage`, `security_control:manage` on huge (filestack): config/systems/filestack/matrix.yaml:38',
      '`account_owner` meets another limit with `member:invite` on custom (filestack): config/systems/filestack/lifecycle.yaml:58',
      'table: `plans.huge` absent → {"seats":99,"features":{}} (filestack)',
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
      'table: `roles.auditor` absent → {} (filestack)',
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
      'table: `roles.billing.plans` absent → {"start":true,"grow":true,"scale":true,"custom":true} (filestack)',
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
      'rules: policies/systems/filestack/keys.rego changed (`another_key_remains`, `assigned_key`, `assigned_key_or_list`, `filter_api_keys`, 14 more), guards 20 permissions: 40 decisions differ',
    ],
    widens: true,
  },
  {
    what: 'Rego that says the same in other words',
    edits: [[keys, '"ok" if checks.key_exists == "ok"', '"ok" if {\n\tchecks.key_exists == "ok"\n}']],
    lines: [
      'no decision changes',
      'rules: policies/systems/filestack/keys.rego changed (`another_key_remains`, `assigned_key`, `assigned_key_or_list`, `filter_api_keys`, 14 more), guards 20 permissions: no decision differs',
    ],
    widens: false,
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
