import type { SystemBases } from './decision-bases.ts'
import type { ReviewedPolicy } from './reviewed-policy.ts'

/** A rule of the Rego, all clauses of one path. */
export interface ReviewedRule {
  /** `named` by YAML, part of the `core` that every decision goes through, or a `helper` of those. */
  readonly kind: 'named' | 'core' | 'helper'
  readonly files: readonly string[]
  /** Digest of what it says, whatever its layout, its comments and the order of its clauses. */
  readonly syntax: string
  /** The rules that it may ask, by path. */
  readonly uses: readonly string[]
  /** What it reads of a system's tables itself, `*` for any name: `roles * rank`. An older build did not keep it. */
  readonly tables?: readonly string[]
}

export type ReviewedRules = Readonly<Record<string, ReviewedRule>>

/** One of the two policies that are compared. */
export interface DiffSide {
  readonly reviewed: ReviewedPolicy
  readonly bases: Readonly<Record<string, SystemBases>>
  /** For each system a digest of all that its decisions depend on. */
  readonly decisions: Readonly<Record<string, string>>
  /** Undefined of a bundle that was built without them. */
  readonly rules: ReviewedRules | undefined
  /** Text of each file of Rego, tests left out; none of a bundle. */
  readonly texts: ReadonlyMap<string, string>
  /** Digest of the compiled Rego. */
  readonly wasm: string
}
