import type { Host, Running } from './server-process.ts'

/** One HTTP request as it is put on the wire; `Host`, `Connection` and `Content-Length` are added by the sender. */
export interface BenchRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A server that answers the questions of `workload.ts` in its own dialect. How to add one: `README.md`. */
export interface Contender {
  readonly name: string
  /** One sentence for the report: what it is asked, and where it is given an advantage or a handicap. */
  readonly note: string
  /**
   * Set where no two requests may be the same: `request` is then called with ever growing numbers, before each sending.
   * Elsewhere it is called with 0 … 1,999 once, and the same bytes are sent again and again.
   */
  readonly everyRequestNew?: true
  /** Makes it startable (unpacks, installs), or answers with one line that says what is missing and how to get it. */
  prepare(): string | undefined
  /** As the contender itself tells it. Called after `prepare`. */
  version(): string
  /** Resolves when the server answers. It runs through `host`, which pins it and kills it whatever happens. */
  start(host: Host): Promise<Running>
  /** Question `i % 2000`. */
  request(i: number): BenchRequest
  /** Whether `status` and `body` are the right answer to `request(i)`. */
  check(i: number, status: number, body: string): boolean
}

/** `JSON.parse` that gives undefined instead of throwing, for `check`. */
export const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
