import { each, type SystemEdit } from './system-edit.ts'

const matrix = 'config/systems/quantcdn/matrix.yaml'
const lifecycle = 'config/systems/quantcdn/lifecycle.yaml'
const plans = 'config/systems/quantcdn/plans.yaml'
const gates = 'policies/systems/quantcdn/gates.rego'
const report = 'policies/systems/quantcdn/report.rego'
const team = 'policies/systems/quantcdn/team.rego'
const twoFactor = 'policies/systems/quantcdn/two_factor.rego'

const roles = ['administrator', 'content_manager', 'developer', 'organization_owner', 'read_only']
const managers = ['administrator', 'organization_owner']

export const quantcdnEdits: readonly SystemEdit[] = [
  {
    what: 'one of the two cells that break the pattern of their neighbours',
    edits: [
      [
        matrix,
        'upload: { content_manager: allow, administrator: allow, organization_owner: allow }',
        'upload: { developer: allow, content_manager: allow, administrator: allow, organization_owner: allow }',
      ],
    ],
    decisions: ['developer gains archive:upload'],
    widens: true,
  },
  {
    what: 'a role that reads everything but tokens',
    edits: [
      [
        matrix,
        '  project_token:\n    view: { developer: allow, read_only: allow,',
        '  project_token:\n    view: { developer: allow,',
      ],
    ],
    decisions: ['read_only loses project_token:view'],
    widens: false,
  },
  {
    what: 'one more way past the gate of two factors',
    edits: [
      [
        lifecycle,
        'except: [two_factor:setup, organization:activate]',
        'except: [two_factor:setup, organization:activate, membership:leave]',
      ],
    ],
    decisions: each(roles, 'gains', ['membership:leave']),
    tables: ['permissions.membership:leave.todo.gate [["checks","two_factor_is_set_up"]] → absent'],
    widens: true,
  },
  {
    // Where it is gated before the right is asked, who lacks the right hears of the gate.
    what: 'tokens that are gated by two factors like the dashboard',
    edits: [[gates, 'checks["two_factor_is_set_up"] := "ok" if comes_by_api\n\n', '']],
    decisions: [
      ...each(['developer', 'administrator', 'organization_owner'], 'loses', ['project:edit']),
      ...each(['content_manager', 'read_only'], 'reason', ['project:edit'], ': no_permission → two_factor_required'),
    ],
    rules: { 'systems.quantcdn.checks.two_factor_is_set_up': ['every permission'] },
    widens: true,
  },
  {
    what: 'a plan that includes teams from now on',
    edits: [[plans, 'private: { seats: unlimited }', 'private: { seats: unlimited, features: [team] }']],
    decisions: [
      ...each(roles, 'gains', ['team_member:view', 'invitation:accept'], ' on private'),
      ...each(managers, 'gains', ['team_member:manage', 'team_member:invite'], ' on private'),
      ...each(
        ['organization_owner'],
        'gains',
        ['two_factor:enforce', 'two_factor:reset_member', 'monthly_report:receive', 'monthly_report:opt_in'],
        ' on private',
      ),
      'service scheduler gains monthly_report:send on private',
      ...each(
        [...roles, 'undefined_role'],
        'reason',
        ['invitation:accept'],
        ': plan_not_eligible → registration_required on private',
      ),
      ...each(
        managers,
        'reason',
        ['team_member:change_role'],
        ': plan_not_eligible → role_change_requires_readd on private',
      ),
      ...['verification_required', 'support_desk_only'].map(
        (reason) => `organization_owner reason two_factor:reset_member: plan_not_eligible → ${reason} on private`,
      ),
      ...['not_opted_in', 'not_first_of_month', 'already_sent'].map(
        (reason) => `service scheduler reason monthly_report:send: plan_not_eligible → ${reason} on private`,
      ),
    ],
    tables: [
      'plans.private.features.team absent → true for invitation:accept, monthly_report:opt_in, monthly_report:receive, monthly_report:send, team_member:change_role, team_member:invite, team_member:manage, team_member:view, two_factor:enforce, two_factor:reset_member',
    ],
    widens: true,
  },
  {
    what: 'a report that goes to others by itself',
    edits: [[lifecycle, 'monthly: monthly_report_opt_in', 'monthly: two_factor_enabled']],
    decisions: [],
    tables: ['permissions.monthly_report:send.monthly.attribute "monthly_report_opt_in" → "two_factor_enabled"'],
    widens: true,
  },
  {
    what: 'administrators who may revoke the invitation of an owner',
    edits: [
      [
        lifecycle,
        '    checks:\n      target: [target_exists, target_is_within_reach]\n',
        '    checks:\n      target: [target_exists]\n',
      ],
    ],
    decisions: ['administrator gains invitation:revoke'],
    tables: [
      'permissions.invitation:revoke.todo.target [["shared","target_exists"],["checks","target_is_within_reach"]] → [["shared","target_exists"]]',
    ],
    widens: true,
  },
  {
    what: 'an owner who need not be followed by another',
    edits: [
      [
        team,
        'checks["owner_remains_without_target"] := "ok" if input.counts.roles.organization_owner.active > 1',
        'checks["owner_remains_without_target"] := "ok" if input.counts.roles.organization_owner.active >= 1',
      ],
    ],
    decisions: ['organization_owner gains team_member:remove'],
    rules: { 'systems.quantcdn.checks.owner_remains_without_target': ['team_member:remove'] },
    widens: true,
  },
  {
    what: 'a report that says less',
    edits: [
      [report, '["members", "roles", "last_login", "active_scoped_tokens"]', '["members", "roles", "last_login"]'],
    ],
    decisions: ['service scheduler obligations monthly_report:send: another send_email on organization'],
    rules: { 'systems.quantcdn.obligations.send_monthly_report': ['monthly_report:send'] },
    widens: true,
  },
  {
    // What comes with a refusal bounds no allow.
    what: 'a refusal that says less of what to do',
    edits: [[team, '\t"user": input.request.resource.properties.user,\n\t"role"', '\t"role"']],
    decisions: each(
      managers,
      'obligations',
      ['team_member:change_role'],
      ': another readd_with_new_role on organization',
    ),
    rules: { 'systems.quantcdn.obligations.readd_with_new_role': ['team_member:change_role'] },
    widens: false,
  },
  {
    what: 'another reason for a refusal',
    edits: [
      [lifecycle, 'support_desk_asks: [support_desk_only]', 'support_desk_asks: [verification_required]'],
      [
        twoFactor,
        'default checks["support_desk_asks"] := "support_desk_only"',
        'default checks["support_desk_asks"] := "verification_required"',
      ],
    ],
    decisions: [
      'organization_owner reason two_factor:reset_member: support_desk_only → verification_required on organization',
    ],
    rules: { 'systems.quantcdn.checks.support_desk_asks': ['two_factor:reset_member'] },
    widens: true,
  },
  {
    what: 'a reset that leaves the second factor as it is',
    edits: [
      [
        lifecycle,
        '- set_member: { two_factor_enabled: { value: false } }',
        '- set_member: { two_factor_enabled: { value: true } }',
      ],
    ],
    decisions: [],
    tables: [
      'permissions.two_factor:reset_member.effects [{"set_member":{"two_factor_enabled":{"value":false}}}] → [{"set_member":{"two_factor_enabled":{"value":true}}}]',
    ],
    widens: true,
  },
]
