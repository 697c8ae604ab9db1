import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Directory, openDirectory } from '../../src/directory/directory.ts'
import { createDeliverer, type DelivererOptions, type Queue } from '../../src/outbox/deliverer.ts'
import type { Channel } from '../../src/outbox/message.ts'
import { type Backend, backends, emptyDatabase } from '../support/stored-tenants.ts'
import { emptyTenants, send, until } from './outbox-fixture.ts'

/** The same directory as two servers have it: a file has one server, which then has two deliverers. */
async function openedTwice({ name, directoryOf }: Backend): Promise<readonly [Directory, Directory]> {
  const first = await directoryOf(...emptyTenants('a', 'b'))
  if (name === 'SQLite') return [first, first]
  const url = await emptyDatabase()
  const [one, other] = await Promise.all([openDirectory(url), openDirectory(url)])
  onTestFinished(async () => {
    await Promise.all([one.close(), other.close()])
  })
  await one.put(emptyTenants('a', 'b'))
  return [one, other]
}

/** Notes whom a message came through, and takes none before it is let. */
function gate() {
  const begun: string[] = []
  const taken: string[] = []
  const waiting: (() => void)[] = []
  const channelOf = (server: string): Channel => ({
    async send({ id }) {
      begun.push(`${server} ${id}`)
      await new Promise<void>((resolve) => waiting.push(resolve))
      taken.push(id)
    },
  })
  const open = () => {
    for (const take of waiting.splice(0)) take()
  }
  return { begun, taken, channelOf, open }
}

function deliver(queue: Queue, webhook: Channel, more: Partial<DelivererOptions> = {}) {
  const log = { warn() {}, error() {} }
  const deliverer = createDeliverer({ queue, channels: { webhook }, attempts: 3, log, pollMs: 20, ...more })
  onTestFinished(() => deliverer.close(0))
  return deliverer
}

const waits = async ({ outbox }: Directory) => (await outbox.list(false, 100, 0)).map(({ id }) => id)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe.each(backends)('two deliverers on one $name', (backend) => {
  it('without lanes deliver the same message at the same time', async () => {
    const [one, other] = await openedTwice(backend)
    await send(one, 'a', ['1', '2'])
    const { begun, channelOf } = gate()
    const unheld = { claim: async () => true }
    deliver({ ...one.outbox, ...unheld }, channelOf('one'))
    deliver({ ...other.outbox, ...unheld }, channelOf('other'))
    await until(() => begun.length === 2)
    expect(begun.sort()).toEqual(['one 1', 'other 1'])
  })

  it('deliver each message once and in order, whichever of them has the tenant', async () => {
    const [one, other] = await openedTwice(backend)
    const ids = Array.from({ length: 20 }, (_, index) => String(index))
    await send(one, 'a', ids.slice(0, 5))
    const { begun, taken, channelOf, open } = gate()
    const both = [deliver(one.outbox, channelOf('one')), deliver(other.outbox, channelOf('other'))]
    const opening = setInterval(open, 3)
    onTestFinished(() => clearInterval(opening))
    for (const id of ids.slice(5)) {
      await send(other, 'a', [id])
      for (const deliverer of both) deliverer.wake('a')
    }
    await until(async () => (await waits(one)).length === 0)
    expect(taken).toEqual(ids)
    expect(begun).toHaveLength(ids.length)
  })

  it('deliver for different tenants at once', async () => {
    const [one, other] = await openedTwice(backend)
    await send(one, 'a', ['1'])
    const { begun, channelOf, open } = gate()
    deliver(one.outbox, channelOf('one'))
    await until(() => begun.length === 1)
    await send(one, 'b', ['2'])
    deliver(other.outbox, channelOf('other'))
    await until(() => begun.length === 2)
    expect(begun[1]).toMatch(/ 2$/)
    open()
    await until(async () => (await waits(one)).length === 0)
  })

  it('notice what the other wrote, without being woken', async () => {
    const [one, other] = await openedTwice(backend)
    const { taken, channelOf, open } = gate()
    deliver(other.outbox, channelOf('other'))
    await pause(50)
    await send(one, 'a', ['1'])
    const opening = setInterval(open, 3)
    onTestFinished(() => clearInterval(opening))
    await until(() => taken.length === 1)
  })

  it('take over from one that was killed when its lane has run out, and not before', async () => {
    const [one, other] = await openedTwice(backend)
    await send(one, 'a', ['1', '2'])
    expect(await one.outbox.claim('a', 'killed', 400)).toBe(true)
    const claimed = performance.now()
    const { begun, taken, channelOf, open } = gate()
    deliver(other.outbox, channelOf('other'))
    await until(() => begun.length === 1)
    expect(performance.now() - claimed).toBeGreaterThan(350)
    const opening = setInterval(open, 3)
    onTestFinished(() => clearInterval(opening))
    await until(() => taken.length === 2)
    expect(taken).toEqual(['1', '2'])
  })

  it('do not send what was delivered between the look at it and the claim of the lane', async () => {
    const [one, other] = await openedTwice(backend)
    await send(one, 'a', ['1', '2'])
    const { begun, taken, channelOf, open } = gate()
    const claim = async (tenant: string, holder: string, ms: number) => {
      await other.outbox.delivered('1')
      return one.outbox.claim(tenant, holder, ms)
    }
    deliver({ ...one.outbox, claim }, channelOf('one'))
    await until(() => {
      open()
      return taken.length > 0
    })
    expect(begun).toEqual(['one 2'])
  })

  it('have the lane for longer where they deliver for longer, and give it back at the end', async () => {
    const [one, other] = await openedTwice(backend)
    const ids = ['1', '2', '3', '4']
    await send(one, 'a', ids)
    const { taken, channelOf, open } = gate()
    const claims: number[] = []
    const noted = async (tenant: string, holder: string, ms: number) => {
      claims.push(ms)
      return one.outbox.claim(tenant, holder, ms)
    }
    // An attempt may take all of the lane but ten seconds of it, so the clock is what has to pass.
    const clock = { passed: 0 }
    const real = Date.now
    vi.spyOn(Date, 'now').mockImplementation(() => real() + clock.passed)
    onTestFinished(() => void vi.restoreAllMocks())
    deliver({ ...one.outbox, claim: noted }, channelOf('one'), { sendMs: 60_000 })
    for (const [index] of ids.entries()) {
      await until(() => {
        if (index === 2) clock.passed = 10_500
        open()
        return taken.length > index
      })
    }
    expect(claims).toEqual([70_000, 70_000])
    await until(async () => (await waits(one)).length === 0)
    await until(() => other.outbox.claim('a', 'next', 1_000))
  })

  it('count an attempt as failed that does not end, and go on with the others', async () => {
    const [one] = await openedTwice(backend)
    await send(one, 'a', ['1', '2'])
    const tried: string[] = []
    const hanging: Channel = {
      send({ id }) {
        tried.push(id)
        return id === '1' ? new Promise(() => {}) : Promise.resolve()
      },
    }
    deliver(one.outbox, hanging, { sendMs: 20, attempts: 1 })
    await until(async () => (await waits(one)).length === 0)
    expect(tried).toEqual(['1', '2'])
    expect(await one.outbox.list(true, 10, 0)).toMatchObject([{ id: '1', error: 'took longer than 0.02 s' }])
  })
})

describe.each(backends)('a lane on $name', (backend) => {
  it('has one holder, who may claim it again, until it is given back or runs out', async () => {
    const [{ outbox: one }, { outbox: other }] = await openedTwice(backend)
    expect(await one.claim('a', 'one', 60_000)).toBe(true)
    expect(await other.claim('a', 'other', 60_000)).toBe(false)
    expect(await other.claim('b', 'other', 60_000)).toBe(true)
    expect(await one.claim('a', 'one', 60_000)).toBe(true)
    await other.release('a', 'other')
    expect(await other.claim('a', 'other', 60_000)).toBe(false)
    await one.release('a', 'one')
    expect(await other.claim('a', 'other', 1)).toBe(true)
    await pause(5)
    expect(await one.claim('a', 'one', 60_000)).toBe(true)
  })

  it('is given to one of many who ask at once', async () => {
    const [{ outbox: one }, { outbox: other }] = await openedTwice(backend)
    await one.claim('a', 'killed', 1)
    await pause(5)
    for (let round = 0; round < 10; round++) {
      const holders = Array.from({ length: 16 }, (_, index) => `${round} ${index}`)
      const given = await Promise.all(
        holders.map((holder, index) => (index % 2 === 0 ? one : other).claim('a', holder, 60_000)),
      )
      expect(given.filter((held) => held)).toHaveLength(1)
      await one.release('a', holders[given.indexOf(true)] as string)
    }
  })
})
