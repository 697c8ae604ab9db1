import { type DecisionChange, decisionChanges } from './decision-changes.ts'
import type { DiffSide } from './diff-side.ts'
import { type ModelChange, modelChanges } from './model-changes.ts'
import { questionsOf } from './questions.ts'
import type { ReviewedPolicy } from './reviewed-policy.ts'
import { compareRules, type RuleComparison } from './rule-changes.ts'
import { tableReaders } from './table-readers.ts'

export interface PolicyDiff {
  readonly decisions: readonly DecisionChange[]
  readonly model: readonly ModelChange[]
  readonly rules: RuleComparison
  /** The compiled Rego differs, and one of the two does not say of which rules it was made. */
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
        // The same digest of all that they depend on.
        if (base.decisions[system] !== undefined && base.decisions[system] === head.decisions[system]) return []
        const bases = [base.bases[system], head.bases[system]].filter((one) => one !== undefined)
        return questionsOf(system, [base.reviewed, head.reviewed], bases)
      })
  const decisions = decisionChanges(base.reviewed, head.reviewed, questions)
  const model = modelChanges(tables(base.reviewed), tables(head.reviewed), decisions, tableReaders([base, head]))
  if (base.rules === undefined || head.rules === undefined)
    return { decisions, model, rules: { changes: [], rewritten: [] }, hidden: base.wasm !== head.wasm }
  const rules = compareRules({ ...base, rules: base.rules }, { ...head, rules: head.rules }, decisions)
  return { decisions, model, rules, hidden: false }
}

/**
 * Whether the change may let somebody do more: one who gains, tables that do not only take away, or rules that say
 * something else. That all who were asked lose does not show that nobody else gains.
 */
export function widens({ decisions, model, rules, hidden }: PolicyDiff): boolean {
  return (
    hidden ||
    decisions.some(({ kind }) => kind.startsWith('gains')) ||
    model.some((change) => !change.narrows) ||
    rules.changes.some((change) => change.widens)
  )
}

export function differs({ decisions, model, rules, hidden }: PolicyDiff): boolean {
  return hidden || decisions.length + model.length + rules.changes.length + rules.rewritten.length > 0
}

/** The tables with what an allow does to a stored tenant, what is asked by the month, and the texts that answers show. */
function tables({ model, policy }: ReviewedPolicy): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(model).map(([system, of]) => {
      const index = policy.systems.get(system)
      const permissions = Object.entries(of.permissions).map(([name, row]) => {
        const { to, effects = [], monthly } = index?.permissions.get(name) ?? {}
        return [
          name,
          { ...row, ...(to && { to }), ...(effects.length > 0 && { effects }), ...(monthly && { monthly }) },
        ]
      })
      return [system, { ...of, permissions: Object.fromEntries(permissions), messages: { ...index?.messages } }]
    }),
  )
}
