import { setTimeout as sleep } from 'node:timers/promises'
import type { DecisionRecorder } from '../pdp/decision-recorder.ts'
import { PosternError } from '../pdp/errors.ts'
import { type EventOptions, type Recorded, writeEvent } from './decision-event.ts'

/** Where events go, each a line of JSON without its end. */
export interface Sink {
  /** Resolves when all are taken; rejects when none is, and then is asked again. */
  write(events: readonly string[]): Promise<void>
  /** Where the sink can: takes one event before it returns, or throws. */
  writeNow?(event: string): void
  /** Gives up a write that is under way or lets it end by itself; nothing is asked of the sink afterwards. */
  close(): void
}

export interface DecisionLogOptions {
  readonly sink: Sink
  readonly event: EventOptions
  /** What may wait for the sink, and how much is written in one go. */
  readonly limits: { readonly events: number; readonly bytes: number; readonly batchBytes: number }
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
/** What an event takes beside its request. */
const eventBytes = 1_024

/**
 * The decision log. On the way of a request it only puts the record into a queue; the event is made and written after
 * the answer, in the order of the decisions. A full queue drops the newest event and counts it.
 *
 * INVARIANT: where a record is required, no answer leaves before its event was accepted: written, where the sink can do
 * that at once; otherwise queued for a sink that took the last write.
 */
export function createDecisionLog(options: DecisionLogOptions): DecisionLog {
  const { sink, limits, sampleAllows, required, random = Math.random } = options
  const counts = { written: 0, dropped: 0, masked: 0, maskFailures: 0, oversized: 0 }
  const queue: Recorded[] = []
  const closing = new AbortController()
  /** What waits, events on their way to the sink included. */
  let waitingEvents = 0
  let waitingBytes = 0
  let pumping: Promise<void> | undefined
  let givenUp = false
  /** From the first failure of a write until one succeeds. */
  let failing = false

  const eventOf = (record: Recorded): string => {
    const { text, masked, maskFailed, oversized } = writeEvent(record, options.event)
    if (masked) counts.masked++
    if (maskFailed) counts.maskFailures++
    if (oversized) counts.oversized++
    return text
  }

  const record = (recorded: Recorded): boolean => {
    if (required && sink.writeNow !== undefined) return recordNow(recorded)
    const bytes = waitingBytes + recorded.told.bytes + eventBytes
    if ((required && failing) || closing.signal.aborted || waitingEvents >= limits.events || bytes > limits.bytes) {
      counts.dropped++
      return false
    }
    queue.push(recorded)
    waitingEvents++
    waitingBytes = bytes
    pumping ??= pump()
    return true
  }

  const recordNow = (recorded: Recorded): boolean => {
    try {
      sink.writeNow?.(eventOf(recorded))
      counts.written++
      return true
    } catch (error) {
      counts.dropped++
      options.onFailure(error)
      return false
    }
  }

  const pause = (milliseconds: number) => sleep(milliseconds, undefined, { signal: closing.signal }).catch(() => {})

  const pump = async () => {
    await pause(gatherMs)
    while (queue.length > 0 && !givenUp) {
      const { records, events } = nextBatch()
      if (events.length > 0) await deliver(events)
      waitingEvents -= records.length
      for (const { told } of records) waitingBytes -= told.bytes + eventBytes
      // A write for each few events would cost more than the events.
      if (waitingBytes < limits.batchBytes) await pause(gatherMs)
    }
    pumping = undefined
  }

  const nextBatch = () => {
    const events: string[] = []
    let bytes = 0
    let taken = 0
    for (; taken < queue.length && bytes < limits.batchBytes; taken++) {
      try {
        const event = eventOf(queue[taken] as Recorded)
        events.push(event)
        bytes += event.length
      } catch (error) {
        counts.dropped++
        options.onFailure(error)
      }
    }
    return { records: queue.splice(0, taken), events }
  }

  const deliver = async (events: readonly string[]) => {
    for (let attempt = 0; ; attempt++) {
      try {
        await sink.write(events)
        failing = false
        counts.written += events.length
        return
      } catch (error) {
        failing = true
        if (attempt === 0) options.onFailure(error)
        if (givenUp) return
        if (closing.signal.aborted) await sleep(firstRetryMs)
        // The jitter keeps a fleet that lost one sink from coming back to it in step.
        else await pause(Math.min(longestRetryMs, firstRetryMs * 2 ** attempt) * (0.5 + random() / 2))
      }
    }
  }

  return {
    decided(decision) {
      const weight = decision.answer.decision.decision ? sampleAllows : 1
      if (weight > 1 && random() * weight >= 1) return
      if (!record({ told: decision, at: Date.now(), weight }) && required) throw new PosternError('audit_unavailable')
    },
    failed(failure) {
      record({ told: failure, at: Date.now(), weight: 1 })
    },
    counts,
    async close(milliseconds) {
      closing.abort()
      const timer = new AbortController()
      const late = sleep(milliseconds, undefined, { signal: timer.signal }).catch(() => {})
      await Promise.race([pumping, late])
      timer.abort()
      givenUp = true
      counts.dropped += waitingEvents
      sink.close()
    },
  }
}
