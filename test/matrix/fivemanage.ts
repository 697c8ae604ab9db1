import { casesOf, type MatrixCase, parseTable, subjectOf } from './table.ts'

// CL: an admin manages developers and members only, and makes nobody more than that.
export const fivemanageTable = parseTable(`
permission              | owner | admin | developer | member
billing:view            | Y     | .     | .         | .
billing:manage          | Y     | .     | .         | .
subscription:manage     | Y     | .     | .         | .
team:view               | Y     | Y     | Y         | Y
team:rename             | Y     | .     | .         | .
team:delete             | Y     | .     | .         | .
team_management:view    | Y     | Y     | .         | .
member:invite           | Y     | Y     | .         | .
invitation:resend       | Y     | Y     | .         | .
invitation:revoke       | Y     | Y     | .         | .
member:remove           | Y     | .     | .         | .
member:change_role      | Y     | CL    | .         | .
member:set_permission   | Y     | CL    | .         | .
token:read              | Y     | Y     | Y         | .
token:create            | Y     | Y     | .         | .
token:manage            | Y     | Y     | .         | .
log:read                | Y     | Y     | Y         | .
log:search              | Y     | Y     | Y         | .
integration:manage      | Y     | Y     | .         | .
storage_dashboard:view  | Y     | Y     | Y         | Y
storage_asset:view      | Y     | Y     | Y         | Y
storage_folder:view     | Y     | Y     | Y         | .
storage_settings:manage | Y     | Y     | .         | .
retention_policy:manage | Y     | Y     | .         | .
danger_zone:access      | Y     | .     | .         | .
danger_zone:mass_delete | Y     | .     | .         | .
`)

const members = [
  { user: 'oz', role: 'owner', status: 'active' },
  { user: 'amy', role: 'admin', status: 'active' },
  { user: 'dan', role: 'developer', status: 'active' },
  { user: 'mia', role: 'member', status: 'active' },
  { user: 'al', role: 'admin', status: 'active' },
  { user: 'deb', role: 'developer', status: 'active' },
  { user: 'pia', role: 'member', status: 'pending' },
]

const document = { tenant: 'acme', system: 'fivemanage', members }

export const fivemanageCases = (): readonly MatrixCase[] =>
  casesOf({
    table: fivemanageTable,
    conditions: ['CL'],
    cast: (role) => ({ user: subjectOf(members, role), document }),
    ask: (permission, _role, _cell, met) => {
      const user = met ? 'deb' : 'al'
      const resources: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
        'member:invite': { email: 'new@example.com', role: 'developer' },
        'invitation:resend': { user: 'pia' },
        'invitation:revoke': { user: 'pia' },
        'member:remove': { user },
        'member:change_role': { user, role: 'member' },
        'member:set_permission': { user, permission: 'token:create', effect: 'allow' },
      }
      return { resource: resources[permission] ?? {} }
    },
    unmet: () => 'target_not_lower',
    granted: () => 'role_grant',
  })
