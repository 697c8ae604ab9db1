import type { SystemCoverage } from './coverage-report.ts'
import { transitionName } from './coverage-transitions.ts'

/** What of the coverage is written on lines that changed (`file:line`). */
export function changedCoverage(
  systems: readonly SystemCoverage[],
  changed: ReadonlySet<string>,
): readonly SystemCoverage[] {
  return systems.map((system) => {
    const items = system.items.filter(({ places }) => places.some((place) => changed.has(place)))
    const names = new Set(items.map(({ kind, name }) => `${kind} ${name}`))
    return {
      ...system,
      items,
      cells: system.cells.filter(({ permission, role, says }) => names.has(`cell ${permission} ${role} ${says}`)),
      transitions: system.transitions.filter((one) => names.has(`transition ${transitionName(one)}`)),
    }
  })
}
