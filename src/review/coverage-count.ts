import { deniedByCell, type Evaluation } from '../pdp/policy.ts'
import type { CoverageItem, CoveredCell, SystemCoverage } from './coverage-report.ts'
import { type CoverageLifecycleRow, transitionShown, transitionsOf } from './coverage-transitions.ts'

type RuleName = readonly [kind: string, name: string]

/** Checks of a row or a cell, in the order in which they are asked. */
export interface CoverageTodo {
  readonly gates?: readonly RuleName[]
  readonly checks?: readonly RuleName[]
}

/** A permission as the bundle holds it, with its places. */
export interface CoveragePermission {
  readonly who: string
  readonly grant?: string
  readonly cells: Readonly<Record<string, { readonly reason: string; readonly todo?: CoverageTodo }>>
  readonly todo: CoverageTodo
  readonly places: {
    readonly row: string
    readonly cells: Readonly<Record<string, string>>
    /** By `kind.name`. */
    readonly names: Readonly<Record<string, string>>
  }
}

/** What can be shown of a system. */
export interface CoverageModel {
  readonly system: string
  readonly roles: readonly string[]
  readonly permissions: Readonly<Record<string, CoveragePermission>>
  /** Reasons that each check, condition and grant may give, by `kind.name`. */
  readonly yields: Readonly<Record<string, readonly string[]>>
  /** The rows of lifecycle.yaml, by permission. */
  readonly lifecycle: Readonly<Record<string, CoverageLifecycleRow>>
}

/**
 * A row that was decided: what was asked, the stored role of who asked, the state of the member it was asked about, and
 * what the policy said.
 */
export interface CoverageRow {
  readonly action: string
  readonly role: string | undefined
  readonly target: string | undefined
  readonly evaluation: Evaluation
}

/**
 * What the rows of a system show. A cell that allows is reached by an allow for its reason, one that denies by a refusal
 * for want of a cell; a check or condition in each of its two outcomes, of which those asked before the one that refused
 * passed; a reason by being given; a lifecycle row by an allow upon a target in each of its states. What a row leaves
 * open is not reached.
 */
export function countCoverage(model: CoverageModel, rows: readonly CoverageRow[]): SystemCoverage {
  const reached = new Set(rows.flatMap((row) => shownBy(model, row)))
  const cells = cellsOf(model, reached)
  const transitions = transitionsOf(model.lifecycle, reached)
  return Object.freeze({
    system: model.system,
    rows: rows.length,
    items: [
      ...cells.map(({ item }) => item),
      ...checkItems(model, reached),
      ...reasonItems(model, reached),
      ...transitions.map(({ item }) => item),
    ],
    cells: cells.map(({ cell }) => cell),
    transitions: transitions.map(({ transition }) => transition),
  })
}

/** What one row shows, by the names of items. */
function shownBy(model: CoverageModel, { action, role, target, evaluation }: CoverageRow): string[] {
  const { decision, reason, stage, check } = evaluation
  const shown = [reason, ...(decision ? transitionShown(model.lifecycle, action, target) : [])]
  const permission = model.permissions[action]
  if (permission === undefined) return shown
  const cell = permission.who === 'member' && role !== undefined ? permission.cells[role] : undefined
  if (permission.who === 'member' && role !== undefined) {
    if (decision && cell?.reason === reason) shown.push(cellName(action, role, says(cell)))
    if (stage === 'right' && reason === deniedByCell) shown.push(cellName(action, role, 'denied'))
  }
  // With a grant the cell's checks are those that were asked only where the cell is known to have granted.
  const ofCell = permission.grant === undefined || (decision && cell?.reason === reason) || check?.[0] === 'conditions'
  const { gates = [], checks = [] } = (ofCell ? cell?.todo : undefined) ?? permission.todo
  const asked = permission.who === 'member' ? [...gates, ...checks] : checks
  const at = check ? asked.findIndex(([kind, name]) => kind === check[0] && name === check[1]) : -1
  if (check) shown.push(`${keyOf(check)} refuses`)
  const passed = decision ? asked : at >= 0 ? asked.slice(0, at) : stage === 'right' ? gates : []
  return [...shown, ...passed.map((rule) => `${keyOf(rule)} passes`)]
}

function cellsOf(model: CoverageModel, reached: ReadonlySet<string>): { item: CoverageItem; cell: CoveredCell }[] {
  const inMatrix = Object.entries(model.permissions).filter(
    ([, { who, cells, grant }]) => who === 'member' && (Object.keys(cells).length > 0 || grant !== undefined),
  )
  return inMatrix.flatMap(([permission, { cells, places }]) =>
    model.roles.map((role) => {
      const said = says(cells[role])
      const name = cellName(permission, role, said)
      const isReached = reached.has(name)
      return {
        item: { kind: 'cell', name, places: [places.cells[role] ?? places.row], reached: isReached },
        cell: { permission, role, says: said, reached: isReached },
      }
    }),
  )
}

/** Both outcomes of each check and condition that a permission names. */
function checkItems(model: CoverageModel, reached: ReadonlySet<string>): CoverageItem[] {
  const found = new Map<string, Set<string>>()
  for (const { todo, cells, places } of Object.values(model.permissions))
    for (const { gates = [], checks = [] } of [todo, ...Object.values(cells).map((cell) => cell.todo ?? {})])
      for (const rule of [...gates, ...checks] as readonly RuleName[])
        found.set(keyOf(rule), (found.get(keyOf(rule)) ?? new Set()).add(places.names[keyOf(rule)] ?? places.row))
  return [...found].toSorted(byName).flatMap(([rule, places]) =>
    ['passes', 'refuses'].map((outcome): CoverageItem => {
      const name = `${rule} ${outcome}`
      return { kind: 'check', name, places: [...places], reached: reached.has(name) }
    }),
  )
}

/** Every reason that a cell, check, condition or grant of the system may give, and that of a cell that denies. */
function reasonItems(model: CoverageModel, reached: ReadonlySet<string>): CoverageItem[] {
  const found = new Map<string, Set<string>>()
  const add = (reason: string, place: string) => found.set(reason, (found.get(reason) ?? new Set()).add(place))
  for (const { who, cells, places } of Object.values(model.permissions)) {
    if (who === 'member') add(deniedByCell, places.row)
    for (const [role, { reason }] of Object.entries(cells)) add(reason, places.cells[role] ?? places.row)
    for (const [rule, place] of Object.entries(places.names))
      for (const reason of model.yields[rule] ?? []) add(reason, place)
  }
  return [...found]
    .toSorted(byName)
    .map(([name, places]) => ({ kind: 'reason', name, places: [...places], reached: reached.has(name) }))
}

function says(cell: CoveragePermission['cells'][string] | undefined): CoveredCell['says'] {
  if (cell === undefined) return 'denied'
  return cell.todo === undefined ? 'allowed' : 'on condition'
}

function cellName(permission: string, role: string, said: CoveredCell['says']): string {
  return `${permission} ${role} ${said}`
}

/** As the YAML names a rule: a shared one is a check. */
function keyOf([kind, name]: RuleName): string {
  return `${kind === 'shared' ? 'checks' : kind}.${name}`
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : Number(a > b)
}
