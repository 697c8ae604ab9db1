import type { Decision } from '../pdp/decision.ts'
import type { ErrorCode } from '../pdp/errors.ts'
import type { Policy } from '../pdp/policy.ts'
import type { Prepared } from '../pdp/prepare.ts'
import type { DecisionRequest } from '../pdp/request.ts'

export type RuleName = readonly [kind: string, name: string]
export type Todo = Readonly<Record<string, readonly RuleName[]>>

/** A permission as the bundle's data holds it, as far as a review reads it. */
export interface ModelPermission {
  readonly who: string
  readonly services?: Readonly<Record<string, true>>
  readonly grant?: string
  readonly feature?: string
  readonly cells: Readonly<Record<string, { readonly reason: string; readonly todo?: Todo }>>
  readonly takes: readonly { readonly name: string; readonly optional: boolean }[]
  readonly todo: Todo
  /** What is due with a refusal, by its reason. */
  readonly on_deny?: Todo
}

export interface ModelSystem {
  readonly roles: Readonly<Record<string, { readonly plans?: Readonly<Record<string, true>> }>>
  readonly plans?: Readonly<
    Record<string, { readonly seats: number | null; readonly features: Readonly<Record<string, true>> }>
  >
  readonly permissions: Readonly<Record<string, ModelPermission>>
  /** The figures of a refusal, by its reason. */
  readonly limits: Readonly<Record<string, RuleName>>
}

export type Model = Readonly<Record<string, ModelSystem>>

/** A decision, or the code of the error in its place. */
export type Outcome = Decision | { readonly error: ErrorCode }

/** A policy that is looked at as a whole: what it is made of, and what it says. */
export interface ReviewedPolicy {
  readonly policy: Policy
  readonly model: Model
  /** Decides upon the tenant document that the request brings. */
  decide(request: DecisionRequest): Outcome
  /** What the policy sees of the same request; undefined where that is refused before the policy is asked. */
  prepare(request: DecisionRequest): Prepared | undefined
}
