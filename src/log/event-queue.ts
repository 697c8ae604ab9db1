/** Events in the order in which they came. */
export interface Batch {
  /** Each event and `\n`, in UTF-8. */
  readonly lines: Buffer
  readonly events: number
}

export interface QueueLimits {
  /** What may wait. */
  readonly events: number
  readonly bytes: number
  /** About how much is written in one go. */
  readonly batchBytes: number
}

/** A batch that may still grow. */
interface Growing {
  readonly buffer: Buffer
  bytes: number
  events: number
}

/**
 * Events that wait to be written. They are kept as the bytes that the sink takes, in memory that is used again: as texts
 * they would be joined and encoded for each write, into memory that is new each time.
 */
export class EventQueue {
  readonly #limits: QueueLimits
  readonly #batches: Growing[] = []
  #events = 0
  #bytes = 0
  #spare: Buffer | undefined

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** How many events wait, those of a batch that was taken included. */
  get events(): number {
    return this.#events
  }

  /** Whether less waits than is written in one go. */
  get isSmall(): boolean {
    return this.#bytes < this.#limits.batchBytes
  }

  /** False where there is no room for it. */
  add(event: string): boolean {
    const bytes = Buffer.byteLength(event) + 1
    if (this.#events >= this.#limits.events || this.#bytes + bytes > this.#limits.bytes) return false
    const batch = this.#batchFor(bytes)
    batch.buffer.write(event, batch.bytes)
    batch.bytes += bytes
    batch.buffer[batch.bytes - 1] = newline
    batch.events++
    this.#events++
    this.#bytes += bytes
    return true
  }

  /** Takes the oldest batch; undefined where there is none. Its bytes are its own until it is `done`. */
  take(): Batch | undefined {
    const batch = this.#batches.shift()
    return batch && { lines: batch.buffer.subarray(0, batch.bytes), events: batch.events }
  }

  /** The batch was written, or given up. */
  done({ lines, events }: Batch): void {
    this.#events -= events
    this.#bytes -= lines.length
    if (lines.buffer.byteLength === this.#limits.batchBytes) this.#spare = Buffer.from(lines.buffer)
  }

  #batchFor(bytes: number): Growing {
    const last = this.#batches.at(-1)
    if (last !== undefined && last.bytes + bytes <= last.buffer.length) return last
    const batch = { buffer: this.#memory(bytes), bytes: 0, events: 0 }
    this.#batches.push(batch)
    return batch
  }

  #memory(least: number): Buffer {
    if (least > this.#limits.batchBytes) return Buffer.allocUnsafeSlow(least)
    const memory = this.#spare ?? Buffer.allocUnsafeSlow(this.#limits.batchBytes)
    this.#spare = undefined
    return memory
  }
}

const newline = 0x0a
