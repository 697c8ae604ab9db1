import type { PermissionData } from '../model/compile-permission.ts'
import type { SystemData } from '../model/compile-system.ts'
import type { Todo } from '../model/row-checks.ts'
import type { RuleName } from '../model/system-context.ts'
import type { Resolution } from './cross-check.ts'

/** The data of a system with every rule name under the kind that the policy looks it up by: `shared`, or its own. */
export function resolveRules(data: SystemData, resolution: Resolution): SystemData {
  const home = (rule: RuleName): RuleName =>
    resolution.get(rule.join('.'))?.[0] === 'authz' ? ['shared', rule[1]] : rule
  const homes = (rules: readonly RuleName[]) => rules.map(home)
  const todo = (of: Todo): Todo => mapValues(of as Record<string, readonly RuleName[]>, homes) as unknown as Todo
  const permission = (of: PermissionData): PermissionData => ({
    ...of,
    cells: mapValues(of.cells, (cell) => (cell.todo === undefined ? cell : { ...cell, todo: todo(cell.todo) })),
    ...(of.on_deny === undefined ? {} : { on_deny: mapValues(of.on_deny, homes) }),
    todo: todo(of.todo),
  })
  return { ...data, limits: mapValues(data.limits, home), permissions: mapValues(data.permissions, permission) }
}

function mapValues<T, R>(record: Readonly<Record<string, T>>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
