import type { Member, TenantDocument } from '../reference/evaluate.ts'
import { casesOf, type MatrixCase, parseTable, subjectOf } from './table.ts'

const abbreviations = {
  AA: 'account_administrator',
  DEV: 'developer',
  FULL: 'media_library_full_access',
  VIEW: 'media_library_view_only_access',
  RES: 'media_library_restricted_access',
  FIN: 'finance',
}

// CV, CC, CM: what is named is shared at least to view, contribute or manage. CF: allowed, and filtered to what is shared.
export const imagekitTable = parseTable(
  `
permission                    | AA | DEV | FULL | VIEW | RES | FIN
user:list                     | Y  | .   | .    | .    | .   | .
user:create                   | Y  | .   | .    | .    | .   | .
user:update_role              | Y  | .   | .    | .    | .   | .
user:delete                   | Y  | .   | .    | .    | .   | .
account_settings:view         | Y  | Y   | .    | .    | .   | .
account_settings:manage       | Y  | Y   | .    | .    | .   | .
integration:manage            | Y  | Y   | .    | .    | .   | .
url_endpoint:manage           | Y  | Y   | .    | .    | .   | .
image_settings:manage         | Y  | Y   | .    | .    | .   | .
developer_options:manage      | Y  | Y   | .    | .    | .   | .
cache:purge                   | Y  | Y   | .    | .    | .   | .
performance_center:view       | Y  | Y   | .    | .    | .   | .
analytics:view                | Y  | Y   | .    | .    | .   | Y
billing:view                  | Y  | .   | .    | .    | .   | Y
billing:manage                | Y  | .   | .    | .    | .   | Y
subscription:cancel           | Y  | .   | .    | .    | .   | Y
subscription:change_plan      | Y  | .   | .    | .    | .   | .
media_library:view            | Y  | Y   | Y    | Y    | CF  | .
media_library:search          | Y  | Y   | Y    | Y    | CF  | .
media_file:open               | Y  | Y   | Y    | Y    | CV  | .
media_file:download           | Y  | Y   | Y    | Y    | CV  | .
media_file:upload             | Y  | Y   | Y    | .    | CC  | .
media_file:tag                | Y  | Y   | Y    | .    | CC  | .
media_file:edit               | Y  | Y   | Y    | .    | CC  | .
media_file:copy               | Y  | Y   | Y    | .    | CC  | .
media_file:rename             | Y  | Y   | Y    | .    | CM  | .
media_file:move               | Y  | Y   | Y    | .    | CM  | .
media_file:delete             | Y  | Y   | Y    | .    | CM  | .
media_file:share              | Y  | Y   | Y    | .    | CM  | .
media_folder:open             | Y  | Y   | Y    | Y    | CV  | .
media_folder:create           | Y  | Y   | Y    | .    | CC  | .
media_folder:copy             | Y  | Y   | Y    | .    | CC  | .
media_folder:move             | Y  | Y   | Y    | .    | CM  | .
media_folder:delete           | Y  | Y   | Y    | .    | CM  | .
media_folder:share            | Y  | Y   | Y    | .    | CM  | .
media_collection:open         | Y  | Y   | Y    | Y    | CV  | .
media_collection:download     | Y  | Y   | Y    | Y    | CV  | .
media_collection:create       | Y  | Y   | Y    | .    | .   | .
media_collection:add_asset    | Y  | Y   | Y    | .    | CC  | .
media_collection:remove_asset | Y  | Y   | Y    | .    | CM  | .
media_collection:rename       | Y  | Y   | Y    | .    | CM  | .
media_collection:delete       | Y  | Y   | Y    | .    | CM  | .
media_collection:share        | Y  | Y   | Y    | .    | CM  | .
`,
  abbreviations,
)

const members: readonly Member[] = [
  { user: 'ada', role: 'account_administrator', status: 'active' },
  { user: 'dee', role: 'developer', status: 'active' },
  { user: 'fay', role: 'media_library_full_access', status: 'active' },
  { user: 'vik', role: 'media_library_view_only_access', status: 'active' },
  { user: 'ria', role: 'media_library_restricted_access', status: 'active' },
  { user: 'fin', role: 'finance', status: 'active' },
  { user: 'rob', role: 'media_library_restricted_access', status: 'active' },
]

const resources: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'user:create': { email: 'new@example.com', role: 'developer' },
  'user:update_role': { user: 'vik', role: 'finance' },
  'user:delete': { user: 'fin' },
  'subscription:change_plan': { plan: 'paid' },
  'media_file:share': { path: '/brand/a.png', user: 'rob', level: 'can_view' },
  'media_folder:share': { path: '/brand', user: 'rob', level: 'can_view' },
  'media_collection:share': { collection: 'summer', user: 'rob', level: 'can_view' },
}

/** The level that the cell asks for, and the one just below it. */
const levels: Readonly<Record<string, readonly [string, string | undefined]>> = {
  CV: ['can_view', undefined],
  CC: ['can_contribute', 'can_view'],
  CM: ['can_manage', 'can_contribute'],
}

function documentOf(permission: string, cell: string, met: boolean): TenantDocument {
  const level = levels[cell]?.[met ? 0 : 1]
  const shares = level
    ? [
        { user: 'ria', path: '/brand', level },
        { user: 'ria', collection: 'summer', level },
      ]
    : []
  // A change of plan away from enterprise needs a tenant that has nobody of the restricted role.
  const changesPlan = permission === 'subscription:change_plan' && cell === 'Y'
  return {
    tenant: 'acme',
    system: 'imagekit',
    plan: 'enterprise',
    settings: { seat_limit_override: 20 },
    members: changesPlan ? members.filter((member) => member.role !== 'media_library_restricted_access') : members,
    shares: [...shares, { user: 'ria', path: '/there', level: 'can_contribute' }],
  }
}

export const imagekitCases = (): readonly MatrixCase[] =>
  casesOf({
    table: imagekitTable,
    conditions: ['CV', 'CC', 'CM'],
    cast: (role, permission, cell, met) => ({
      user: subjectOf(members, role),
      document: documentOf(permission, cell, met),
    }),
    ask: (permission) => ({
      resource: resources[permission] ?? { path: '/brand/a.png', collection: 'summer' },
      context: { destination: '/there', asset_path: '/there/b.png' },
    }),
    unmet: (_permission, cell) => (cell === 'CV' ? 'not_shared' : 'permission_level_too_low'),
    granted: (cell) => (cell === 'Y' || cell === 'CF' ? 'role_grant' : 'share_grant'),
    obligations: (cell) => (cell === 'CF' ? [{ type: 'filter_to_shared' }] : undefined),
  })
