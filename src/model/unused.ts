import { problemAt, problemAtKey } from './reasons.ts'
import { type SystemContext, unknownName } from './system-context.ts'

/** What is declared and never used is a mistake more often than a reserve. Asked when all permissions are compiled. */
export function reportUnused(context: SystemContext, permissions: readonly string[]): void {
  const { files, conditions, yields, used, refuse } = context
  const { roles, plans, matrix, lifecycle, reasons } = files
  for (const role of Object.keys(roles.value.roles)) {
    if (!used.roles.has(role)) {
      const message = `role \`${role}\` has no cell in the matrix`
      refuse(problemAtKey(roles, ['roles', role], message, 'give it a permission, or remove it'))
    }
  }
  for (const condition of Object.keys(conditions)) {
    if (!used.conditions.has(condition)) {
      const message = `condition \`${condition}\` is used by no cell`
      refuse(problemAtKey(matrix, ['conditions', condition], message, 'use or remove it'))
    }
  }
  for (const check of Object.keys(lifecycle.value.checks)) {
    if (!used.checks.has(check))
      refuse(problemAtKey(lifecycle, ['checks', check], `check \`${check}\` is used by no row`, 'use or remove it'))
  }
  const planEntries = plans.value.plans === 'none' ? [] : Object.entries(plans.value.plans)
  for (const [plan, { features = [] }] of planEntries) {
    for (const [index, feature] of features.entries()) {
      if (!used.features.has(feature)) {
        const message = `feature \`${feature}\` is needed by no row`
        refuse(problemAt(plans, ['plans', plan, 'features', index], message, 'use or remove it'))
      }
    }
  }
  const planNames = planEntries.map(([plan]) => plan)
  for (const [role, entry] of Object.entries(roles.value.roles)) {
    for (const [index, plan] of (entry.plans ?? []).entries()) {
      if (!planNames.includes(plan))
        refuse(unknownName(roles, ['roles', role, 'plans', index], 'plan', plan, planNames))
    }
  }
  // Shared reasons serve systems that may not be here; a system's own serve it alone.
  const given = new Set([...yields.values()].flat())
  for (const { allows } of Object.values(conditions)) if (allows !== undefined) given.add(allows)
  for (const [stage, list] of Object.entries(reasons?.value.refusals ?? {})) {
    for (const [index, reason] of list.entries()) {
      if (reasons !== undefined && !given.has(reason))
        refuse(
          problemAt(reasons, ['refusals', stage, index], `no rule gives the reason \`${reason}\``, 'use or remove it'),
        )
    }
  }
  for (const reason of Object.keys(reasons?.value.allows ?? {})) {
    if (reasons !== undefined && !given.has(reason))
      refuse(problemAtKey(reasons, ['allows', reason], `no rule gives the reason \`${reason}\``, 'use or remove it'))
  }
  for (const [stage, gates] of Object.entries(lifecycle.value.gates ?? {})) {
    for (const [index, gate] of gates.entries()) {
      for (const [number, permission] of (gate.except ?? []).entries()) {
        if (!permissions.includes(permission))
          refuse(
            unknownName(lifecycle, ['gates', stage, index, 'except', number], 'permission', permission, permissions),
          )
      }
    }
  }
}
