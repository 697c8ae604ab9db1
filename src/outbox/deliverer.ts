import { randomUUID } from 'node:crypto'
import { DeliveryError } from './delivery-error.ts'
import { Lane, type Lanes } from './lane.ts'
import type { Channel, Message } from './message.ts'

/** The stored messages that wait, in the order in which they were written. */
export interface Queue extends Lanes {
  /** The tenants that have some for one of the channels. */
  waiting(channels: readonly string[]): Promise<readonly string[]>
  /** The tenant's first for one of the channels, due or not. What brings an invitation that is void by now is dropped. */
  next(tenant: string, channels: readonly string[], at: number): Promise<Message | undefined>
  /** Forgets the message, and its secret. */
  delivered(id: string): Promise<void>
  /** Counts the attempt. Without `due` the message is dead: it waits for somebody to have it tried again. */
  failed(id: string, error: string, due: number | undefined): Promise<void>
  /** Drops every message whose invitation is void. */
  dropVoid(at: number): Promise<void>
}

export interface DelivererOptions {
  readonly queue: Queue
  /** Those that are configured; messages for others stay where they are, and hold up nothing. */
  readonly channels: Readonly<Record<string, Channel>>
  /** After so many a message is dead. */
  readonly attempts: number
  readonly log: { warn(message: string): void; error(message: string, fields: { readonly error: unknown }): void }
  /** The pause after the first failure, in milliseconds; it doubles with each. Default one second. */
  readonly firstPauseMs?: number
  /** How often it is asked what others wrote, or left behind when they were killed. Default five seconds. */
  readonly pollMs?: number
  /** An attempt that takes longer counts as failed. Default 20 seconds. */
  readonly sendMs?: number
  readonly now?: () => number
  readonly random?: () => number
}

export interface Deliverer {
  /** Something was written for the tenant, or is to be tried again. */
  wake(tenant: string): void
  /** Stops. What is under way has a moment to end; cut short, it is delivered again by the next process. */
  close(timeoutMs: number): Promise<void>
}

/** Tenants that are served at a time. */
const mostServed = 8

const longestPauseMs = 60 * 60 * 1_000

/** Until a tenant is looked at again whose messages could not be read or written, or whose pause is longer. */
const longestRestMs = 60_000

/** What of a lane is there for more than one attempt. */
const sparedMs = 10_000

/** How often void invitations are looked for among what nobody delivers. */
const sweepMs = 10 * 60 * 1_000

/**
 * Delivers what waits, at least once: a message is forgotten only after its receiver took it. Of one tenant one message
 * at a time, and none before an earlier one was delivered or is dead, however many processes have a deliverer.
 *
 * INVARIANT: a message is sent only while the tenant's lane is held for longer than an attempt may take, and after it was
 * read within that lane. So nobody else sends it meanwhile, and nobody who had the lane before sent it already and forgot
 * it since.
 */
export function createDeliverer(options: DelivererOptions): Deliverer {
  const { queue, channels, attempts, log, now = Date.now, random = Math.random } = options
  const { firstPauseMs = 1_000, pollMs = 5_000, sendMs = 20_000 } = options
  const names = Object.keys(channels)
  const holder = randomUUID()
  const woken = new Set<string>()
  const busy = new Map<string, Promise<void>>()
  const timers = new Map<string, NodeJS.Timeout>()
  let stopping = false
  let closed = false

  /** Between a half and the whole of the doubled pause, so that not all come back at once. */
  const pauseAfter = (failures: number) =>
    Math.ceil(Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs) * (0.5 + random() / 2))

  const wakeAt = (tenant: string, at: number) => {
    if (stopping) return
    clearTimeout(timers.get(tenant))
    // Not longer, for another process may have been told to try anew.
    const rest = Math.min(Math.max(1, at - now()), longestRestMs)
    const timer = setTimeout(() => {
      timers.delete(tenant)
      wake(tenant)
    }, rest)
    timers.set(tenant, timer)
  }

  const attempt = async (message: Message): Promise<void> => {
    const failure = await failureOf(channels[message.channel] as Channel, message, sendMs)
    // After the stop the directory is closed.
    if (closed) return
    if (failure === undefined) return await queue.delivered(message.id)
    const failures = message.attempts + 1
    const dead = failure.final || failures >= attempts
    await queue.failed(message.id, failure.message, dead ? undefined : now() + pauseAfter(failures))
    if (dead) log.warn('a message of the outbox is dead: see `GET /v1/outbox?state=dead`')
  }

  const serve = async (tenant: string): Promise<void> => {
    const lane = new Lane({ lanes: queue, tenant, holder, ms: sendMs + sparedMs })
    try {
      while (!stopping) {
        const message = await queue.next(tenant, names, now())
        if (stopping || message === undefined) return
        if (message.due > now()) return wakeAt(tenant, message.due)
        if (lane.lasts(sendMs)) await attempt(message)
        else if (!(await lane.claim())) return wakeAt(tenant, now() + pollMs)
      }
    } finally {
      if (!closed) await lane.release()
    }
  }

  const start = () => {
    for (const tenant of woken) {
      if (stopping || busy.size >= mostServed) return
      if (busy.has(tenant)) continue
      woken.delete(tenant)
      const served = serve(tenant)
        .catch((error: unknown) => {
          log.error('the outbox of a tenant cannot be read or written', { error })
          wakeAt(tenant, now() + longestRestMs)
        })
        .finally(() => {
          busy.delete(tenant)
          start()
        })
      busy.set(tenant, served)
    }
  }

  const wake = (tenant: string): void => {
    if (stopping || names.length === 0) return
    woken.add(tenant)
    start()
  }

  const sweep = async () => {
    try {
      await queue.dropVoid(now())
    } catch (error) {
      log.error('the outbox cannot be swept', { error })
    }
  }
  const poll = async () => {
    if (names.length === 0) return
    try {
      for (const tenant of await queue.waiting(names)) if (!timers.has(tenant)) wake(tenant)
    } catch (error) {
      log.error('the outbox cannot be read', { error })
    }
  }
  let sweeping = sweep()
  let polling = sweeping.then(poll)
  const sweeps = setInterval(() => {
    sweeping = sweep()
  }, sweepMs).unref()
  const polls = setInterval(() => {
    polling = polling.then(poll)
  }, pollMs).unref()

  return {
    wake,
    async close(timeoutMs) {
      stopping = true
      clearInterval(sweeps)
      clearInterval(polls)
      for (const timer of timers.values()) clearTimeout(timer)
      let late: NodeJS.Timeout | undefined
      const limit = new Promise((resolve) => {
        late = setTimeout(resolve, timeoutMs)
      })
      await Promise.race([Promise.all([sweeping, polling, ...busy.values()]), limit])
      clearTimeout(late)
      closed = true
    },
  }
}

async function failureOf(channel: Channel, message: Message, ms: number): Promise<DeliveryError | undefined> {
  let late: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    const seconds = ms / 1_000
    late = setTimeout(() => reject(new DeliveryError(`took longer than ${seconds} s`, { final: false })), ms)
  })
  try {
    await Promise.race([channel.send(message), limit])
    return undefined
  } catch (error) {
    if (error instanceof DeliveryError) return error
    return new DeliveryError(`the channel failed (${(error as Error).name})`, { final: false })
  } finally {
    clearTimeout(late)
  }
}
