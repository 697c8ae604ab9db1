import { createDecisionLog, type DecisionLogOptions, type Sink } from '../../src/log/decision-log.ts'
import type { RecordedDecision } from '../../src/pdp/decision-recorder.ts'
import { allow, answerOf, question } from '../http/fixture.ts'

export interface Event {
  readonly [member: string]: unknown
  readonly input?: Readonly<Record<string, unknown>>
}

/** The lines that a sink was given, without their ends. Throws where the last has none. */
export function linesIn(bytes: Buffer): string[] {
  const lines = bytes.toString().split('\n')
  if (lines.pop() !== '') throw new Error('a line has no end')
  return lines
}

/** A sink that remembers, and fails as often as it is told. */
export function memorySink(failures = 0): Sink & { readonly events: Event[]; failures: number } {
  const events: Event[] = []
  return {
    events,
    failures,
    async write(lines) {
      if (this.failures-- > 0) throw new Error('the sink is down')
      events.push(...linesIn(lines).map((line) => JSON.parse(line) as Event))
    },
    close() {},
  }
}

export const noMasks = { erase: [], mask: [] }

export function logTo(sink: Sink, options: Partial<DecisionLogOptions> = {}) {
  const failures: unknown[] = []
  const log = createDecisionLog({
    sink,
    event: { labels: { app: 'postern' }, masks: noMasks, defaultTenant: undefined },
    limits: { events: 10_000, bytes: 64 * 1024 * 1024, batchBytes: 65_536 },
    sampleAllows: 1,
    required: false,
    onFailure: (error) => failures.push(error),
    ...options,
  })
  return { log, failures }
}

/** What an API tells of one decision. */
export function recorded(parts: Partial<RecordedDecision> = {}): RecordedDecision {
  return {
    dialect: 'authorize',
    requestId: 'r-1',
    request: question,
    answer: answerOf(allow),
    seconds: 0.00025,
    ...parts,
  }
}
