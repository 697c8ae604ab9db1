import type { Answer } from '../pdp/decision.ts'
import type { ErrorCode, errorTable } from '../pdp/errors.ts'

/** The codes that say "cannot decide now". */
export type FailClosedCode = {
  [Code in ErrorCode]: (typeof errorTable)[Code]['status'] extends 503 ? Code : never
}[ErrorCode]

/** What the HTTP layer counts. Every argument is one of a fixed set, or the receiver folds it into one that is. */
export interface Instruments {
  decided(dialect: 'authorize' | 'opa' | 'authzen', answer: Answer, seconds: number): void
  responded(path: string, method: string, status: number): void
  /** A request that got no decision; `unexpected` is an exception that nobody foresaw. */
  failedClosed(cause: FailClosedCode | 'unexpected'): void
  /** The Prometheus text of `GET /metrics`. */
  render(): string
}

/** What the HTTP layer logs. The receiver decides how much of `error` may be written: its message can hold input. */
export interface HttpLog {
  error(message: string, fields: { request_id: string; code: string; error?: unknown }): void
}

export interface ReadinessCheck {
  readonly name: string
  readonly ok: boolean
}

export interface Readiness {
  /** True when every check is: a policy is active and the process is not stopping. */
  ready(): boolean
  checks(): readonly ReadinessCheck[]
}
