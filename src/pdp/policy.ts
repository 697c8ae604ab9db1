import type { Effect } from './effect.ts'
import type { InputPlan } from './input-plan.ts'

/** The reason of a cell that denies: the role does not hold the permission. */
export const deniedByCell = 'no_permission'

/** What the evaluator gave for one input, its shape already checked. */
export interface Evaluation {
  readonly decision: boolean
  readonly reason: string
  readonly obligations: readonly { readonly type: string; readonly [parameter: string]: unknown }[]
  /** The rest only of a refusal. */
  readonly stage?: string
  /** Kind (`shared`, `checks` or `conditions`) and name of the check that refused; null where the core did. */
  readonly check?: readonly [kind: string, name: string] | null
  readonly limit?: Readonly<Record<string, unknown>> | null
}

/** What each rule that a permission's row names says to one input; an empty list where it says nothing. */
export interface Verdicts {
  readonly asker: 'member' | 'service' | 'invitee'
  readonly membership: string
  readonly right: readonly string[]
  /** The one grant of a row that has one. */
  readonly grants: readonly { readonly name: string; readonly verdict: readonly unknown[] }[]
  /** In the order in which they are asked. */
  readonly rules: readonly {
    readonly stage: string
    readonly rule: readonly [kind: string, name: string]
    readonly verdict: readonly unknown[]
  }[]
}

/** The port to the policy: one input text, one evaluation. Throws `PosternError` where the policy gives none. */
export interface Evaluator {
  evaluate(input: string): Evaluation
  /** For explanations, which ask what a decision does not need. */
  verdicts(input: string): Verdicts
}

/** What the sidecar knows of one permission without asking the policy. */
export interface PermissionIndex {
  readonly input: InputPlan
  /** The resource property that `resource.id` may stand for: the type's own name, where the row takes it. */
  readonly idProperty: string | undefined
  readonly row: string
  readonly cells: Readonly<Record<string, string>>
  readonly names: Readonly<Record<string, string>>
  /** What an allow does to a stored tenant, and the state it leads to. */
  readonly effects: readonly Effect[]
  readonly to: string | undefined
  /** What the sidecar itself asks each month: in the name of which service, and for members with which attribute. */
  readonly monthly?: { readonly service: string; readonly attribute: string } | undefined
  /** Asked by the person of a pending record, who needs no right. */
  readonly byInvitee: boolean
}

/** One system of the active bundle. */
export interface SystemIndex {
  readonly permissions: ReadonlyMap<string, PermissionIndex>
  /** For an action that the system does not list. */
  readonly unlisted: PermissionIndex
  /** Plans in the order of plans.yaml, with their seats (null for unlimited) and their `file:line`. */
  readonly plans: ReadonlyMap<string, { readonly seats: number | null; readonly place: string }>
  readonly roles: Readonly<Record<string, string>>
  readonly sections: { readonly matrix: string; readonly roles: string; readonly plans: string }
  readonly messages: Readonly<Record<string, string>>
  /** `file:line` of the core's refusals, by reason. */
  readonly core: Readonly<Record<string, string>>
}

/** An active bundle: what is evaluated, and what is known about it. */
export interface Policy {
  /** Digest over WASM and data, as hex. */
  readonly digest: string
  readonly systems: ReadonlyMap<string, SystemIndex>
  readonly evaluator: Evaluator
}
