import type { DecisionRequest } from './request.ts'

/** What must be done about a decision; `type` is one of the system's obligation types, the rest its parameters. */
export interface Obligation {
  readonly type: string
  readonly [parameter: string]: unknown
}

/** The bound a decision ran into: `limit` null means none. */
export interface Limit {
  readonly name: string
  readonly limit: number | null
  readonly used: number
  readonly plan?: string
  readonly next_plan?: string
}

/** A policy's answer. Frozen when made, shared by all who ask the same. */
export interface Decision {
  readonly decision: boolean
  /** The stage that decided, `grant` for an allow; for metrics, not part of the answer. */
  readonly stage: string
  readonly reason: string
  /** One line for people, from `config/reasons.yaml`. */
  readonly message: string
  /** `file:line` of the cell, check or plan that decided. */
  readonly rule: string
  readonly limit?: Limit
  readonly obligations: readonly Obligation[]
  /** Digest of the bundle that decided. */
  readonly policy: string
}

/** A decision as it was given to one caller. */
export interface Answer {
  readonly decision: Decision
  readonly decisionId: string
  /** Revision of the tenant's facts. */
  readonly revision: string
  readonly cache: 'hit' | 'miss' | 'bypass'
}

/** The port that http and the CLI call. Throws `PosternError` (or rejects with it) when there is no decision. */
export interface Pdp {
  decide(request: DecisionRequest): Answer | Promise<Answer>
}
