import type { Candidate } from './facts.ts'
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

/** A decision point that can be held still for one request that asks several questions. */
export interface SnapshotPdp extends Pdp {
  /** Throws `not_ready` where no policy is active. */
  snapshot(): Snapshot
}

/**
 * One policy, and each tenant as it was when first asked about. Throws `tenant_changed` once the tenant has been written:
 * the whole request is to be begun again.
 */
export interface Snapshot extends Pdp {
  /** The tenant that a request is about. Throws (or rejects with) what `decide` does where there is none. */
  open(request: Pick<DecisionRequest, 'context' | 'tenant'>): OpenTenant | Promise<OpenTenant>
}

type Candidates = readonly Candidate[]

/** What a search goes through. Whether anything may be done with it is for `decide` to say. */
export interface OpenTenant {
  readonly id: string
  /** See `TenantFacts.candidates`. */
  candidates(type: string, after: string | undefined, most: number): Candidates | Promise<Candidates>
  /** The permissions of its system, in the order of the system's files. */
  actions(after: string | undefined, most: number): Candidates
}
