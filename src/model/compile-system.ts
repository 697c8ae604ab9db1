import type { Problem } from '../document/problem.ts'
import type { YamlDocument } from '../document/yaml-document.ts'
import { problemAt, problemAtKey, type Reasons } from './reasons.ts'
import {
  type Cell,
  type CheckStage,
  type LifecycleRow,
  type NamedStage,
  namedStages,
  type SystemFiles,
} from './system-files.ts'

/** A rule by kind and name, as the policy looks it up: `["checks", "seat_is_free"]`. */
export type RuleName = readonly [kind: string, name: string]

/**
 * What is to be checked and done. By stage, and in one list each what stands before the right (`gates`) and after it
 * (`checks`); a list that would be empty is absent.
 */
export type Todo = Partial<Readonly<Record<NamedStage | 'gates' | 'checks', readonly RuleName[]>>> & {
  readonly obligations: readonly RuleName[]
}

export interface Field {
  readonly part: 'resource' | 'context'
  readonly name: string
  readonly kind: string
  readonly optional: boolean
}

/** A permission as `data.model[system].permissions[permission]` holds it. */
export interface PermissionData {
  readonly who: 'member' | 'invitee' | 'self' | 'service'
  readonly services?: Readonly<Record<string, true>>
  readonly grant?: string
  readonly cells: Readonly<Record<string, { readonly reason: string; readonly todo?: Todo }>>
  readonly takes: readonly Field[]
  readonly from?: Readonly<Record<string, true>>
  readonly feature?: string
  readonly on_deny?: Readonly<Record<string, readonly RuleName[]>>
  readonly todo: Todo
}

/** What the sidecar itself knows of a permission: whose rules it runs, and the places that an answer names. */
export interface PermissionIndex {
  readonly rules: readonly RuleName[]
  /** `file:line` of the matrix row, or of the lifecycle row where there is none. */
  readonly row: string
  /** `file:line` of a role's cell. */
  readonly cells: Readonly<Record<string, string>>
  /** `file:line` where a check (`checks.x`) or the grant (`grants.x`) is named for this permission. */
  readonly names: Readonly<Record<string, string>>
}

export interface CompiledSystem {
  readonly name: string
  readonly data: {
    readonly roles: Readonly<Record<string, unknown>>
    readonly custom_roles?: Readonly<Record<string, unknown>>
    readonly plans?: Readonly<Record<string, { seats: number | null; features: Readonly<Record<string, true>> }>>
    readonly allow_reasons: Readonly<Record<string, true>>
    readonly limits: Readonly<Record<string, RuleName>>
    readonly permissions: Readonly<Record<string, PermissionData>>
  }
  readonly index: {
    readonly permissions: Readonly<Record<string, PermissionIndex>>
    /** `file:line` of each plan, and of the sections that core stages point at. */
    readonly plans: Readonly<Record<string, string>>
    readonly roles: Readonly<Record<string, string>>
    readonly sections: { readonly matrix: string; readonly roles: string; readonly plans: string }
    /** Reasons that each check, condition and grant may give, by `kind.name`, for the check against the Rego. */
    readonly yields: Readonly<Record<string, readonly string[]>>
    readonly messages: Readonly<Record<string, string>>
    readonly refusals: readonly string[]
    readonly obligations: readonly string[]
  }
  /** Every rule the YAML names, with the first place that names it. */
  readonly named: ReadonlyMap<string, { readonly file: string; readonly line: number; readonly column: number }>
}

interface Named {
  readonly rule: RuleName
  readonly reasons: readonly string[]
  readonly place: string
}

/** One system's four files as data for the policy. What does not fit together is added to `problems`. */
export function compileSystem(files: SystemFiles, reasons: Reasons, problems: Problem[]): CompiledSystem {
  const { roles, plans, matrix, lifecycle } = files
  const hasPlans = plans.value.plans !== 'none'
  const planEntries = hasPlans ? Object.entries(plans.value.plans) : []
  const features = new Set(planEntries.flatMap(([, plan]) => plan.features ?? []))
  const conditions = matrix.value.conditions ?? {}
  const grants = matrix.value.grants ?? {}
  const rows = matrixRows(files)
  const used = { roles: new Set<string>(), conditions: new Set<string>(), checks: new Set<string>(), features: new Set<string>() }
  const named = new Map<string, { file: string; line: number; column: number }>()
  const yields: Record<string, readonly string[]> = {}
  const limits: Record<string, RuleName> = {}
  const refuse = (problem: Problem): undefined => void problems.push(problem)

  const name = (rule: RuleName, document: YamlDocument<unknown>, path: readonly (string | number)[]): string => {
    const place = { file: document.file, ...document.place(path) }
    const key = rule.join('.')
    if (!named.has(key)) named.set(key, place)
    return `${place.file}:${place.line}`
  }

  // Declarations: what each condition, check and grant may answer.
  for (const [check, entry] of Object.entries(lifecycle.value.checks)) {
    const refuses = 'refuses' in entry ? (entry as { refuses: readonly string[] }).refuses : (entry as readonly string[])
    yields[`checks.${check}`] = refuses
    for (const [index, reason] of refuses.entries()) {
      const path = Array.isArray(entry) ? ['checks', check, index] : ['checks', check, 'refuses', index]
      if (!reasons.isRefusal(reason)) refuse(unknown(lifecycle, path, 'reason', reason, [...reasons.messages.keys()]))
    }
    if (!Array.isArray(entry) && 'limit' in entry && entry.limit !== undefined) {
      name(['limits', entry.limit], lifecycle, ['checks', check, 'limit'])
      for (const reason of refuses) {
        const other = limits[reason]?.[1]
        if (other !== undefined && other !== entry.limit) {
          refuse(problemAt(lifecycle, ['checks', check, 'limit'], `\`${reason}\` shows the limit \`${other}\` elsewhere`))
        }
        limits[reason] = ['limits', entry.limit]
      }
    }
  }
  const conditionStage = (condition: string): CheckStage | undefined =>
    namedStages.find((stage) => stage in (conditions[condition] ?? {})) as CheckStage | undefined
  for (const [condition, entry] of Object.entries(conditions)) {
    const stage = conditionStage(condition)
    const stages = namedStages.filter((candidate) => candidate in entry)
    if (stage === undefined || stages.length !== 1) {
      refuse(problemAtKey(matrix, ['conditions', condition], `condition \`${condition}\` names ${stages.length} stages`, 'name exactly one'))
      continue
    }
    yields[`conditions.${condition}`] = entry[stage] ?? []
    for (const [index, reason] of (entry[stage] ?? []).entries()) {
      if (!reasons.isRefusal(reason)) refuse(unknown(matrix, ['conditions', condition, stage, index], 'reason', reason, [...reasons.messages.keys()]))
    }
    if (entry.allows !== undefined && !reasons.allows.has(entry.allows))
      refuse(unknown(matrix, ['conditions', condition, 'allows'], 'reason of an allow', entry.allows, [...reasons.allows]))
  }
  const grantOf = new Map<string, string>()
  for (const [grant, entry] of Object.entries(grants)) {
    yields[`grants.${grant}`] = [...entry.allows, ...(entry.refuses ?? [])]
    name(['grants', grant], matrix, ['grants', grant])
    for (const [index, reason] of entry.allows.entries())
      if (!reasons.allows.has(reason)) refuse(unknown(matrix, ['grants', grant, 'allows', index], 'reason of an allow', reason, [...reasons.allows]))
    for (const [index, reason] of (entry.refuses ?? []).entries())
      if (reasons.rank('right', reason) === undefined) refuse(unknown(matrix, ['grants', grant, 'refuses', index], 'reason of stage `right`', reason, [...reasons.messages.keys()]))
    if (entry.on === 'all') continue
    for (const [index, permission] of entry.on.entries()) {
      const path = ['grants', grant, 'on', index]
      if (!rows.has(permission)) refuse(unknown(matrix, path, 'permission', permission, [...rows.keys()]))
      else if (grantOf.has(permission)) refuse(problemAt(matrix, path, `\`${permission}\` has the grant \`${grantOf.get(permission)}\` already`))
      else grantOf.set(permission, grant)
    }
  }
  const grantOfAll = Object.entries(grants).filter(([, entry]) => entry.on === 'all').map(([grant]) => grant)
  if (grantOfAll.length > 1) refuse(problemAtKey(matrix, ['grants', grantOfAll[1] as string], 'a second grant is on `all`', 'name its permissions'))
  for (const permission of rows.keys()) if (!grantOf.has(permission) && grantOfAll[0] !== undefined) grantOf.set(permission, grantOfAll[0])

  const checkNamed = (stage: NamedStage, check: string, document: YamlDocument<unknown>, path: readonly (string | number)[]): Named | undefined => {
    used.checks.add(check)
    const declared = yields[`checks.${check}`]
    if (declared === undefined) return refuse(unknown(document, path, 'check', check, Object.keys(lifecycle.value.checks), 'declare it under `checks`'))
    if (declared[0] !== undefined && reasons.rank(stage, declared[0]) === undefined)
      return refuse(problemAt(document, path, `\`${check}\` answers \`${declared[0]}\`, which is no reason of stage \`${stage}\``))
    return { rule: ['checks', check], reasons: declared, place: name(['checks', check], document, path) }
  }
  const builtIn = (check: string, reason: string, document: YamlDocument<unknown>, path: readonly (string | number)[]): Named => {
    yields[`checks.${check}`] = [reason]
    return { rule: ['checks', check], reasons: [reason], place: name(['checks', check], document, path) }
  }
  const inOrder = (stage: NamedStage, list: readonly Named[]): readonly Named[] => {
    const rank = (item: Named) => reasons.rank(stage, item.reasons[0] ?? '') ?? 0
    return list.toSorted((a, b) => rank(a) - rank(b))
  }

  /** The checks of a row by stage, before any condition of a cell. */
  const checksOf = (permission: string, row: LifecycleRow, who: PermissionData['who']): Record<NamedStage, Named[]> => {
    const at = (path: readonly (string | number)[]) => ['permissions', permission, ...path]
    const found: Record<NamedStage, Named[]> = { membership: [], gate: [], relation: [], shape: [], target: [], precondition: [], capacity: [] }
    if (row.takes !== undefined) found.shape.push(builtIn('fields_are_present', 'missing_field', lifecycle, at(['takes'])))
    if (row.from !== undefined) found.precondition.push(builtIn('state_allows', 'invalid_transition', lifecycle, at(['from'])))
    if (row.feature !== undefined) {
      used.features.add(row.feature)
      if (!features.has(row.feature)) refuse(unknown(lifecycle, at(['feature']), 'plan feature', row.feature, [...features]))
      found.precondition.push(builtIn('plan_has_feature', 'plan_not_eligible', lifecycle, at(['feature'])))
    }
    if (hasPlans && (who === 'invitee' || who === 'service')) found.shape.push(builtIn('stored_plan_is_known', 'unknown_plan', plans, ['plans']))
    for (const stage of ['membership', 'gate', 'relation'] as const) {
      if (who === 'invitee' || (who === 'service' && stage === 'relation')) continue
      for (const [index, gate] of (lifecycle.value.gates?.[stage] ?? []).entries()) {
        if (gate.except?.includes(permission)) continue
        const check = checkNamed(stage, gate.check, lifecycle, ['gates', stage, index, 'check'])
        if (check) found[stage].push(check)
      }
    }
    for (const [stage, list] of Object.entries(row.checks ?? {}) as [CheckStage, readonly string[]][]) {
      let last = -1
      for (const [index, check] of list.entries()) {
        const item = checkNamed(stage, check, lifecycle, at(['checks', stage, index]))
        if (item === undefined) continue
        const rank = reasons.rank(stage, item.reasons[0] ?? '') ?? 0
        if (rank < last) refuse(problemAt(lifecycle, at(['checks', stage, index]), `\`${check}\` is out of order: \`${item.reasons[0]}\` is asked before the check above it`, 'follow the order of `refusals` in config/reasons.yaml'))
        last = Math.max(last, rank)
        found[stage].push(item)
      }
    }
    return found
  }
  const todoOf = (checks: Record<NamedStage, Named[]>, obligations: readonly RuleName[]): Todo => {
    const stages = namedStages.map((stage) => [stage, inOrder(stage, checks[stage]).map((item) => item.rule)] as const)
    const isGate = (stage: NamedStage) => stage === 'membership' || stage === 'gate'
    const lists = [
      ...stages,
      ['gates', stages.flatMap(([stage, rules]) => (isGate(stage) ? rules : []))] as const,
      ['checks', stages.flatMap(([stage, rules]) => (isGate(stage) ? [] : rules))] as const,
    ]
    return { ...Object.fromEntries(lists.filter(([, rules]) => rules.length > 0)), obligations }
  }
  const nameObligations = (list: readonly string[], document: YamlDocument<unknown>, path: readonly (string | number)[]): readonly RuleName[] =>
    list.map((obligation, index) => {
      const rule: RuleName = ['obligations', obligation]
      name(rule, document, [...path, index])
      return rule
    })
  const onDeny = (entry: Readonly<Record<string, readonly string[]>>, path: readonly string[]): Record<string, readonly RuleName[]> =>
    Object.fromEntries(
      Object.entries(entry).map(([reason, list]) => {
        if (!reasons.isRefusal(reason)) refuse({ ...unknown(lifecycle, [...path, reason], 'reason', reason, [...reasons.messages.keys()]) })
        return [reason, nameObligations(list, lifecycle, [...path, reason])]
      }),
    )

  const permissionData: Record<string, PermissionData> = {}
  const permissionIndex: Record<string, PermissionIndex> = {}
  const systemOnDeny = onDeny(lifecycle.value.on_deny ?? {}, ['on_deny'])
  for (const permission of new Set([...rows.keys(), ...Object.keys(lifecycle.value.permissions)])) {
    const row = lifecycle.value.permissions[permission] ?? {}
    const [who, service] = (row.who ?? 'member').split(':') as [PermissionData['who'], string | undefined]
    const governing = row.under ?? permission
    const matrixRow = rows.get(governing)
    if (row.under !== undefined && matrixRow === undefined) refuse(unknown(lifecycle, ['permissions', permission, 'under'], 'matrix row', row.under, [...rows.keys()]))
    else if (matrixRow === undefined && who === 'member')
      refuse(problemAtKey(lifecycle, ['permissions', permission], `\`${permission}\` is not in the matrix`, 'add its row to matrix.yaml, or say `who` asks, or `under` which row it stands'))
    if (who !== 'member' && rows.has(permission)) refuse(problemAt(lifecycle, ['permissions', permission, 'who'], `\`${permission}\` has cells in the matrix, and \`who\` says otherwise`))
    const checks = checksOf(permission, row, who)
    const rowObligations = nameObligations(row.obligations ?? [], lifecycle, ['permissions', permission, 'obligations'])
    const todo = todoOf(checks, rowObligations)
    const grant = who === 'member' ? grantOf.get(governing) : undefined
    const all: Named[] = namedStages.flatMap((stage) => checks[stage])
    const cells: Record<string, { reason: string; todo?: Todo }> = {}
    const cellPlaces: Record<string, string> = {}
    for (const [role, cell] of Object.entries<Cell>(matrixRow?.cells ?? {})) {
      const path = [...(matrixRow as MatrixRow).path, role]
      used.roles.add(role)
      if (!(role in roles.value.roles)) refuse({ ...unknown(matrix, path, 'role', role, Object.keys(roles.value.roles)), ...matrix.keyPlace(path) })
      cellPlaces[role] = `${matrix.file}:${matrix.keyPlace(path).line}`
      if (cell === 'allow') {
        cells[role] = { reason: 'role_grant' }
        continue
      }
      const condition = conditions[cell.when]
      const stage = conditionStage(cell.when)
      used.conditions.add(cell.when)
      if (condition === undefined || stage === undefined) {
        if (condition === undefined) refuse(unknown(matrix, [...path, 'when'], 'condition', cell.when, Object.keys(conditions)))
        continue
      }
      const item: Named = { rule: ['conditions', cell.when], reasons: condition[stage] ?? [], place: name(['conditions', cell.when], matrix, [...path, 'when']) }
      if (reasons.rank(stage, item.reasons[0] ?? '') === undefined)
        refuse(problemAt(matrix, ['conditions', cell.when, stage], `\`${item.reasons[0]}\` is no reason of stage \`${stage}\``))
      all.push(item)
      const obligations = nameObligations(condition.obligations ?? [], matrix, ['conditions', cell.when, 'obligations'])
      cells[role] = {
        reason: condition.allows ?? 'role_grant',
        todo: todoOf({ ...checks, [stage]: [...checks[stage], item] }, [...rowObligations, ...obligations]),
      }
    }
    if (matrixRow !== undefined && Object.keys(matrixRow.cells).length === 0 && grant === undefined)
      refuse(problemAtKey(matrix, matrixRow.path, `no role holds \`${permission}\``, 'name a role, or a grant that decides it'))
    const denied = { ...systemOnDeny, ...onDeny(row.on_deny ?? {}, ['permissions', permission, 'on_deny']) }
    permissionData[permission] = {
      who,
      ...(service === undefined ? {} : { services: { [service]: true as const } }),
      ...(grant === undefined ? {} : { grant }),
      cells,
      takes: Object.entries(row.takes ?? {}).map(([key, kind]) => field(key, kind)),
      ...(row.from === undefined ? {} : { from: Object.fromEntries(row.from.map((state) => [state, true as const])) }),
      ...(row.feature === undefined ? {} : { feature: row.feature }),
      ...(Object.keys(denied).length === 0 ? {} : { on_deny: denied }),
      todo,
    }
    const rules = new Map<string, RuleName>()
    const add = (rule: RuleName) => rules.set(rule.join('.'), rule)
    for (const item of all) {
      add(item.rule)
      for (const reason of item.reasons) if (limits[reason] !== undefined) add(limits[reason])
    }
    for (const cell of [{ todo }, ...Object.values(cells)]) for (const obligation of cell.todo?.obligations ?? []) add(obligation)
    for (const list of Object.values(denied)) for (const obligation of list) add(obligation)
    if (grant !== undefined) add(['grants', grant])
    permissionIndex[permission] = {
      rules: [...rules.values()],
      row:
        matrixRow === undefined
          ? `${lifecycle.file}:${lifecycle.keyPlace(['permissions', permission]).line}`
          : `${matrix.file}:${matrix.keyPlace(matrixRow.path).line}`,
      cells: cellPlaces,
      names: {
        ...Object.fromEntries(all.map((item) => [item.rule.join('.'), item.place])),
        ...(grant === undefined ? {} : { [`grants.${grant}`]: `${matrix.file}:${matrix.keyPlace(['grants', grant]).line}` }),
      },
    }
  }

  // What is declared and never used is a mistake more often than a reserve.
  for (const [stage, list] of Object.entries(lifecycle.value.gates ?? {}))
    for (const [index, gate] of list.entries())
      for (const [number, permission] of (gate.except ?? []).entries())
        if (!(permission in permissionData)) refuse(unknown(lifecycle, ['gates', stage, index, 'except', number], 'permission', permission, Object.keys(permissionData)))
  for (const role of Object.keys(roles.value.roles))
    if (!used.roles.has(role)) refuse(problemAtKey(roles, ['roles', role], `role \`${role}\` has no cell in the matrix`, 'give it a permission, or remove it'))
  for (const condition of Object.keys(conditions))
    if (!used.conditions.has(condition)) refuse(problemAtKey(matrix, ['conditions', condition], `condition \`${condition}\` is used by no cell`, 'use or remove it'))
  for (const check of Object.keys(lifecycle.value.checks))
    if (!used.checks.has(check)) refuse(problemAtKey(lifecycle, ['checks', check], `check \`${check}\` is used by no row`, 'use or remove it'))
  for (const [plan, entry] of planEntries)
    for (const [index, feature] of (entry.features ?? []).entries())
      if (!used.features.has(feature)) refuse(problemAt(plans, ['plans', plan, 'features', index], `feature \`${feature}\` is needed by no row`, 'use or remove it'))
  for (const [role, entry] of Object.entries(roles.value.roles))
    for (const [index, plan] of (entry.plans ?? []).entries())
      if (!planEntries.some(([known]) => known === plan)) refuse(unknown(roles, ['roles', role, 'plans', index], 'plan', plan, planEntries.map(([known]) => known)))

  const line = (document: YamlDocument<unknown>, path: readonly string[]) => `${document.file}:${document.keyPlace(path).line}`
  return {
    name: files.name,
    data: {
      roles: Object.fromEntries(Object.entries(roles.value.roles).map(([role, entry]) => [role, attributes(entry)])),
      ...(roles.value.custom === undefined
        ? {}
        : { custom_roles: Object.fromEntries(Object.entries(roles.value.custom.kinds).map(([kind, entry]) => [kind, attributes(entry)])) }),
      ...(hasPlans
        ? {
            plans: Object.fromEntries(
              planEntries.map(([plan, entry]) => [plan, { seats: entry.seats === 'unlimited' ? null : entry.seats, features: flags(entry.features ?? []) }]),
            ),
          }
        : {}),
      allow_reasons: flags([...reasons.allows]),
      limits,
      permissions: permissionData,
    },
    index: {
      permissions: permissionIndex,
      plans: Object.fromEntries(planEntries.map(([plan]) => [plan, line(plans, ['plans', plan])])),
      roles: Object.fromEntries(Object.keys(roles.value.roles).map((role) => [role, line(roles, ['roles', role])])),
      sections: { matrix: line(matrix, ['matrix']), roles: line(roles, ['roles']), plans: line(plans, ['plans']) },
      yields,
      messages: Object.fromEntries(reasons.messages),
      refusals: [...reasons.messages.keys()].filter((reason) => reasons.isRefusal(reason)),
      obligations: [...reasons.obligations],
    },
    named,
  }
}

interface MatrixRow {
  readonly path: readonly string[]
  readonly cells: Readonly<Record<string, Cell>>
}

function matrixRows(files: SystemFiles): Map<string, MatrixRow> {
  const rows = new Map<string, MatrixRow>()
  for (const [resource, actions] of Object.entries(files.matrix.value.matrix))
    for (const [action, cells] of Object.entries(actions)) rows.set(`${resource}:${action}`, { path: ['matrix', resource, action], cells })
  return rows
}

function field(key: string, kind: string): Field {
  const optional = key.endsWith('?')
  const bare = optional ? key.slice(0, -1) : key
  return bare.startsWith('context.')
    ? { part: 'context', name: bare.slice('context.'.length), kind, optional }
    : { part: 'resource', name: bare, kind, optional }
}

function flags(names: readonly string[]): Record<string, true> {
  return Object.fromEntries(names.map((name) => [name, true as const]))
}

/** A role as the policy reads it: without its description, its plans as an object. */
function attributes(entry: { about: string; plans?: readonly string[] }): Record<string, unknown> {
  const { about: _, plans, ...rest } = entry
  return plans === undefined ? rest : { ...rest, plans: flags(plans) }
}

function unknown(
  document: YamlDocument<unknown>,
  path: readonly (string | number)[],
  what: string,
  value: string,
  known: readonly string[],
  remedy?: string,
): Problem {
  const list = known.length <= 12 ? known.map((name) => `\`${name}\``).join(', ') : undefined
  return problemAt(document, path, `unknown ${what} \`${value}\``, remedy ?? (list === undefined ? undefined : `known: ${list}`))
}
