import type { DecisionChange } from './decision-changes.ts'
import type { Model, Todo } from './reviewed-policy.ts'

/** Text of each policy file, tests left out. */
export type PolicyTexts = ReadonlyMap<string, string>

/** A file of Rego that differs. */
export interface RuleChange {
  readonly file: string
  /** The named rules that it has on either side. */
  readonly rules: readonly string[]
  /** `system permission` of all that ask one of them. */
  readonly guards: readonly string[]
  /** How many decisions of those permissions differ. */
  readonly decisions: number
}

/** The files that differ, and what their rules guard. A file without named rules is taken to guard everything. */
export function ruleChanges(
  before: PolicyTexts,
  after: PolicyTexts,
  models: readonly Model[],
  changes: readonly DecisionChange[],
): readonly RuleChange[] {
  const files = [...new Set([...before.keys(), ...after.keys()])].sort()
  return files
    .filter((file) => before.get(file) !== after.get(file))
    .map((file) => {
      const rules = namedRules(`${before.get(file) ?? ''}\n${after.get(file) ?? ''}`)
      const system = /^policies\/systems\/([^/]+)\//.exec(file)?.[1]
      const guards = [...new Set(models.flatMap((model) => guarded(model, system, rules)))].sort()
      const known = new Set(guards)
      const decisions = changes
        .filter((change) => change.permissions.some((permission) => known.has(`${change.system} ${permission}`)))
        .reduce((sum, change) => sum + change.decisions, 0)
      return { file, rules, guards, decisions }
    })
}

function namedRules(text: string): readonly string[] {
  const heads = text.matchAll(/^(?:default\s+)?(?:checks|conditions|grants|obligations|limits)\["(\w+)"\]/gm)
  return [...new Set([...heads].map(([, name]) => name ?? ''))].sort()
}

function guarded(model: Model, only: string | undefined, rules: readonly string[]): readonly string[] {
  return Object.entries(model)
    .filter(([system]) => only === undefined || system === only)
    .flatMap(([system, { permissions }]) =>
      Object.entries(permissions)
        .filter(([, { todo, cells, grant }]) => {
          const asked = [todo, ...Object.values(cells).map((cell) => cell.todo)].flatMap(namesOf)
          return rules.length === 0 || [...asked, grant ?? ''].some((name) => rules.includes(name))
        })
        .map(([permission]) => `${system} ${permission}`),
    )
}

function namesOf(todo: Todo | undefined): readonly string[] {
  return Object.values(todo ?? {}).flatMap((rules) => rules.map(([, name]) => name))
}
