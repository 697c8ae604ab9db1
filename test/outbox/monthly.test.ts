import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { loadPolicy } from '../../src/app/activate.ts'
import { createManagement } from '../../src/app/management.ts'
import { type MonthlyParts, startMonthly } from '../../src/app/monthly.ts'
import { type Directory, openDirectory } from '../../src/directory/directory.ts'
import { inlineFacts, tenantValidator } from '../../src/directory/tenant-schema.ts'
import { readDeliveries } from '../../src/outbox/read-deliveries.ts'
import { createPdp } from '../../src/pdp/decide.ts'
import type { TenantDocument } from '../../src/pdp/tenant-document.ts'
import { builtBundle, memoLimits, project } from '../support/policy.ts'
import { type Backend, backends, emptyDatabase } from '../support/stored-tenants.ts'
import { until } from './outbox-fixture.ts'

const bundle = builtBundle()
const policy = loadPolicy(bundle, 64)
const deliveries = readDeliveries(project.root, new Set(bundle.manifest.index.obligations))
const demo = (system: string) => parse(readFileSync(join(project.root, `config/systems/${system}/demo.yaml`), 'utf8'))

const owner = { role: 'organization_owner', status: 'active' }
/** Of these one may get the report: who did not opt in, is no owner, or left may not. */
const members = [
  { user: 'ann', ...owner, email: 'ann@example.com', monthly_report_opt_in: true },
  { user: 'bob', ...owner },
  { user: 'cid', role: 'administrator', status: 'active', monthly_report_opt_in: true },
  { user: 'dan', ...owner, status: 'inactive', monthly_report_opt_in: true },
]
const team = (tenant: string, plan = 'organization') =>
  ({ tenant, system: 'quantcdn', plan, members }) as unknown as TenantDocument

/** Two tenants whose reports are due, one whose plan has none, and one of another system. */
const documents = [team('t1'), team('t2'), team('private', 'private'), { ...demo('filestack'), tenant: 'other' }]

const instant = (text: string) => new Date(`2026-${text}Z`)
const november = instant('11-26T02:00:00')

/** A server that has looked at the calendar once, at this time; `fails` says for which tenant nothing can be done. */
async function server(directory: Directory, at: Date, more: Partial<MonthlyParts> = {}) {
  const now = () => at
  const inline = inlineFacts(tenantValidator())
  const pdp = createPdp({ tenants: directory.tenants, inline, defaultTenant: 't1', memo: memoLimits, now })
  pdp.activate(policy)
  const deliverer = { wake() {} }
  const management = createManagement({ directory, pdp, invitationMs: 1, deliveries, deliverer, now })
  const errors: string[] = []
  const log = { error: (message: string) => void errors.push(message) }
  const systems = () => policy.systems
  const scheduler = startMonthly({ ...management, directory, systems, log, now, ...more })
  onTestFinished(() => scheduler.close())
  return { scheduler, management, errors }
}

async function looked(directory: Directory, at: Date, more: Partial<MonthlyParts> = {}) {
  const { scheduler, errors } = await server(directory, at, more)
  await until(() => directory.months.has(at.toISOString().slice(0, 7)))
  await scheduler.close()
  return errors
}

const sent = async ({ outbox }: Directory) =>
  (await outbox.list(false, 1_000, 0)).map(({ tenant, type, recipient, body }) => {
    return [tenant, type, recipient, JSON.parse(body).month].join(' ')
  })
const both = (month: string) => ['t1', 't2'].map((tenant) => `${tenant} send_email ann@example.com ${month}`)

/** The same directory, as two servers have it. */
async function openedTwice({ name, directoryOf }: Backend): Promise<readonly [Directory, Directory]> {
  if (name === 'SQLite') {
    const one = await directoryOf(...documents)
    return [one, one]
  }
  const url = await emptyDatabase()
  const [one, other] = await Promise.all([openDirectory(url), openDirectory(url)])
  onTestFinished(async () => {
    await Promise.all([one.close(), other.close()])
  })
  await one.put(documents)
  return [one, other]
}

describe.each(backends)('the report of a month on $name', (backend) => {
  it('goes once to each who opted in and may have it, from the first day of the next month on', async () => {
    const directory = await backend.directoryOf(...documents)
    expect(await looked(directory, november)).toEqual([])
    expect(await looked(directory, instant('11-30T23:59:59.999'))).toEqual([])
    expect(await sent(directory)).toEqual([])
    for (const at of ['12-01T00:00:00', '12-01T00:01:00', '12-02T00:00:00', '12-31T23:59:59'])
      expect(await looked(directory, instant(at))).toEqual([])
    expect((await sent(directory)).sort()).toEqual(both('2026-11'))
    const { document } = (await directory.export('t1')) ?? expect.unreachable()
    expect(document.members?.[0]).toMatchObject({ user: 'ann', monthly_report_last_sent: '2026-12-01' })
    const { activity } = (await directory.activity('t1', { limit: 9 })) ?? expect.unreachable()
    expect(activity).toMatchObject([
      { action: 'monthly_report:send', actor: { type: 'service', id: 'scheduler' }, targets: ['ann'] },
    ])
  })

  it('is asked for on behalf of nobody who did not opt in', async () => {
    const unwilling = { ...owner, user: 'eve', monthly_report_opt_in: false }
    const directory = await backend.directoryOf(...documents, { ...team('t3'), members: [unwilling] } as never)
    await directory.months.done('2026-11')
    const asked: string[] = []
    const actMonthly: MonthlyParts['actMonthly'] = async ({ tenant, user }) => void asked.push(`${tenant} ${user}`)
    await looked(directory, instant('12-01T00:00:00'), { actMonthly })
    const willing = (tenant: string) => ['ann', 'cid', 'dan'].map((user) => `${tenant} ${user}`)
    expect(asked).toEqual(['private', 't1', 't2'].flatMap(willing))
  })

  it('is made up for when its first days were missed, and that of an earlier month is not', async () => {
    const directory = await backend.directoryOf(...documents)
    await looked(directory, instant('09-03T00:00:00'))
    await looked(directory, instant('12-17T00:00:00'))
    expect((await sent(directory)).sort()).toEqual(both('2026-11'))
  })

  it('is not sent by a directory that is new in that month', async () => {
    const directory = await backend.directoryOf(...documents)
    await looked(directory, instant('12-01T00:00:00'))
    expect(await sent(directory)).toEqual([])
    await looked(directory, new Date('2027-01-01T00:00:00Z'))
    expect((await sent(directory)).sort()).toEqual(both('2026-12'))
  })

  it('is sent once by several servers that begin together', async () => {
    const [one, other] = await openedTwice(backend)
    await looked(one, november)
    const at = instant('12-01T00:00:00')
    const all = await Promise.all([one, other, one, other].map((directory) => looked(directory, at)))
    expect(all.flat()).toEqual([])
    expect((await sent(one)).sort()).toEqual(both('2026-11'))
  })

  it('is sent once where nothing but what was noted of it says that it was', async () => {
    const directory = await backend.directoryOf(...documents)
    const { management } = await server(directory, november)
    const action = { tenant: 't1', action: 'monthly_report:send', service: 'scheduler', user: 'ann', month: '2026-11' }
    await management.actMonthly(action)
    const [before] = (await directory.export('t1'))?.document.members ?? []
    await directory.write('t1', async (draft) => {
      await draft.putMember({ ...before, monthly_report_last_sent: '2026-01-01' } as never)
      return { commit: true, change: 'test', value: 0 }
    })
    await management.actMonthly(action)
    expect(await sent(directory)).toHaveLength(1)
    await management.actMonthly({ ...action, month: '2026-12' })
    expect(await sent(directory)).toHaveLength(2)
  })

  it('is sent to the others where one fails, and to that one later', async () => {
    const directory = await backend.directoryOf(...documents)
    await looked(directory, november)
    const at = instant('12-01T00:00:00')
    const { management } = await server(directory, november)
    const actMonthly: MonthlyParts['actMonthly'] = (action) =>
      action.tenant === 't1' ? Promise.reject(new Error('no')) : management.actMonthly(action)
    const { scheduler, errors } = await server(directory, at, { actMonthly, everyMs: 5 })
    // It goes through all of them again and again.
    await until(() => errors.length > 6)
    await scheduler.close()
    expect(await directory.months.has('2026-12')).toBe(false)
    expect(await sent(directory)).toEqual(['t2 send_email ann@example.com 2026-10'])
    await looked(directory, at)
    expect((await sent(directory)).sort()).toEqual([
      't1 send_email ann@example.com 2026-11',
      't2 send_email ann@example.com 2026-10',
    ])
  })

  it('is sent on the day by a server that runs, and nothing before there is a policy', async () => {
    const directory = await backend.directoryOf(...documents)
    const clock = { at: november }
    const known: { systems: typeof policy.systems | undefined } = { systems: undefined }
    await server(directory, november, { now: () => clock.at, systems: () => known.systems, everyMs: 5 })
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect(await directory.months.begun()).toBe(false)
    known.systems = policy.systems
    await until(() => directory.months.has('2026-11'))
    clock.at = instant('12-01T00:00:00')
    await until(() => directory.months.has('2026-12'))
    expect(await sent(directory)).toHaveLength(2)
  })

  it('reaches every tenant and member, however many there are', async () => {
    const many = Array.from({ length: 1_100 }, (_, index) => ({ user: `u${index}`, ...owner }))
    const last = { user: 'z', ...owner, email: 'z@example.com', monthly_report_opt_in: true }
    const big = { ...team('z'), members: [...many, last] } as unknown as TenantDocument
    const empty = Array.from({ length: 1_001 }, (_, index) => ({ tenant: `e${index}`, system: 'quantcdn' }))
    const directory = await backend.directoryOf(...empty, big)
    await directory.months.done('2026-11')
    await looked(directory, instant('12-01T00:00:00'))
    expect(await sent(directory)).toEqual(['z send_email z@example.com 2026-11'])
  })
})
