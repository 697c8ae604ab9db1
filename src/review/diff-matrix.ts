import type { ChangeKind, DecisionChange } from './decision-changes.ts'
import { matrixTable, saidBy } from './matrix-table.ts'
import type { PolicyDiff } from './policy-diff.ts'
import type { ReviewedPolicy } from './reviewed-policy.ts'
import type { Guard } from './rule-guards.ts'

/** What a cell said and says, whatever the plan. It changed where it has a mark. */
export interface ComparedCell {
  readonly before: string
  readonly after: string
  /** What changed, in words: `gains`, `loses on free`, `rule changed`. */
  readonly marks: readonly string[]
}

export interface ComparedRow {
  readonly permission: string
  /** What changed of it for all roles, or for a subject that is none: `new`, `service desk gains`. */
  readonly marks: readonly string[]
  /** In the order of the roles. */
  readonly cells: readonly ComparedCell[]
}

/** The matrix of one system on both sides: the roles and permissions of either. */
export interface ComparedMatrix {
  readonly system: string
  readonly roles: readonly { readonly role: string; readonly marks: readonly string[] }[]
  readonly rows: readonly ComparedRow[]
}

/** The matrices in which something is marked. Whatever the diff says of a permission or a role has its mark here. */
export function comparedMatrices(
  diff: PolicyDiff,
  base: ReviewedPolicy,
  head: ReviewedPolicy,
): readonly ComparedMatrix[] {
  return union(Object.keys(head.model), Object.keys(base.model))
    .toSorted()
    .map((system) => compared(system, diff, base, head))
    .filter(({ roles, rows }) => [...roles, ...rows, ...rows.flatMap(({ cells }) => cells)].some(isMarked))
}

export function isMarked({ marks }: { readonly marks: readonly string[] }): boolean {
  return marks.length > 0
}

const kindWords: Readonly<Record<ChangeKind, string>> = {
  gains: 'gains',
  'gains right': 'gains the right',
  loses: 'loses',
  'loses right': 'loses the right',
  reason: 'other reason',
  obligations: 'other obligations',
  limit: 'other limit',
}

function compared(system: string, diff: PolicyDiff, base: ReviewedPolicy, head: ReviewedPolicy): ComparedMatrix {
  const decisions = diff.decisions.filter((change) => change.system === system)
  const paths = diff.model.filter(({ path }) => path[0] === system).map(({ path }) => path.slice(1))
  const ofSystem = (changes: readonly { readonly guards: readonly Guard[] }[]) =>
    changes.flatMap(({ guards }) => guards).filter((guard) => guard.system === system)
  const guards = [
    ...ofSystem(diff.rules.changes).map((guard) => ({ ...guard, mark: 'rule changed' })),
    ...ofSystem(diff.model).map((guard) => ({ ...guard, mark: 'table it looks up changed' })),
  ]
  const rolesOf = ({ model }: ReviewedPolicy) => Object.keys(model[system]?.roles ?? {})
  const roles = union(rolesOf(head), rolesOf(base))
  const [before, after] = [saidIn(base, system, roles), saidIn(head, system, roles)]

  const rows = union([...after.keys()], [...before.keys()]).map((permission): ComparedRow => {
    const [was, is] = [before.get(permission), after.get(permission)]
    const changes = decisions.filter(({ permissions }) => permissions.includes(permission))
    const tables = paths.filter(([part, name]) => part === 'permissions' && name === permission)
    const rules = guards.filter((guard) => guard.permission === permission)
    const cells = roles.map((role, at): ComparedCell => {
      const [one, other] = [was?.[at] ?? 'deny', is?.[at] ?? 'deny']
      const marks = [
        ...changes.filter((change) => change.roles.includes(role)).map(markOf),
        ...(tables.some(([, , part, name]) => part === 'cells' && name === role) ? ['table changed'] : []),
        ...rules.filter((guard) => guard.roles?.includes(role)).map(({ mark }) => mark),
      ]
      // Of what is new or gone the tables are one value, which marks no cell.
      return {
        before: one,
        after: other,
        marks: one !== other && marks.length === 0 ? ['table changed'] : union(marks),
      }
    })
    const others = changes.flatMap((change) =>
      change.roles.filter((role) => !roles.includes(role)).map((role) => `${role} ${markOf(change)}`),
    )
    const isTurned = was !== undefined && is !== undefined && tables.some(([, , part]) => part !== 'cells')
    const marks = [
      ...sideMark(was !== undefined, is !== undefined),
      ...others,
      ...(isTurned ? ['table changed'] : []),
      ...rules.filter((guard) => guard.roles === undefined).map(({ mark }) => mark),
    ]
    return { permission, marks: union(marks), cells }
  })
  const columns = roles.map((role) => {
    const side = sideMark(rolesOf(base).includes(role), rolesOf(head).includes(role))
    const isTurned = side.length === 0 && paths.some(([part, name]) => part === 'roles' && name === role)
    return { role, marks: isTurned ? ['table changed'] : side }
  })
  return { system, roles: columns, rows }
}

/** What the cells of each permission say; a role that the side does not have holds as much as one that is denied. */
function saidIn(
  side: ReviewedPolicy,
  system: string,
  roles: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  if (side.model[system] === undefined) return new Map()
  const table = matrixTable(side, system, { roles })
  return new Map(table.rows.map(({ permission, cells }) => [permission, cells.map((cell) => saidBy(cell, table))]))
}

function sideMark(wasThere: boolean, isThere: boolean): readonly string[] {
  if (wasThere === isThere) return []
  return [isThere ? 'new' : 'removed']
}

function markOf({ kind, plans, reasons, obligations }: DecisionChange): string {
  const on = plans === undefined ? '' : ` on ${plans.join(', ')}`
  const turned = reasons === undefined ? obligations?.join(', ') : `${reasons[0]} → ${reasons[1]}`
  return `${kindWords[kind]}${on}${turned === undefined ? '' : `: ${turned}`}`
}

/** Each word of the lists once. */
function union(...lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())]
}
