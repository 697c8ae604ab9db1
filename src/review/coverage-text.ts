import { type CoverageItem, percentOf, reachedOf, type SystemCoverage } from './coverage-report.ts'

const kinds = {
  cell: 'cells',
  check: 'outcomes of checks and conditions',
  reason: 'reasons',
  transition: 'transitions of lifecycle rows',
} as const

/** For people: what of each system the rows reach, and the list of what they do not. */
export function coverageText(systems: readonly SystemCoverage[]): string {
  return systems.map(ofSystem).join('\n')
}

function ofSystem({ system, rows, items }: SystemCoverage): string {
  const lines = [`${system}: ${percentOf(items)} % of what ${rows} decision rows could show`]
  for (const kind of ['cell', 'check', 'reason', 'transition'] as const) {
    const ofKind = items.filter((item) => item.kind === kind)
    lines.push(`  ${String(reachedOf(ofKind)).padStart(4)} of ${String(ofKind.length).padStart(4)} ${kinds[kind]}`)
  }
  const left = items.filter(({ reached }) => !reached)
  if (left.length > 0) lines.push('  not reached:', ...left.map((item) => `    ${item.name}${placeOf(item)}`))
  return `${lines.join('\n')}\n`
}

function placeOf({ places }: CoverageItem): string {
  return places[0] === undefined ? '' : `  ${places[0]}`
}
