import type { Model, ModelPermission, ModelSystem, RuleName, Todo } from './reviewed-policy.ts'

/** A permission that a rule takes part in. */
export interface Guard {
  readonly system: string
  readonly permission: string
  /** Where the rule stands in the cells of some roles alone: these. */
  readonly roles?: readonly string[]
}

/** What the YAML asks a rule for, by its path below `data`. */
export function guardsOf(model: Model, path: string): readonly Guard[] {
  return Object.entries(model).flatMap(([system, of]) => {
    const names = (pairs: readonly RuleName[]) => pairs.some((pair) => pathsOf(system, pair).includes(path))
    const found = Object.entries(of.permissions).flatMap(([permission, row]): readonly Guard[] => {
      const grant: readonly RuleName[] = row.grant === undefined ? [] : [['grants', row.grant]]
      if (names([...pairsOf(row.todo), ...pairsOf(row.on_deny), ...grant])) return [{ system, permission }]
      const roles = rolesOf(row, names)
      return roles.length === 0 ? [] : [{ system, permission, roles }]
    })
    const isAsked = found.length > 0 || !path.startsWith(`systems.${system}.`)
    // A refusal of any permission may bring the figures of a limit; what no row names may be asked by any.
    return isAsked && !names(Object.values(of.limits)) ? found : everyGuard(system, of)
  })
}

/** Whether the rule yields nothing but what comes with a refusal: its figures, or obligations that no allow has. */
export function isOfRefusals(model: Model, path: string): boolean {
  const kind = path.split('.').at(-2)
  if (kind === 'limits') return true
  if (kind !== 'obligations') return false
  return Object.entries(model).every(([system, { permissions }]) =>
    Object.values(permissions).every(({ todo, cells }) => {
      const due = [todo, ...Object.values(cells).map((cell) => cell.todo)].flatMap((one) => one?.obligations ?? [])
      return !due.some((pair) => pathsOf(system, pair).includes(path))
    }),
  )
}

/** One guard a permission: of all roles where one of them is. */
export function joined(guards: readonly Guard[]): readonly Guard[] {
  const found = new Map<string, Guard>()
  for (const guard of guards) {
    const key = `${guard.system} ${guard.permission}`
    const known = found.get(key) ?? guard
    const { system, permission } = guard
    const both = known.roles === undefined || guard.roles === undefined ? undefined : [...known.roles, ...guard.roles]
    found.set(key, { system, permission, ...(both === undefined ? {} : { roles: [...new Set(both)].sort() }) })
  }
  return [...found.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, guard]) => guard)
}

/** Every permission of every system: what the core takes part in. */
export function everyPermission(model: Model): readonly Guard[] {
  return Object.entries(model).flatMap(([system, of]) => everyGuard(system, of))
}

function everyGuard(system: string, { permissions }: ModelSystem): readonly Guard[] {
  return Object.keys(permissions).map((permission) => ({ system, permission }))
}

function rolesOf({ cells }: ModelPermission, names: (pairs: readonly RuleName[]) => boolean): readonly string[] {
  return Object.keys(cells).filter((role) => names(pairsOf(cells[role]?.todo)))
}

function pairsOf(todo: Todo | undefined): readonly RuleName[] {
  return Object.values(todo ?? {}).flat()
}

function pathsOf(system: string, [kind, name]: RuleName): readonly string[] {
  if (kind !== 'shared') return [`systems.${system}.${kind}.${name}`]
  return ['checks', 'obligations', 'limits'].map((shared) => `authz.shared.${shared}.${name}`)
}
