import type { Path } from '../document/yaml-document.ts'
import type { Effect } from '../pdp/effect.ts'
import { compileEffects } from './compile-effects.ts'
import { compileMonthly, type Monthly } from './compile-monthly.ts'
import { stageOf } from './declarations.ts'
import { problemAt, problemAtKey } from './reasons.ts'
import { type Asker, type ChecksByStage, checksOfRow, type NamedCheck, type Todo, todoOf } from './row-checks.ts'
import { type MatrixRow, type RuleName, type SystemContext, unknownName } from './system-context.ts'
import { type LifecycleRow, namedStages } from './system-files.ts'

/** An attribute that a row takes. */
export interface Field {
  readonly part: 'resource' | 'context'
  readonly name: string
  readonly kind: string
  readonly optional: boolean
}

/** A permission as `data.model[system].permissions[permission]` holds it. */
export interface PermissionData {
  readonly who: Asker
  readonly services?: Readonly<Record<string, true>>
  readonly grant?: string
  readonly cells: Readonly<Record<string, CellData>>
  readonly takes: readonly Field[]
  readonly from?: Readonly<Record<string, true>>
  readonly feature?: string
  readonly on_deny?: Readonly<Record<string, readonly RuleName[]>>
  readonly todo: Todo
}

/** `todo` where a condition adds to what the row asks. */
interface CellData {
  readonly reason: string
  readonly todo?: Todo
}

/** What the sidecar itself knows of a permission: whose rules it runs, and the places that an answer names. */
export interface PermissionIndex {
  readonly rules: readonly RuleName[]
  /** `file:line` of the matrix row, or of the lifecycle row where there is none. */
  readonly row: string
  /** `file:line` of a role's cell. */
  readonly cells: Readonly<Record<string, string>>
  /** `file:line` where a check (`checks.x`), condition or grant is named for this permission. */
  readonly names: Readonly<Record<string, string>>
  /** What an allow does to the tenant, and the state that it leads to. */
  readonly effects: readonly Effect[]
  readonly to?: string
  readonly monthly?: Monthly
  readonly who: Asker
}

/** One permission of the matrix, of the lifecycle file, or of both. `grantOf`: the grant that decides a matrix row. */
export function compilePermission(
  context: SystemContext,
  permission: string,
  grantOf: ReadonlyMap<string, string>,
): { readonly data: PermissionData; readonly index: PermissionIndex } {
  const { files, rows } = context
  const row = files.lifecycle.value.permissions[permission] ?? {}
  const [who, service] = (row.who ?? 'member').split(':') as [Asker, string | undefined]
  const governing = row.under ?? permission
  const matrixRow = rows.get(governing)
  standsInMatrix(context, permission, row, who, matrixRow)

  const checks = checksOfRow(context, permission, row, who)
  const at = (member: string) => ['permissions', permission, member]
  const obligations = nameObligations(context, 'lifecycle', row.obligations ?? [], at('obligations'))
  const onDeny = {
    ...nameOnDeny(context, files.lifecycle.value.on_deny, ['on_deny']),
    ...nameOnDeny(context, row.on_deny, at('on_deny')),
  }
  const grant = who === 'member' ? grantOf.get(governing) : undefined
  const { cells, places, conditions } = compileCells(context, matrixRow, checks, obligations)
  if (matrixRow !== undefined && Object.keys(matrixRow.cells).length === 0 && grant === undefined) {
    const message = `no role holds \`${permission}\``
    context.refuse(problemAtKey(files.matrix, matrixRow.path, message, 'name a role, or a grant that decides it'))
  }
  const data: PermissionData = {
    who,
    ...(service === undefined ? {} : { services: { [service]: true as const } }),
    ...(grant === undefined ? {} : { grant }),
    cells,
    takes: Object.entries(row.takes ?? {}).map(([key, kind]) => field(key, kind)),
    ...(row.from === undefined ? {} : { from: Object.fromEntries(row.from.map((state) => [state, true as const])) }),
    ...(row.feature === undefined ? {} : { feature: row.feature }),
    ...(Object.keys(onDeny).length === 0 ? {} : { on_deny: onDeny }),
    todo: todoOf(context, checks, obligations),
  }
  const monthly = compileMonthly(context, permission, row, service)
  const named = [...namedStages.flatMap((stage) => checks[stage]), ...conditions]
  const index = {
    ...indexPermission(context, permission, matrixRow, data, places, named),
    effects: compileEffects(context, permission, row),
    ...(row.to === undefined ? {} : { to: row.to }),
    ...(monthly === undefined ? {} : { monthly }),
    who,
  }
  return { data, index }
}

/** A permission is asked by members who hold its row, or says who asks. */
function standsInMatrix(
  { files, rows, refuse }: SystemContext,
  permission: string,
  row: LifecycleRow,
  who: Asker,
  matrixRow: MatrixRow | undefined,
): void {
  const path = ['permissions', permission]
  if (row.under !== undefined && matrixRow === undefined) {
    refuse(unknownName(files.lifecycle, [...path, 'under'], 'matrix row', row.under, rows.keys()))
  } else if (matrixRow === undefined && who === 'member') {
    const remedy = 'add its row to matrix.yaml, or say `who` asks, or `under` which row it stands'
    refuse(problemAtKey(files.lifecycle, path, `\`${permission}\` is not in the matrix`, remedy))
  }
  if (who !== 'member' && rows.has(permission)) {
    const message = `\`${permission}\` has cells in the matrix, and \`who\` says otherwise`
    refuse(problemAt(files.lifecycle, [...path, 'who'], message))
  }
}

function compileCells(
  context: SystemContext,
  matrixRow: MatrixRow | undefined,
  checks: ChecksByStage,
  obligations: readonly RuleName[],
) {
  const { files, conditions, yields, used, refuse, name } = context
  const { matrix, roles } = files
  const cells: Record<string, CellData> = {}
  const places: Record<string, string> = {}
  const named: NamedCheck[] = []
  for (const [role, cell] of Object.entries(matrixRow?.cells ?? {})) {
    const path = [...(matrixRow as MatrixRow).path, role]
    used.roles.add(role)
    if (!Object.hasOwn(roles.value.roles, role))
      refuse({ ...unknownName(matrix, path, 'role', role, Object.keys(roles.value.roles)), ...matrix.keyPlace(path) })
    places[role] = `${matrix.file}:${matrix.keyPlace(path).line}`
    if (cell === 'allow') {
      cells[role] = { reason: 'role_grant' }
      continue
    }
    used.conditions.add(cell.when)
    const condition = conditions[cell.when]
    const stage = stageOf(context, cell.when)
    if (condition === undefined)
      refuse(unknownName(matrix, [...path, 'when'], 'condition', cell.when, Object.keys(conditions)))
    if (condition === undefined || stage === undefined) continue
    const rule: RuleName = ['conditions', cell.when]
    const reasons = yields.get(rule.join('.')) ?? []
    const check = { rule, reasons, place: name(rule, matrix, [...path, 'when']) }
    named.push(check)
    const ofCondition = nameObligations(context, 'matrix', condition.obligations ?? [], [
      'conditions',
      cell.when,
      'obligations',
    ])
    const withCondition = { ...checks, [stage]: [...checks[stage], check] }
    cells[role] = {
      reason: condition.allows ?? 'role_grant',
      todo: todoOf(context, withCondition, [...obligations, ...ofCondition]),
    }
  }
  return { cells, places, conditions: named }
}

function indexPermission(
  { files, limits }: SystemContext,
  permission: string,
  matrixRow: MatrixRow | undefined,
  data: PermissionData,
  cells: Readonly<Record<string, string>>,
  named: readonly NamedCheck[],
): Omit<PermissionIndex, 'effects' | 'to' | 'monthly' | 'who'> {
  const { matrix, lifecycle } = files
  const rules = new Map<string, RuleName>()
  const add = (rule: RuleName | undefined) => rule && rules.set(rule.join('.'), rule)
  for (const check of named) {
    add(check.rule)
    for (const reason of check.reasons) add(limits.get(reason))
  }
  for (const todo of [data.todo, ...Object.values(data.cells).map((cell) => cell.todo)])
    for (const obligation of todo?.obligations ?? []) add(obligation)
  for (const list of Object.values(data.on_deny ?? {})) for (const obligation of list) add(obligation)
  const names = named.map(({ rule, place }) => [rule.join('.'), place] as const)
  if (data.grant !== undefined) {
    add(['grants', data.grant])
    names.push([`grants.${data.grant}`, `${matrix.file}:${matrix.keyPlace(['grants', data.grant]).line}`])
  }
  return {
    rules: [...rules.values()],
    row:
      matrixRow === undefined
        ? `${lifecycle.file}:${lifecycle.keyPlace(['permissions', permission]).line}`
        : `${matrix.file}:${matrix.keyPlace(matrixRow.path).line}`,
    cells,
    names: Object.fromEntries(names),
  }
}

function nameObligations(
  { files, name }: SystemContext,
  file: 'lifecycle' | 'matrix',
  list: readonly string[],
  path: Path,
): readonly RuleName[] {
  return list.map((obligation, index) => {
    const rule: RuleName = ['obligations', obligation]
    name(rule, files[file], [...path, index])
    return rule
  })
}

function nameOnDeny(
  context: SystemContext,
  entry: Readonly<Record<string, readonly string[]>> = {},
  path: Path,
): Record<string, readonly RuleName[]> {
  const { files, reasons, refuse } = context
  const lists = Object.entries(entry).map(([reason, list]) => {
    const at = [...path, reason]
    if (!reasons.isRefusal(reason))
      refuse({
        ...unknownName(files.lifecycle, at, 'reason', reason, reasons.messages.keys()),
        ...files.lifecycle.keyPlace(at),
      })
    return [reason, nameObligations(context, 'lifecycle', list, at)] as const
  })
  return Object.fromEntries(lists)
}

/** `email`, `api_keys?`, `context.month`. */
function field(key: string, kind: string): Field {
  const optional = key.endsWith('?')
  const bare = optional ? key.slice(0, -1) : key
  const part = bare.startsWith('context.') ? 'context' : 'resource'
  return { part, name: part === 'context' ? bare.slice('context.'.length) : bare, kind, optional }
}
