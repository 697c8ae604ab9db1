import type { SystemCoverage } from './coverage-report.ts'

/** What of the coverage is written on lines that changed (`file:line`). */
export function changedCoverage(
  systems: readonly SystemCoverage[],
  changed: ReadonlySet<string>,
): readonly SystemCoverage[] {
  return systems.map((system) => {
    const items = system.items.filter(({ places }) => places.some((place) => changed.has(place)))
    const cells = new Set(items.filter(({ kind }) => kind === 'cell').map(({ name }) => name))
    return {
      ...system,
      items,
      cells: system.cells.filter(({ permission, role, says }) => cells.has(`${permission} ${role} ${says}`)),
    }
  })
}
