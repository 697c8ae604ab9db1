import { casesOf, type MatrixCase, parseTable, subjectOf } from './table.ts'

// CK: a key that a developer names must be assigned to him.
export const filestackTable = parseTable(`
permission                 | account_owner | developer | billing
user_management:view       | Y             | .         | .
member:list                | Y             | .         | .
member:search              | Y             | .         | .
member:invite              | Y             | .         | .
member:resend_invite       | Y             | .         | .
member:update              | Y             | .         | .
member:change_role         | Y             | .         | .
member:revoke              | Y             | .         | .
member:reinstate           | Y             | .         | .
member:remove              | Y             | .         | .
member:view_activity       | Y             | .         | .
api_key:view               | Y             | CK        | Y
api_key:use                | Y             | CK        | .
api_key:assign             | Y             | .         | .
api_key:unassign           | Y             | .         | .
api_key:create             | Y             | .         | .
api_key:delete             | Y             | .         | .
team_apps:view             | Y             | CK        | .
application:manage         | Y             | .         | .
configuration:view         | Y             | CK        | .
configuration:manage       | Y             | CK        | .
storage_integration:view   | Y             | CK        | .
storage_integration:manage | Y             | CK        | .
security_control:view      | Y             | CK        | .
security_control:manage    | Y             | CK        | .
workflow:view              | Y             | CK        | .
workflow:manage            | Y             | CK        | .
analytics:view             | Y             | CK        | .
content_browser:view       | Y             | CK        | .
account_section:view       | Y             | .         | Y
account_settings:update    | Y             | .         | .
billing_info:view          | Y             | .         | Y
billing_info:manage        | Y             | .         | Y
marketplace:view           | Y             | .         | Y
marketplace:purchase       | Y             | .         | Y
plan:view                  | Y             | .         | Y
plan:change                | Y             | .         | Y
own_membership:view        | Y             | Y         | Y
`)

const members = [
  { user: 'olga', role: 'account_owner', status: 'active' },
  { user: 'dev', role: 'developer', status: 'active', api_keys: ['k1'] },
  { user: 'bill', role: 'billing', status: 'active' },
  { user: 'tess', role: 'developer', status: 'active', api_keys: ['k1', 'k2'] },
  { user: 'pia', role: 'billing', status: 'pending' },
  { user: 'ina', role: 'billing', status: 'inactive' },
]

const document = {
  tenant: 'acme',
  system: 'filestack',
  plan: 'scale',
  settings: { company_name: 'Acme', owner_full_name: 'Owner One' },
  api_keys: ['k1', 'k2', 'k3'],
  members,
}

const resources: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'member:invite': { email: 'new@example.com', role: 'billing' },
  'member:resend_invite': { user: 'pia' },
  'member:update': { user: 'bill' },
  'member:change_role': { user: 'tess', role: 'billing' },
  'member:revoke': { user: 'tess' },
  'member:reinstate': { user: 'ina' },
  'member:remove': { user: 'tess' },
  'api_key:assign': { user: 'tess', api_key: 'k3' },
  'api_key:unassign': { user: 'tess', api_key: 'k2' },
  'api_key:delete': { api_key: 'k3' },
  'plan:change': { plan: 'custom' },
}

export const filestackCases = (): readonly MatrixCase[] =>
  casesOf({
    table: filestackTable,
    conditions: ['CK'],
    cast: (role) => ({ user: subjectOf(members, role), document }),
    ask: (permission, _role, _cell, met) => ({ resource: resources[permission] ?? { api_key: met ? 'k1' : 'k2' } }),
    unmet: () => 'api_key_not_assigned',
    granted: () => 'role_grant',
  })
