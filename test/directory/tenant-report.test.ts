import { describe, expect, it } from 'vitest'
import { reportLines } from '../../src/app/report-text.ts'
import { openDirectory } from '../../src/directory/directory.ts'
import { lastMonth, type TenantReport } from '../../src/pdp/tenant-report.ts'
import { upon } from '../support/directory-command.ts'
import { project } from '../support/policy.ts'
import { backends, type DirectoryOf, directoryFile } from '../support/stored-tenants.ts'

const members = [
  { user: 'ann', email: 'ann@example.com', role: 'owner' },
  { user: 'bob', role: 'guest', status: 'pending' },
  { user: 'cid\nof old', role: 'guest', status: 'inactive' },
  { user: 'dan\nSeats: 0', role: 'guest' },
  { user: 'eve' },
]

const options = { month: '2026-10', at: new Date('2026-11-26T02:00:00.000Z'), seatsOf: () => 9 as number | undefined }

/** A club whose October is known, beside another one. */
async function club(directoryOf: DirectoryOf) {
  const document = {
    system: 'club',
    plan: 'big',
    settings: { seat_limit_override: 7 },
    api_keys: ['k1', 'k2'],
    members,
  }
  const directory = await directoryOf({ ...document, tenant: 'club' }, { ...document, tenant: 'other' })
  const session = (tenant: string, id: string, user: string, day: number) =>
    directory.registerSession(tenant, { id, user, about: '', at: `2026-11-0${day}T12:00:00.000Z` })
  await session('club', 's1', 'ann', 2)
  await session('club', 's2', 'eve', 1)
  await session('other', 's3', 'ann', 3)
  const done = (tenant: string, action: string, at: string) =>
    directory.write(tenant, async () => {
      const activity = { at, action, actor: { type: 'user' as const, id: 'ann' }, targets: [] }
      return { commit: true, change: action, activity, value: 0 }
    })
  await done('club', 'invite', '2026-09-30T23:59:59.999Z')
  await done('club', 'invite', '2026-10-01T00:00:00.000Z')
  await done('club', 'remove', '2026-10-31T23:59:59.999Z')
  await done('club', 'remove', '2026-10-20T00:00:00.000Z')
  await done('club', 'remove', '2026-11-01T00:00:00.000Z')
  await done('other', 'invite', '2026-10-02T00:00:00.000Z')
  const token = (name: string, tenant: string | null, expires: number | null) =>
    directory.tokens.create({ name, scope: 'read', tenant, expires, created: 0 })
  await token('shop', 'club', null)
  await token('old', 'club', Date.parse('2026-11-26T02:00:00.000Z'))
  await token('soon', 'club', Date.parse('2026-11-26T02:00:00.001Z'))
  await token('all', null, null)
  await token('theirs', 'other', null)
  return directory
}

describe.each(backends)("a team's report on $name", ({ directoryOf }) => {
  it('has the team as it is and what was done to it in the month, and nothing of another tenant', async () => {
    const directory = await club(directoryOf)
    const report = (await directory.report('club', options)) as TenantReport
    expect(report).toEqual({
      tenant: 'club',
      system: 'club',
      plan: 'big',
      month: '2026-10',
      at: '2026-11-26T02:00:00.000Z',
      members: { active: 3, pending: 1, inactive: 1 },
      seats: { used: 4, limit: 7 },
      roles: [
        { role: 'guest', active: 1, pending: 1, inactive: 1 },
        { role: 'owner', active: 1, pending: 0, inactive: 0 },
      ],
      last_login: [
        { user: 'dan\nSeats: 0', email: null, role: 'guest', last_login: null },
        { user: 'eve', email: null, role: null, last_login: '2026-11-01T12:00:00.000Z' },
        { user: 'ann', email: 'ann@example.com', role: 'owner', last_login: '2026-11-02T12:00:00.000Z' },
      ],
      not_listed: 0,
      sessions: 2,
      api_keys: 2,
      active_scoped_tokens: [
        { name: 'shop', scope: 'read', expires: null },
        { name: 'soon', scope: 'read', expires: '2026-11-26T02:00:00.001Z' },
      ],
      actions: [
        { action: 'remove', times: 2 },
        { action: 'invite', times: 1 },
      ],
    })
    expect(reportLines(report)).toEqual([
      'Members: 3 active, 1 pending, 1 inactive',
      'Seats: 4 taken, of 7',
      'Sessions: 2',
      'API keys: 2',
      '',
      'Roles:',
      '  guest  1 active, 1 pending, 1 inactive',
      '  owner  1 active',
      '',
      'Last login of active members, the longest ago first:',
      '  never       dan Seats: 0     guest',
      '  2026-11-01  eve',
      '  2026-11-02  ann@example.com  owner',
      '',
      'Access tokens:',
      '  shop  read  until revoked',
      '  soon  read  until 2026-11-26',
      '',
      'Done in 2026-10:',
      '  remove  2',
      '  invite  1',
    ])
    expect(reportLines(report, ['roles', 'members', 'nothing'])).toEqual([
      'Members: 3 active, 1 pending, 1 inactive',
      '',
      'Roles:',
      '  guest  1 active, 1 pending, 1 inactive',
      '  owner  1 active',
    ])
    expect(reportLines(report, ['roles'])[0]).toBe('Roles:')
    expect(await directory.report('none', options)).toBeUndefined()
  })

  it('has no seats where the plan has none, and names 500 members at most', async () => {
    const many = Array.from({ length: 1_203 }, (_, index) => ({
      user: `u${index}`,
      status: index < 3 ? 'active' : index < 700 ? 'inactive' : 'active',
    }))
    const directory = await directoryOf({ tenant: 'big', system: 'club', members: many })
    const report = await directory.report('big', { ...options, seatsOf: () => undefined })
    expect(report?.seats).toBeUndefined()
    expect([report?.last_login.length, report?.not_listed]).toEqual([500, 6])
    expect(reportLines(report as TenantReport).at(-1)).toBe('  and 6 more')
  })
})

it('the last month is that of UTC, over the turn of the year too', () => {
  expect(lastMonth(new Date('2026-11-01T00:00:00.000Z'))).toBe('2026-10')
  expect(lastMonth(new Date('2026-01-31T23:59:59.999Z'))).toBe('2025-12')
})

describe('postern report', () => {
  const report = (file: string, ...more: string[]) => upon(file, 'report', '--bundle', project.bundle, ...more)
  const filled = async () => {
    const file = directoryFile()
    const directory = await openDirectory(file)
    await directory.put([{ tenant: 'acme', system: 'filestack', plan: 'free', members }])
    await directory.close()
    return file
  }

  it('prints the report of a tenant as text or JSON, with the seats of its plan', async () => {
    const file = await filled()
    const text = await report(file, '--tenant', 'acme', '--month', '2026-10')
    expect(text.code).toBe(0)
    expect(text.stdout).toMatch(
      /^acme, 2026-10 \(as of .*Z\)\n\nMembers: 3 active, 1 pending, 1 inactive\nSeats: 4 taken, of 3\n/,
    )
    const json = await report(file, '--tenant', 'acme', '--format', 'json')
    const { month, seats } = JSON.parse(json.stdout)
    expect([month, seats]).toEqual([lastMonth(new Date()), { used: 4, limit: 3 }])
  })

  it('says in one line what is wrong with what it was asked', async () => {
    const file = await filled()
    const refused = async (...more: string[]) => {
      const { code, stdout, stderr } = await report(file, ...more)
      expect([code, stdout]).toEqual([2, ''])
      return stderr.split('\n')[0]
    }
    expect(await refused()).toBe('postern: option `--tenant` is missing')
    expect(await refused('--tenant', 'none')).toBe('postern: no tenant `none`')
    expect(await refused('--tenant', 'acme', '--month', '2026-13')).toBe('postern: `--month` is `2026-13`')
    expect(await refused('--tenant', 'acme', '--format', 'xml')).toMatch(/^postern: .*`xml`/)
  })
})
