import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Directory, openDirectory } from '../../src/directory/directory.ts'
import { createDeliverer, type DelivererOptions } from '../../src/outbox/deliverer.ts'
import { DeliveryError } from '../../src/outbox/delivery-error.ts'
import type { Channel, Message } from '../../src/outbox/message.ts'
import { backends, directoryFile } from '../support/stored-tenants.ts'
import { emptyTenants, invite, send, until } from './outbox-fixture.ts'

/** A receiver that notes what it takes, `tenant id`, and refuses what `refuses` says. */
function receiver(refuses: (message: Message) => boolean = () => false, options = { final: false }) {
  const taken: string[] = []
  const tried: string[] = []
  const channel: Channel = {
    async send(message) {
      tried.push(message.id)
      await new Promise((resolve) => setTimeout(resolve, 1))
      if (refuses(message)) throw new DeliveryError('refused', options)
      taken.push(`${message.tenant} ${message.id}`)
    },
  }
  return { channel, taken, tried }
}

function deliver(
  directory: Directory,
  channels: Readonly<Record<string, Channel>>,
  more: Partial<DelivererOptions> = {},
) {
  const lines: string[] = []
  const log = { warn: (line: string) => void lines.push(line), error: (line: string) => void lines.push(line) }
  const queue = directory.outbox
  const deliverer = createDeliverer({ queue, channels, attempts: 3, log, firstPauseMs: 2, now: () => 5_000, ...more })
  onTestFinished(() => deliverer.close(1_000))
  return { deliverer, lines }
}

const idsOf = async (directory: Directory, dead: boolean) =>
  (await directory.outbox.list(dead, 100, 0)).map(({ id }) => id)

describe.each(backends)('the deliverer on $name', ({ directoryOf }) => {
  it('delivers what waited before it began and what comes later, of each tenant in the order of writing', async () => {
    const directory = await directoryOf(...emptyTenants('a', 'b'))
    await send(directory, 'a', ['3', '1'])
    await send(directory, 'b', ['2'])
    const { channel, taken } = receiver()
    const { deliverer } = deliver(directory, { webhook: channel })
    await send(directory, 'a', ['0', '9'])
    deliverer.wake('a')
    await until(() => taken.length === 5)
    expect(taken.filter((line) => line.startsWith('a'))).toEqual(['a 3', 'a 1', 'a 0', 'a 9'])
    expect(taken).toContain('b 2')
    await until(async () => (await idsOf(directory, false)).length === 0)
  })

  it('tries a message again before the next of its tenant, and holds up no other tenant', async () => {
    const directory = await directoryOf(...emptyTenants('a', 'b'))
    await send(directory, 'a', ['1', '2'])
    await send(directory, 'b', ['3'])
    let failures = 0
    // The other tenant's is taken while this one is refused, or never.
    const refuses = ({ id }: Message) => id === '1' && (++failures < 3 || !taken.includes('b 3'))
    const { channel, taken, tried } = receiver(refuses)
    deliver(directory, { webhook: channel }, { now: Date.now, attempts: 1_000, random: () => 0 })
    await until(() => taken.length === 3)
    expect(taken).toEqual(['b 3', 'a 1', 'a 2'])
    expect(tried.filter((id) => id !== '3')).toEqual([...Array(failures).fill('1'), '2'])
  })

  it('waits twice as long after each failure, less up to a half, and an hour at most', async () => {
    const directory = await directoryOf(...emptyTenants('a'))
    await send(directory, 'a', ['1'])
    const clock = { at: 5_000 }
    const pauses: number[] = []
    const { channel } = receiver(() => true)
    const queue = {
      ...directory.outbox,
      async failed(id: string, error: string, due: number | undefined) {
        await directory.outbox.failed(id, error, due)
        if (due === undefined) return
        pauses.push(due - clock.at)
        clock.at = due
      },
    }
    const options = { queue, attempts: 20, firstPauseMs: 1_000, now: () => clock.at, random: () => 0 }
    deliver(directory, { webhook: channel }, options)
    await until(async () => (await idsOf(directory, true)).length === 1)
    expect(pauses.slice(0, 4)).toEqual([500, 1_000, 2_000, 4_000])
    expect(pauses).toHaveLength(19)
    expect(Math.max(...pauses)).toBe(1_800_000)
  })

  it('does not try before the pause is over, whatever else comes for the tenant', async () => {
    const directory = await directoryOf(...emptyTenants('a'))
    await send(directory, 'a', ['1'])
    const { channel, tried } = receiver(() => true)
    const { deliverer } = deliver(directory, { webhook: channel }, { firstPauseMs: 60_000 })
    await until(async () => (await directory.outbox.list(false, 1, 0))[0]?.attempts === 1)
    await send(directory, 'a', ['2'])
    deliverer.wake('a')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(tried).toEqual(['1'])
  })

  it('gives a message up after its attempts, goes on with the next, and tries it anew when it is told to', async () => {
    const directory = await directoryOf(...emptyTenants('a'))
    await send(directory, 'a', ['1', '2'])
    let mended = false
    const { channel, taken, tried } = receiver(({ id }) => id === '1' && !mended)
    const { deliverer, lines } = deliver(directory, { webhook: channel }, { now: Date.now })
    await until(() => taken.length === 1)
    expect(tried).toEqual(['1', '1', '1', '2'])
    expect(await directory.outbox.list(true, 100, 0)).toMatchObject([{ id: '1', attempts: 3, error: 'refused' }])
    expect(lines).toEqual(['a message of the outbox is dead: see `GET /v1/outbox?state=dead`'])
    mended = true
    expect(await directory.outbox.retry('1', Date.now())).toBe('a')
    deliverer.wake('a')
    await until(() => taken.length === 2)
    await until(async () => (await idsOf(directory, true)).length === 0)
    expect(await directory.outbox.retry('1', Date.now())).toBeUndefined()
  })

  it('gives up at once what no other attempt would mend', async () => {
    const directory = await directoryOf(...emptyTenants('a'))
    await send(directory, 'a', ['1'])
    const { channel, tried } = receiver(() => true, { final: true })
    deliver(directory, { webhook: channel })
    await until(async () => (await idsOf(directory, true)).length === 1)
    expect(tried).toEqual(['1'])
  })

  it('keeps what goes through a channel that is not configured, and is not held up by it', async () => {
    const directory = await directoryOf(...emptyTenants('a'))
    await send(directory, 'a', ['m'], { channel: 'mail' })
    await send(directory, 'a', ['w'])
    const { channel, taken } = receiver()
    deliver(directory, { webhook: channel })
    await until(async () => taken.length === 1 && (await idsOf(directory, false)).length === 1)
    expect(await idsOf(directory, false)).toEqual(['m'])
  })

  it('delivers again, under the same id, what a process that died had sent and not noted', async () => {
    const directory = await directoryOf(...emptyTenants('a'))
    await send(directory, 'a', ['1'])
    const queue = {
      ...directory.outbox,
      async delivered() {
        throw new Error('the process died here')
      },
    }
    const { channel, taken } = receiver()
    const first = createDeliverer({
      queue,
      channels: { webhook: channel },
      attempts: 3,
      log: { warn() {}, error() {} },
    })
    await until(() => taken.length === 1)
    await first.close(1_000)
    deliver(directory, { webhook: channel })
    await until(async () => (await idsOf(directory, false)).length === 0)
    expect(taken).toEqual(['a 1', 'a 1'])
  })
})

describe.each(backends)('the secret of an invitation on $name', ({ directoryOf }) => {
  const secret = 'a-secret-that-is-nowhere-else'

  it('is dropped with its message, undelivered, once the invitation is void', async () => {
    const directory = await directoryOf(...emptyTenants('a', 'b', 'c'))
    await invite(directory, 'a', 'revoked', secret)
    await directory.write('a', async (_, __, journal) => {
      await journal.withdrawInvitation('new@example.com')
      return { commit: true, change: 'test', value: undefined }
    })
    await invite(directory, 'b', 'run out', `${secret}-b`, 4_000)
    await invite(directory, 'c', 'made anew', `${secret}-c`)
    await invite(directory, 'c', 'the latest', `${secret}-d`)
    const { channel, tried } = receiver()
    // Also without a channel: what waits for one that may never come is swept.
    const { deliverer } = deliver(directory, {})
    await until(async () => (await idsOf(directory, false)).length < 4)
    expect(await idsOf(directory, false)).toEqual(['the latest'])
    await invite(directory, 'b', 'run out by now', `${secret}-e`, 4_000)
    await deliverer.close(1_000)
    const next = createDeliverer({
      queue: { ...directory.outbox, async dropVoid() {} },
      channels: { mail: channel },
      attempts: 3,
      log: { warn() {}, error() {} },
      now: () => 5_000,
    })
    await until(async () => (await idsOf(directory, false)).length === 0)
    await next.close(1_000)
    expect(tried).toEqual(['the latest'])
  })

  it('is not in what is listed', async () => {
    const directory = await directoryOf(...emptyTenants('a'))
    await invite(directory, 'a', '1', secret)
    const listed = await directory.outbox.list(false, 100, 0)
    expect(listed).toHaveLength(1)
    expect(JSON.stringify(listed)).not.toContain(secret)
  })
})

describe('the file of a directory', () => {
  const filled = async (file: string, ...tenants: readonly string[]) => {
    const directory = await openDirectory(file)
    await directory.put(emptyTenants(...tenants))
    return directory
  }

  it('copied as a backup holds what waits, in its order', async () => {
    const file = directoryFile()
    const directory = await filled(file, 'a')
    await send(directory, 'a', ['2', '1'])
    await directory.backup(`${file}.copy`)
    await directory.outbox.delivered('2')
    await send(directory, 'a', ['3'])
    await directory.restore(`${file}.copy`)
    await send(directory, 'a', ['4'])
    const ids = await idsOf(directory, false)
    await directory.close()
    expect(ids).toEqual(['2', '1', '4'])
  })

  it('has the secret of an invitation until it was delivered, and not after', async () => {
    const secret = 'a-secret-that-is-nowhere-else'
    const file = directoryFile()
    const directory = await filled(file, 'a')
    await invite(directory, 'a', '1', secret)
    await directory.close()
    expect(readFileSync(file).includes(secret)).toBe(true)
    const again = await openDirectory(file)
    const seen: (string | null)[] = []
    const mail: Channel = { send: async (message) => void seen.push(message.secret) }
    const log = { warn() {}, error() {} }
    const deliverer = createDeliverer({ queue: again.outbox, channels: { mail }, attempts: 3, log, now: () => 5_000 })
    await until(async () => (await idsOf(again, false)).length === 0)
    await deliverer.close(1_000)
    await again.close()
    expect(seen).toEqual([secret])
    expect(readFileSync(file).includes(secret)).toBe(false)
  })
})
