import { describe, expect, it, onTestFinished } from 'vitest'
import { startHousekeeping } from '../../src/app/housekeeping.ts'
import { repeatedly } from '../../src/app/repeatedly.ts'
import type { Directory } from '../../src/directory/directory.ts'
import { emptyTenants, send, until } from '../outbox/outbox-fixture.ts'
import { backends } from '../support/stored-tenants.ts'

const day = (text: string) => `2026-${text}T00:00:00.000Z`

/** Carries out an action at each of these instants, by and upon users of their own. */
async function done(directory: Directory, tenant: string, instants: readonly string[]) {
  for (const at of instants)
    await directory.write(tenant, async () => {
      const activity = { at, action: 'act', actor: { type: 'user' as const, id: 'ann' }, targets: ['bob'] }
      return { commit: true, change: 'act', activity, value: 0 }
    })
}

async function listed(directory: Directory, tenant: string, user?: string) {
  const page = await directory.activity(tenant, { limit: 1_000, ...(user === undefined ? {} : { user }) })
  return page?.activity.map(({ at }) => at)
}

describe.each(backends)('a server keeps order on $name', ({ directoryOf }) => {
  it('and forgets activity after its days, of every tenant and for every user, and not before', async () => {
    const directory = await directoryOf(...emptyTenants('a', 'b'))
    await done(directory, 'a', [day('01-01'), day('01-02'), day('03-01')])
    await done(directory, 'b', [day('02-01'), day('01-01')])
    const housekeeping = startHousekeeping({
      directory,
      activityDays: 62,
      log: { error() {} },
      now: () => new Date('2026-03-05T00:00:00.000Z'),
    })
    onTestFinished(() => housekeeping.close())
    await until(async () => (await listed(directory, 'b'))?.length === 1)
    expect(await listed(directory, 'a')).toEqual([day('03-01'), day('01-02')])
    for (const user of ['ann', 'bob']) expect(await listed(directory, 'a', user)).toEqual([day('03-01'), day('01-02')])
    expect(await listed(directory, 'b')).toEqual([day('02-01')])
    expect((await directory.check()).faults).toEqual([])
  })

  it('and forgets a few at a time, until none is too old', async () => {
    const directory = await directoryOf(...emptyTenants('a'))
    const many = Array.from({ length: 501 }, () => day('01-01'))
    await done(directory, 'a', [...many, day('03-01')])
    expect(await directory.forgetActivity(day('02-01'))).toBe(true)
    expect(await listed(directory, 'a')).toHaveLength(2)
    expect(await directory.forgetActivity(day('02-01'))).toBe(false)
    expect(await listed(directory, 'a')).toEqual([day('03-01')])
    expect(await listed(directory, 'a', 'bob')).toEqual([day('03-01')])
    await done(directory, 'a', many)
    const now = () => new Date('2026-06-01T00:00:00.000Z')
    const housekeeping = startHousekeeping({ directory, activityDays: 62, log: { error() {} }, now })
    await until(async () => (await listed(directory, 'a'))?.length === 0)
    await housekeeping.close()
  })

  it('and counts what waits in the outbox and what is dead there', async () => {
    const directory = await directoryOf(...emptyTenants('a', 'b'))
    const broken = { on: false }
    const outbox = {
      ...directory.outbox,
      counts: () => (broken.on ? Promise.reject(new Error('no')) : directory.outbox.counts()),
    }
    const errors: string[] = []
    const log = { error: (line: string) => void errors.push(line) }
    const options = { directory: { ...directory, outbox }, activityDays: 400, log, countEveryMs: 5 }
    const housekeeping = startHousekeeping(options)
    onTestFinished(() => housekeeping.close())
    expect(housekeeping.outboxCounts()).toBeUndefined()
    await until(() => housekeeping.outboxCounts() !== undefined)
    expect(housekeeping.outboxCounts()).toEqual({ pending: 0, dead: 0 })
    await send(directory, 'a', ['1', '2', '3'])
    await send(directory, 'b', ['4'])
    await directory.outbox.failed('1', 'no', undefined)
    await until(() => housekeeping.outboxCounts()?.dead === 1)
    expect(housekeeping.outboxCounts()).toEqual({ pending: 3, dead: 1 })
    broken.on = true
    await until(() => housekeeping.outboxCounts() === undefined)
    expect(errors).toContain('the messages of the outbox cannot be counted')
  })
})

describe('work that is done repeatedly', () => {
  it('hears that it is to come to an end, and is waited for', async () => {
    let ended = false
    const work = async (stopping: () => boolean) => {
      while (!stopping()) await new Promise((resolve) => setTimeout(resolve, 1))
      ended = true
    }
    const repeated = repeatedly(60_000, work, () => {})
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(ended).toBe(false)
    await repeated.close()
    expect(ended).toBe(true)
  })

  it('is never done twice at a time, goes on after a failure, and is ended by its close', async () => {
    let atOnce = 0
    let most = 0
    let times = 0
    const failures: unknown[] = []
    const work = async () => {
      most = Math.max(most, ++atOnce)
      await new Promise((resolve) => setTimeout(resolve, 10))
      atOnce -= 1
      times += 1
      if (times === 2) throw new Error('once')
    }
    const repeated = repeatedly(1, work, (error) => failures.push(error))
    await until(() => times >= 4)
    await repeated.close()
    const ended = times
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect([most, atOnce, times, failures.length]).toEqual([1, 0, ended, 1])
  })
})
