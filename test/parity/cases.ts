import { isDeepStrictEqual } from 'node:util'
import { createPdp } from '../../src/pdp/decide.ts'
import { PosternError } from '../../src/pdp/errors.ts'
import type { MemoLimits } from '../../src/pdp/memo.ts'
import type { Evaluation, Policy } from '../../src/pdp/policy.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { factsOfDocument, type TenantDocument as StoredDocument } from '../../src/pdp/tenant-document.ts'
import type { Decision, ScenarioRequest, TenantDocument } from '../reference/evaluate.ts'
import { toWire } from '../reference/rows.ts'
import type { ParityCase } from './opa-eval.ts'

/** Keeps nothing: every decision is made afresh. */
export const noMemo: MemoLimits = { entries: 1, bytes: 1_000_000, largestInput: 0 }

/**
 * A request on the wire, with a resource id that means the same as `-`: the value of the type's own property beside it
 * or, where the row takes that property, instead of it; an id that stands for nothing where the row takes none.
 */
export function caseOf(
  document: TenantDocument,
  request: ScenarioRequest,
  variant: number,
  policy: Policy,
): ParityCase {
  const row = { id: '', document, others: [], request, expect: 'deny', reason: '', obligations: [] } as const
  const { tenant, ...wire } = toWire(row)
  const { type, properties } = wire.resource
  const taken = policy.systems.get(document.system)?.permissions.get(request.action)?.idProperty === type
  const { [type]: named, ...others } = properties
  const withResource = (id: string, rest = properties): ParityCase => ({
    request: { ...wire, resource: { type, id, properties: rest } },
    tenant,
  })
  const unnamed = named === undefined || named === null
  if (variant === 0 || (unnamed && taken)) return withResource(variant % 2 === 0 ? '-' : '')
  if (unnamed) return withResource('an id')
  if (typeof named !== 'string') return withResource('-')
  return variant === 1 && taken ? withResource(named, others) : withResource(named)
}

/** A decision point that takes documents without looking at their schema, for speed. */
export function quickPdp(policy: Policy, memo: MemoLimits = noMemo) {
  const inline = (document: unknown) => factsOfDocument(document as StoredDocument)
  const pdp = createPdp({ tenants: { find: () => undefined }, inline, defaultTenant: undefined, memo })
  pdp.activate(policy)
  return pdp
}

export const question = ({ request, tenant }: ParityCase): DecisionRequest =>
  ({ ...request, tenant }) as unknown as DecisionRequest

export interface Seen {
  readonly input: string
  /** Undefined where the policy decides nothing. */
  readonly evaluation: Evaluation | undefined
}

/** What the policy is given for a case, projected, and what it says. */
export function seeing(policy: Policy): (one: ParityCase) => Seen {
  let seen: Seen | undefined
  const evaluate = (input: string): Evaluation => {
    seen = { input, evaluation: undefined }
    const evaluation = policy.evaluator.evaluate(input)
    seen = { input, evaluation }
    return evaluation
  }
  const pdp = quickPdp({ ...policy, evaluator: { ...policy.evaluator, evaluate } })
  return (one) => {
    try {
      pdp.decide(question(one))
    } catch (error) {
      if (!(error instanceof PosternError) || error.code !== 'undecidable') throw error
    }
    return seen as Seen
  }
}

/** Whether two answers are the same in decision, reason and obligations, those with every parameter, in any order. */
export function agree(one: Decision, other: Decision): boolean {
  if (one.decision !== other.decision || one.reason !== other.reason) return false
  const left = [...other.obligations]
  for (const obligation of one.obligations) {
    const index = left.findIndex((candidate) => isDeepStrictEqual(candidate, obligation))
    if (index < 0) return false
    left.splice(index, 1)
  }
  return left.length === 0
}
