import { casesOf, type MatrixCase, parseTable, subjectOf } from './table.ts'

// CU: the manager stands above the person and level. CA: the manager is one of the whole company.
export const filerobotTable = parseTable(`
permission                       | owner | administrator | accountant | manager | developer | contributor | viewer
hub_home:access                  | Y     | Y             | .          | Y       | Y         | Y           | Y
hub_library_assets:access        | Y     | Y             | .          | Y       | Y         | Y           | Y
hub_library_folders:access       | Y     | Y             | .          | Y       | Y         | Y           | Y
hub_library_sharebox:access      | Y     | Y             | .          | Y       | Y         | Y           | Y
hub_library_other:access         | Y     | Y             | .          | Y       | Y         | Y           | .
hub_other:access                 | Y     | Y             | .          | Y       | Y         | .           | .
settings_project_metadata:access | Y     | Y             | .          | Y       | Y         | .           | .
settings_project_storage:access  | Y     | Y             | .          | Y       | Y         | .           | .
settings_project_process:access  | Y     | Y             | .          | Y       | Y         | .           | .
settings_project_other:access    | Y     | Y             | .          | Y       | .         | .           | .
settings_development:access      | Y     | Y             | .          | Y       | Y         | .           | .
settings_users:access            | Y     | Y             | .          | Y       | .         | .           | .
settings_company:access          | Y     | Y             | .          | .       | .         | .           | .
settings_billing:access          | Y     | Y             | Y          | .       | .         | .           | .
settings_other:access            | Y     | Y             | .          | Y       | .         | .           | .
project:access                   | Y     | Y             | .          | Y       | Y         | Y           | Y
user:invite                      | Y     | Y             | .          | CU      | .         | .           | .
user:bulk_invite                 | Y     | Y             | .          | CU      | .         | .           | .
user:update_level                | Y     | Y             | .          | CU      | .         | .           | .
user:set_status                  | Y     | Y             | .          | CU      | .         | .           | .
user:update_scope                | Y     | Y             | .          | CU      | .         | .           | .
user:update_attributes           | Y     | Y             | .          | CU      | .         | .           | .
user_attribute:define            | Y     | Y             | .          | CA      | .         | .           | .
custom_level:create              | Y     | Y             | .          | .       | .         | .           | .
custom_level:update              | Y     | Y             | .          | .       | .         | .           | .
custom_level:delete              | Y     | Y             | .          | .       | .         | .           | .
gallery_access:manage            | Y     | Y             | .          | .       | .         | .           | .
`)

const members = [
  { user: 'ow', role: 'owner', status: 'active', scope: 'company' },
  { user: 'ad', role: 'administrator', status: 'active', scope: 'company' },
  { user: 'ac', role: 'accountant', status: 'active', scope: 'company' },
  { user: 'cma', role: 'manager', status: 'active', scope: 'company' },
  { user: 'de', role: 'developer', status: 'active', scope: ['p1'] },
  { user: 'co', role: 'contributor', status: 'active', scope: ['p1'] },
  { user: 'vi', role: 'viewer', status: 'active', scope: ['p1'] },
  { user: 'pma', role: 'manager', status: 'active', scope: ['p1'] },
  { user: 'cma2', role: 'manager', status: 'active', scope: 'company' },
  { user: 'tim', role: 'viewer', status: 'active', scope: ['p1'] },
]

const document = {
  tenant: 'acme',
  system: 'filerobot',
  projects: ['p1', 'p2'],
  custom_levels: [{ id: 'reviewer', kind: 'project', pages: ['hub_home:access'] }],
  members,
}

export const filerobotCases = (): readonly MatrixCase[] =>
  casesOf({
    table: filerobotTable,
    conditions: ['CU', 'CA'],
    cast: (role, _permission, cell, met) => ({
      user: cell === 'CA' && !met ? 'pma' : subjectOf(members, role),
      document,
    }),
    ask: (permission, _role, cell, met) => {
      const below = cell !== 'CU' || met
      const user = below ? 'tim' : 'cma2'
      const invitation = { email: 'new@example.com', level: below ? 'contributor' : 'manager', scope: ['p1'] }
      const resources: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
        'project:access': { project: 'p1' },
        'user:invite': invitation,
        'user:bulk_invite': { invites: [invitation] },
        'user:update_level': { user, level: 'contributor' },
        'user:set_status': { user, status: 'inactive' },
        'user:update_scope': { user, scope: ['p2'] },
        'user:update_attributes': { user, attributes: { department: 'press' } },
        'custom_level:create': { id: 'auditor', kind: 'company', pages: ['hub_home:access'] },
        'custom_level:update': { id: 'reviewer', pages: ['hub_other:access'] },
        'custom_level:delete': { id: 'reviewer' },
      }
      return { resource: resources[permission] ?? {} }
    },
    unmet: (permission, cell) => {
      if (cell === 'CA') return 'out_of_scope'
      return permission.endsWith('invite') ? 'level_not_lower' : 'target_not_lower'
    },
    granted: () => 'role_grant',
  })
