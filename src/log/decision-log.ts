import { setTimeout as sleep } from 'node:timers/promises'
import type { DecisionRecorder } from '../pdp/decision-recorder.ts'
import { PosternError } from '../pdp/errors.ts'
import { type EventOptions, eventWriter, type Told } from './decision-event.ts'
import { type Batch, EventQueue, type QueueLimits } from './event-queue.ts'

/** Where events go: UTF-8, each a line of JSON with its end. */
export interface Sink {
  /** Resolves when all are taken; rejects when none is, and then is asked again. Until then the bytes stay as they are. */
  write(lines: Buffer): Promise<void>
  /** Where the sink can: takes the events before it returns, or throws. */
  writeNow?(lines: Buffer): void
  /** Gives up a write that is under way or lets it end by itself; nothing is asked of the sink afterwards. */
  close(): void
}

export interface DecisionLogOptions {
  readonly sink: Sink
  readonly event: EventOptions
  readonly limits: QueueLimits
  /** One allow in so many is kept; every denial and every failure is. */
  readonly sampleAllows: number
  /** Whether a decision without its event is none. */
  readonly required: boolean
  /** Told once for each time that the sink begins to fail. */
  readonly onFailure: (error: unknown) => void
  /** A number of at least 0 and below 1. */
  readonly random?: () => number
}

/** Events by what became of them. */
export interface DecisionLogCounts {
  readonly written: number
  readonly dropped: number
  readonly masked: number
  readonly maskFailures: number
  readonly oversized: number
}

export interface DecisionLog extends DecisionRecorder {
  readonly counts: DecisionLogCounts
  /** Writes what waits, for at most so long; the rest is counted as dropped. */
  close(milliseconds: number): Promise<void>
}

/** Long enough for one write to carry the events of many requests, short enough that little is lost with the process. */
const gatherMs = 20
const firstRetryMs = 100
const longestRetryMs = 30_000

/**
 * The decision log. On the way of a request its event is made, a few microseconds, and put into a queue of bytes; it is
 * written later, in the order of the decisions. Made later, events would hold up the requests of that moment instead, many
 * at once. A full queue drops the newest event and counts it.
 *
 * INVARIANT: where a record is required, no answer leaves before its event was accepted: written, where the sink can do
 * that at once; otherwise queued for a sink that took the last write.
 */
export function createDecisionLog(options: DecisionLogOptions): DecisionLog {
  const { sink, limits, sampleAllows, required, random = Math.random } = options
  const counts = { written: 0, dropped: 0, masked: 0, maskFailures: 0, oversized: 0 }
  const write = eventWriter(options.event)
  const queue = new EventQueue(limits)
  const closing = new AbortController()
  let pumping: Promise<void> | undefined
  let closed = false
  let givenUp = false
  /** From the first failure of a write until one succeeds. */
  let failing = false

  const record = (told: Told, weight: number): boolean => {
    try {
      if (accept(told, weight)) return true
    } catch (error) {
      options.onFailure(error)
    }
    counts.dropped++
    return false
  }

  const accept = (told: Told, weight: number): boolean => {
    if (closed || (required && failing)) return false
    const { text, masked, maskFailed, oversized } = write(told, Date.now(), weight)
    if (required && sink.writeNow !== undefined) {
      sink.writeNow(Buffer.from(`${text}\n`))
      counts.written++
    } else {
      if (!queue.add(text)) return false
      pumping ??= pump()
    }
    if (masked) counts.masked++
    if (maskFailed) counts.maskFailures++
    if (oversized) counts.oversized++
    return true
  }

  const pause = (milliseconds: number) => sleep(milliseconds, undefined, { signal: closing.signal }).catch(() => {})

  const pump = async () => {
    await pause(gatherMs)
    for (let batch = queue.take(); batch !== undefined && !givenUp; batch = queue.take()) {
      await deliver(batch)
      queue.done(batch)
      // A write for each few events would cost more than the events.
      if (queue.isSmall) await pause(gatherMs)
    }
    pumping = undefined
  }

  const deliver = async ({ lines, events }: Batch) => {
    for (let attempt = 0; ; attempt++) {
      try {
        await sink.write(lines)
        failing = false
        counts.written += events
        return
      } catch (error) {
        failing = true
        if (attempt === 0) options.onFailure(error)
        if (givenUp) return
        if (closed) await sleep(firstRetryMs)
        // The jitter keeps a fleet that lost one sink from coming back to it in step.
        else await pause(Math.min(longestRetryMs, firstRetryMs * 2 ** attempt) * (0.5 + random() / 2))
      }
    }
  }

  return {
    decided(decision) {
      const weight = decision.answer.decision.decision ? sampleAllows : 1
      if (weight > 1 && random() * weight >= 1) return
      if (!record(decision, weight) && required) throw new PosternError('audit_unavailable')
    },
    failed(failure) {
      record(failure, 1)
    },
    counts,
    async close(milliseconds) {
      closed = true
      closing.abort()
      const timer = new AbortController()
      const late = sleep(milliseconds, undefined, { signal: timer.signal }).catch(() => {})
      await Promise.race([pumping, late])
      timer.abort()
      givenUp = true
      counts.dropped += queue.events
      sink.close()
    },
  }
}
