import type { Problem } from '../document/problem.ts'
import type { Path, Place, YamlDocument } from '../document/yaml-document.ts'
import { problemAt, type Reasons } from './reasons.ts'
import type { Cell, Condition, SystemFiles } from './system-files.ts'

/** A rule by kind and name, as the policy looks it up: `["checks", "seat_is_free"]`. */
export type RuleName = readonly [kind: string, name: string]

export interface MatrixRow {
  readonly path: Path
  readonly cells: Readonly<Record<string, Cell>>
}

/** What the compilation of one system shares: its files, and what was found in them so far. */
export interface SystemContext {
  readonly files: SystemFiles
  readonly reasons: Reasons
  readonly conditions: Readonly<Record<string, Condition>>
  /** The matrix by permission. */
  readonly rows: ReadonlyMap<string, MatrixRow>
  readonly hasPlans: boolean
  /** Features of any plan. */
  readonly features: ReadonlySet<string>
  /** The reasons that each declared rule may give, by `kind.name`. */
  readonly yields: Map<string, readonly string[]>
  /** The rule that gives the figures of a reason. */
  readonly limits: Map<string, RuleName>
  /** Every rule that the YAML names, with the first place that does. */
  readonly named: Map<string, Place & { readonly file: string }>
  readonly used: Readonly<Record<'roles' | 'conditions' | 'checks' | 'features', Set<string>>>
  refuse(problem: Problem): void
  /** Notes that a value names a rule; answers with its `file:line`. */
  name(rule: RuleName, document: YamlDocument<unknown>, path: Path): string
}

export function openSystem(files: SystemFiles, reasons: Reasons, problems: Problem[]): SystemContext {
  const plans = files.plans.value.plans
  const named: SystemContext['named'] = new Map()
  return {
    files,
    reasons,
    // Without a prototype: a cell that names `constructor` names nothing.
    conditions: Object.assign(Object.create(null), files.matrix.value.conditions),
    rows: matrixRows(files),
    hasPlans: plans !== 'none',
    features: new Set(plans === 'none' ? [] : Object.values(plans).flatMap((plan) => plan.features ?? [])),
    yields: new Map(),
    limits: new Map(),
    named,
    used: { roles: new Set(), conditions: new Set(), checks: new Set(), features: new Set() },
    refuse: (problem) => void problems.push(problem),
    name(rule, document, path) {
      const place = document.place(path)
      const key = rule.join('.')
      if (!named.has(key)) named.set(key, { file: document.file, ...place })
      return `${document.file}:${place.line}`
    },
  }
}

/** A problem about a name that nothing has; lists the names there are where they are few. */
export function unknownName(
  document: YamlDocument<unknown>,
  path: Path,
  what: string,
  value: string,
  known: Iterable<string>,
  remedy?: string,
): Problem {
  const names = [...known]
  const list = names.length <= 12 ? `known: ${names.map((name) => `\`${name}\``).join(', ')}` : undefined
  return problemAt(document, path, `unknown ${what} \`${value}\``, remedy ?? list)
}

function matrixRows(files: SystemFiles): Map<string, MatrixRow> {
  const rows = Object.entries(files.matrix.value.matrix).flatMap(([resource, actions]) =>
    Object.entries(actions).map(
      ([action, cells]) =>
        [resource === '*' ? action : `${resource}:${action}`, { path: ['matrix', resource, action], cells }] as const,
    ),
  )
  return new Map(rows)
}
