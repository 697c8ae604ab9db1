import type { Answer } from './decision.ts'
import { type ErrorCode, errorTable, PosternError } from './errors.ts'
import type { DecisionRequest } from './request.ts'

/** What is known of a question, whatever came of it. */
interface Asked {
  /** The API that was asked, as metrics name it. */
  readonly dialect: string
  /** Undefined where the API has none. */
  readonly requestId?: string
  /** The same for all decisions of one request that asked several. */
  readonly batchId?: string
  /** The JSON that the request came as, where that was the whole of it. */
  readonly sent?: string
}

export interface RecordedDecision extends Asked {
  readonly request: DecisionRequest
  readonly answer: Answer
  readonly seconds: number
}

export interface RecordedFailure extends Asked {
  /** Undefined where it failed before there was a request. */
  readonly request: DecisionRequest | undefined
  readonly code: ErrorCode
}

/** The port to the decision log, called once for each answer before it leaves; what is told must not change later. */
export interface DecisionRecorder {
  /** Throws `PosternError` `audit_unavailable` where a record is required and cannot be had; the answer must not leave. */
  decided(decision: RecordedDecision): void
  /** A question that failed closed. Never throws. */
  failed(failure: RecordedFailure): void
}

/** Tells of a question that failed closed with what was thrown. What could not be recorded is not recorded as a failure either. */
export function recordFailure(
  recorder: DecisionRecorder | undefined,
  asked: Omit<RecordedFailure, 'code'>,
  error: unknown,
): void {
  const code = error instanceof PosternError ? error.code : 'evaluation_failed'
  if (errorTable[code].status === 503 && code !== 'audit_unavailable') recorder?.failed({ ...asked, code })
}
