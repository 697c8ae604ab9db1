import type { SystemBases } from './decision-bases.ts'
import { type DecisionChange, decisionChanges } from './decision-changes.ts'
import { type ModelChange, modelChanges } from './model-changes.ts'
import { questionsOf } from './questions.ts'
import type { ReviewedPolicy } from './reviewed-policy.ts'
import { type PolicyTexts, type RuleChange, ruleChanges } from './rule-changes.ts'

/** One of the two policies that are compared. */
export interface DiffSide {
  readonly reviewed: ReviewedPolicy
  readonly bases: Readonly<Record<string, SystemBases>>
  /** Undefined of a bundle, which has no sources. */
  readonly texts: PolicyTexts | undefined
  /** Digest of the compiled Rego. */
  readonly wasm: string
}

export interface PolicyDiff {
  readonly decisions: readonly DecisionChange[]
  readonly model: readonly ModelChange[]
  readonly rules: readonly RuleChange[]
  /** The compiled Rego differs, and no source that could be read shows how. */
  readonly hidden: boolean
}

/** What differs between two policies, by asking both and by comparing their tables and Rego. */
export function policyDiff(base: DiffSide, head: DiffSide): PolicyDiff {
  // Data and WASM are the same bytes, so the two answer alike by construction.
  const identical = base.reviewed.policy.digest === head.reviewed.policy.digest
  const systems = [...new Set([...Object.keys(base.reviewed.model), ...Object.keys(head.reviewed.model)])].sort()
  const questions = identical
    ? []
    : systems.flatMap((system) => {
        const models = [base.reviewed.model[system], head.reviewed.model[system]].filter((model) => model !== undefined)
        const bases = [base.bases[system], head.bases[system]].filter((one) => one !== undefined)
        return questionsOf(system, models, bases)
      })
  const decisions = decisionChanges(base.reviewed, head.reviewed, questions)
  const model = modelChanges(tables(base.reviewed), tables(head.reviewed), decisions)
  const rules =
    base.texts === undefined || head.texts === undefined
      ? []
      : ruleChanges(base.texts, head.texts, [base.reviewed.model, head.reviewed.model], decisions)
  return { decisions, model, rules, hidden: rules.length === 0 && base.wasm !== head.wasm }
}

/** Whether the change may let somebody do more: one who gains, or tables that change without a decision to show how. */
export function widens({ decisions, model }: PolicyDiff): boolean {
  return decisions.some(({ kind }) => kind.startsWith('gains')) || model.some((change) => raises(change))
}

export function differs({ decisions, model, rules, hidden }: PolicyDiff): boolean {
  return hidden || decisions.length + model.length + rules.length > 0
}

function raises({ path, before, after, witnessed }: ModelChange): boolean {
  if (path[1] === 'messages') return false
  if (path.at(-1) !== 'seats') return !witnessed
  return after === 'null' || Number(after) > Number(before) || before === undefined || after === undefined
}

/** The tables with the texts that answers show. */
function tables({ model, policy }: ReviewedPolicy): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(model).map(([system, of]) => [
      system,
      { ...of, messages: { ...policy.systems.get(system)?.messages } },
    ]),
  )
}
