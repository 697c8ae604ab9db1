import type { TenantReport } from '../pdp/tenant-report.ts'

type Section = (report: TenantReport) => readonly string[]

/** What a report has to say, by the names under which an obligation may ask for it. */
const sections: Readonly<Record<string, Section>> = {
  members: ({ members }) => [`Members: ${byStatus(members)}`],
  seats: ({ seats }) => (seats === undefined ? [] : [`Seats: ${seats.used} taken, of ${seats.limit ?? 'any number'}`]),
  sessions: ({ sessions }) => [`Sessions: ${sessions}`],
  api_keys: ({ api_keys }) => [`API keys: ${api_keys}`],
  roles: ({ roles }) =>
    listed(
      'Roles',
      roles.map(({ role, ...members }) => [role, byStatus(members)]),
    ),
  last_login: ({ last_login, not_listed }) => [
    ...listed(
      'Last login of active members, the longest ago first',
      last_login.map(({ user, email, role, last_login }) => [
        last_login?.slice(0, 10) ?? 'never',
        email ?? user,
        role ?? '',
      ]),
    ),
    ...(not_listed === 0 ? [] : [`  and ${not_listed} more`]),
  ],
  active_scoped_tokens: ({ active_scoped_tokens }) =>
    listed(
      'Access tokens',
      active_scoped_tokens.map(({ name, scope, expires }) => [
        name,
        scope,
        expires === null ? 'until revoked' : `until ${expires.slice(0, 10)}`,
      ]),
    ),
  actions: ({ actions, month }) =>
    listed(
      `Done in ${month}`,
      actions.map(({ action, times }) => [action, String(times)]),
    ),
}

/** The lines of a report, without its title; `include` names the sections, in whatever order. Default all. */
export function reportLines(report: TenantReport, include: readonly string[] = Object.keys(sections)): string[] {
  const written = Object.entries(sections)
    .filter(([name]) => include.includes(name))
    .map(([, section]) => section(report))
  const figures = written.filter((lines) => lines.length === 1).flat()
  const lists = written.filter((lines) => lines.length > 1)
  return [figures, ...lists].flatMap((lines, index) => (index === 0 || figures.length === 0 ? lines : ['', ...lines]))
}

function byStatus({ active, pending, inactive }: TenantReport['members']): string {
  const counts = Object.entries({ active, pending, inactive }).filter(([, count]) => count > 0)
  return counts.map(([status, count]) => `${count} ${status}`).join(', ') || 'none'
}

/** A heading with its rows below, in columns; one line where there are none. */
function listed(heading: string, rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [`${heading}: none`]
  // Ids and addresses come from people, who must not add a line of their own.
  const plain = rows.map((row) => row.map((cell) => cell.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')))
  const widths = (plain[0] ?? []).map((_, column) => Math.max(...plain.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd()
  return [`${heading}:`, ...plain.map(line)]
}
