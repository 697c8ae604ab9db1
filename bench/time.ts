import { median } from './summary.ts'

export interface Timing {
  readonly label: string
  /** Nanoseconds per call: of the middle batch, and of the batch that 95 % are faster than. */
  readonly median: number
  readonly p95: number
  readonly batches: number
  readonly callsPerBatch: number
}

export interface TimeOptions {
  /** Seconds of warm-up, in which the optimiser does its work. */
  readonly warmup?: number
  readonly batches?: number
  /** Aimed at per batch: long against the clock's grain, short against a garbage collection. */
  readonly batchMicroseconds?: number
}

/** Where results go, so that the optimiser cannot prove them unused. */
let hole: unknown

/** What was swallowed last. Exported so that no optimiser can see that nobody looks. */
export const blackHole = (): unknown => hole

/**
 * Times `fn`, which is called with 0, 1, 2 … so that it can take another input each time. Single calls of less than a
 * microsecond are shorter than the clock's grain, so a batch is the smallest thing measured, and p95 is of batches.
 */
export const time = (
  label: string,
  fn: (i: number) => unknown,
  { warmup = 1, batches = 2000, batchMicroseconds = 200 }: TimeOptions = {},
): Timing => {
  let i = 0
  let calls = 0
  const warmUntil = performance.now() + warmup * 1000
  const warmStart = performance.now()
  while (performance.now() < warmUntil) {
    for (let n = 0; n < 16; n++) hole = fn(i++)
    calls += 16
  }
  const nanoseconds = ((performance.now() - warmStart) * 1e6) / calls
  const callsPerBatch = Math.max(1, Math.round((batchMicroseconds * 1000) / nanoseconds))

  const perCall = new Float64Array(batches)
  for (let batch = 0; batch < batches; batch++) {
    const start = process.hrtime.bigint()
    for (let n = 0; n < callsPerBatch; n++) hole = fn(i++)
    perCall[batch] = Number(process.hrtime.bigint() - start) / callsPerBatch
  }
  return summary(label, perCall, callsPerBatch)
}

/** Times calls that are waited for, one after the other: as long as they are, each is a batch of its own. */
export const timeAwaited = async (
  label: string,
  fn: (i: number) => unknown,
  { warmup = 1, batches = 5000 }: Omit<TimeOptions, 'batchMicroseconds'> = {},
): Promise<Timing> => {
  let i = 0
  const warmUntil = performance.now() + warmup * 1000
  while (performance.now() < warmUntil) hole = await fn(i++)
  const perCall = new Float64Array(batches)
  for (let batch = 0; batch < batches; batch++) {
    const start = process.hrtime.bigint()
    hole = await fn(i++)
    perCall[batch] = Number(process.hrtime.bigint() - start)
  }
  return summary(label, perCall, 1)
}

const summary = (label: string, perCall: Float64Array, callsPerBatch: number): Timing => {
  const sorted = perCall.sort()
  const batches = sorted.length
  return {
    label,
    median: median([...sorted]),
    p95: sorted[Math.floor(batches * 0.95)] ?? Number.NaN,
    batches,
    callsPerBatch,
  }
}
