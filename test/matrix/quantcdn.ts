import { casesOf, type MatrixCase, parseTable, subjectOf } from './table.ts'

export const quantcdnTable = parseTable(`
permission               | developer | content_manager | read_only | administrator | organization_owner
project_config:view      | Y         | .               | Y         | Y             | Y
project:create           | Y         | .               | .         | Y             | Y
project:edit             | Y         | .               | .         | Y             | Y
project:delete           | .         | .               | .         | Y             | Y
project_token:view       | Y         | .               | Y         | Y             | Y
domain:view              | Y         | .               | Y         | Y             | Y
certificate:manage       | Y         | .               | .         | Y             | Y
domain:create            | Y         | .               | .         | Y             | Y
form:manage              | Y         | Y               | .         | Y             | Y
form_submission:view     | Y         | Y               | .         | Y             | Y
content:view             | Y         | Y               | Y         | Y             | Y
content_revision:view    | Y         | Y               | Y         | Y             | Y
content:create           | Y         | Y               | .         | Y             | Y
content:unpublish        | Y         | Y               | .         | Y             | Y
content:delete           | Y         | Y               | .         | Y             | Y
content_revision:revert  | Y         | Y               | .         | Y             | Y
file:upload              | Y         | Y               | .         | Y             | Y
archive:upload           | .         | Y               | .         | Y             | Y
wysiwyg_editor:use       | Y         | Y               | .         | Y             | Y
code_editor:use          | Y         | Y               | .         | Y             | Y
search_config:view       | Y         | .               | Y         | Y             | Y
search:manage            | Y         | .               | .         | Y             | Y
search_index:clear       | Y         | .               | .         | Y             | Y
alert_config:view        | Y         | Y               | Y         | Y             | Y
alert_editor:use         | Y         | Y               | .         | Y             | Y
custom_header:view       | Y         | .               | Y         | Y             | Y
custom_header_editor:use | Y         | .               | .         | Y             | Y
rule_config:view         | Y         | .               | Y         | Y             | Y
rule:manage              | Y         | .               | .         | Y             | Y
crawler_config:view      | Y         | .               | Y         | Y             | Y
crawler:create           | .         | .               | .         | Y             | Y
crawler_config:edit      | Y         | .               | .         | Y             | Y
crawl:trigger            | Y         | .               | .         | Y             | Y
crawl_history:view       | Y         | .               | Y         | Y             | Y
team_member:view         | Y         | Y               | Y         | Y             | Y
team_member:manage       | .         | .               | .         | Y             | Y
subscription:manage      | .         | .               | .         | Y             | Y
two_factor:enforce       | .         | .               | .         | .             | Y
monthly_report:receive   | .         | .               | .         | .             | Y
two_factor:reset_member  | .         | .               | .         | .             | Y
`)

const members = [
  { user: 'dev', role: 'developer', status: 'active' },
  { user: 'cm', role: 'content_manager', status: 'active' },
  { user: 'ro', role: 'read_only', status: 'active' },
  { user: 'adm', role: 'administrator', status: 'active' },
  { user: 'own', role: 'organization_owner', status: 'active' },
]

const document = { tenant: 'acme', system: 'quantcdn', plan: 'organization', projects: ['site'], members }

const resources: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'two_factor:enforce': { enabled: true },
  'two_factor:reset_member': { user: 'dev' },
}

export const quantcdnCases = (): readonly MatrixCase[] =>
  casesOf({
    table: quantcdnTable,
    conditions: [],
    cast: (role) => ({ user: subjectOf(members, role), document }),
    ask: (permission) => ({
      resource: resources[permission] ?? { project: 'site' },
      context:
        permission === 'two_factor:reset_member' ? { channel: 'support_desk', additional_verification: true } : {},
    }),
    unmet: () => 'no_permission',
    granted: () => 'role_grant',
  })
