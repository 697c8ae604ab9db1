import { setTimeout as sleep } from 'node:timers/promises'
import type { Listener } from '../http/listener.ts'
import type { ServerLog } from '../log/server-log.ts'

export interface DrainParts {
  readonly listeners: readonly Listener[]
  readonly readiness: { startDraining(): void }
  readonly settings: {
    readonly drain: {
      /** Between a red `/readyz` and the first refusal: longer than the gateway's probe interval. */
      readonly delay_ms: number
      /** After the delay, for what is still under way. */
      readonly timeout_ms: number
    }
  }
  readonly log: Pick<ServerLog, 'info' | 'warn'>
}

/**
 * How long callers get to read `Connection: close` before idle connections are closed. Node closes those at once, and
 * a request that is on its way meanwhile would meet a reset (nodejs/node#60617); hence the header first.
 */
const headerFirstMs = 500

/** Stops serving without losing a request that arrived: readiness, delay, header, close, and in the end the axe. */
export async function drain({ listeners, readiness, settings, log }: DrainParts): Promise<void> {
  const { delay_ms, timeout_ms } = settings.drain
  readiness.startDraining()
  await sleep(delay_ms)

  const deadline = performance.now() + timeout_ms
  for (const listener of listeners) listener.announceClose()
  await untilUnconnected(listeners, Math.min(headerFirstMs, timeout_ms / 2))

  for (const listener of listeners) listener.stop()
  const closed = Promise.all(listeners.map((listener) => listener.closed))
  if (await settlesWithin(closed, deadline - performance.now())) {
    log.info('drained')
    return
  }
  log.warn('drain timed out', { connections: connectionsOf(listeners) })
  for (const listener of listeners) listener.destroy()
  await closed
}

/**
 * Drains on the first SIGTERM or SIGINT; the result is the exit code: 0 when drained, 1 when a second signal asked to
 * end at once. `finish` runs after the last answer: flush logs, close stores.
 */
export async function drainOnSignal(
  parts: DrainParts,
  signals: Pick<NodeJS.EventEmitter, 'on' | 'off'> = process,
  finish: () => Promise<void> = async () => {},
): Promise<0 | 1> {
  const received = new SignalQueue(signals)
  try {
    const signal = await received.next()
    parts.log.info('stopping', { signal })
    const drained = drain(parts).then(finish)
    const first = await Promise.race([drained.then(() => 'drained' as const), received.next()])
    if (first === 'drained') return 0
    parts.log.warn('stopping at once', { signal: first, connections: connectionsOf(parts.listeners) })
    drained.catch(() => {}) // nobody waits for it any more
    return 1
  } finally {
    received.stop()
  }
}

class SignalQueue {
  readonly #signals: Pick<NodeJS.EventEmitter, 'on' | 'off'>
  readonly #arrived: NodeJS.Signals[] = []
  #wake: (() => void) | undefined

  constructor(signals: Pick<NodeJS.EventEmitter, 'on' | 'off'>) {
    this.#signals = signals
    for (const name of ['SIGTERM', 'SIGINT']) signals.on(name, this.#receive)
  }

  async next(): Promise<NodeJS.Signals> {
    while (this.#arrived.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#arrived.shift() as NodeJS.Signals
  }

  stop(): void {
    for (const name of ['SIGTERM', 'SIGINT']) this.#signals.off(name, this.#receive)
  }

  readonly #receive = (signal: NodeJS.Signals) => {
    this.#arrived.push(signal)
    this.#wake?.()
  }
}

async function untilUnconnected(listeners: readonly Listener[], milliseconds: number): Promise<void> {
  const deadline = performance.now() + milliseconds
  while (connectionsOf(listeners) > 0 && performance.now() < deadline) await sleep(5)
}

async function settlesWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const timer = new AbortController()
  const timedOut = sleep(Math.max(0, milliseconds), false, { signal: timer.signal }).catch(() => false)
  const settled = await Promise.race([promise.then(() => true), timedOut])
  timer.abort()
  return settled
}

function connectionsOf(listeners: readonly Listener[]): number {
  return listeners.reduce((sum, listener) => sum + listener.connections(), 0)
}
