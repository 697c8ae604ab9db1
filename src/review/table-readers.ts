import type { DiffSide } from './diff-side.ts'
import { reached } from './rule-changes.ts'
import { type Guard, guardsOf, joined } from './rule-guards.ts'

/** The rules that look a value of the tables up, beside the core: what they say may turn with it. */
export interface TableReaders {
  readonly guards: readonly Guard[]
  /** Whether one of them is a system's own, so that less in the table may be more in the answer. */
  readonly ownRules: boolean
}

/**
 * By the path of a value, below the model. What the core reads is the row of the permission and the role of the subject
 * that are asked about, which is what `narrows` judges by. The shared rules read features, plans of roles and seats as
 * the tables mean them. A limit is the figures of a refusal, and the check that refuses reads what it is about.
 * Undefined where neither side knows what its rules read.
 */
export function tableReaders(sides: readonly DiffSide[]): ((path: readonly string[]) => TableReaders) | undefined {
  // A rule that only the other side has is among the rules that changed.
  const known = sides
    .map(({ rules = {} }) => rules)
    .filter((rules) => Object.values(rules).some(({ tables }) => tables !== undefined))
  if (known.length === 0) return undefined
  const named = known.flatMap((rules) =>
    Object.keys(rules)
      .filter((path) => rules[path]?.kind === 'named' && path.split('.').at(-2) !== 'limits')
      .map((path) => {
        const asked = reached(rules, [path], (one) => rules[one]?.kind === 'core')
        return { path, tables: asked.flatMap((one) => rules[one]?.tables ?? []).map((table) => table.split(' ')) }
      }),
  )
  return ([system = '', ...path]) => {
    const readers = named.filter(({ tables }) => tables.some((table) => meet(table, path)))
    const guards = sides.flatMap(({ reviewed: { model } }) => readers.flatMap((rule) => guardsOf(model, rule.path)))
    return {
      guards: joined(guards.filter((guard) => guard.system === system)),
      ownRules: readers.some((rule) => rule.path.startsWith(`systems.${system}.`)),
    }
  }
}

/** Whether one of the two is at or below the other. The table itself is one part, an empty one. */
function meet(table: readonly string[], path: readonly string[]): boolean {
  return table.every((part, at) => part === '' || part === '*' || at >= path.length || part === path[at])
}
