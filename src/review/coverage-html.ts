import { htmlName, htmlPage, htmlText } from '../document/html-page.ts'
import {
  type CoveredCell,
  type CoveredTransition,
  percentOf,
  reachedOf,
  type SystemCoverage,
} from './coverage-report.ts'

const marks = { allowed: 'A', 'on condition': 'C', denied: '–' } as const

/**
 * The matrix of each system and the transitions of its lifecycle rows as one page without scripts: what a cell says, and by
 * its ground whether a row shows it.
 */
export function coverageHtml(systems: readonly SystemCoverage[]): string {
  const legend = `<p>A: the role holds the permission; C: on a condition; –: it does not.
<span class="reached">A row shows it.</span> <span class="open">No row does.</span></p>`
  return htmlPage('Coverage of the decision rows', [legend, ...systems.map(section)].join('\n'), style)
}

const style = `
td, thead th + th { text-align: center }
td { white-space: nowrap }
.reached { background: #1a7f37; color: #fff }
.open { background: repeating-linear-gradient(45deg, transparent 0 6px, color-mix(in srgb, currentColor 25%, transparent) 6px 7px), var(--noted) }
p span { padding: 0 .4rem; white-space: nowrap }
`

function section({ system, rows, items, cells, transitions }: SystemCoverage): string {
  const left = items.filter(({ reached, kind }) => !reached && kind !== 'cell' && kind !== 'transition')
  const list = left.map(({ name }) => `<li><code>${htmlText(name)}</code></li>`).join('')
  return `<h2>${htmlText(system)}</h2>
<p>${reachedOf(items)} of ${items.length} (${percentOf(items)} %) in ${rows} rows</p>
${matrix(cells)}${lifecycle(transitions)}${left.length === 0 ? '' : `\n<p>Not reached beside these:</p>\n<ul>${list}</ul>`}`
}

function matrix(cells: readonly CoveredCell[]): string {
  const roles = [...new Set(cells.map(({ role }) => role))]
  const permissions = [...new Set(cells.map(({ permission }) => permission))]
  if (permissions.length === 0) return '<p>No cell is concerned.</p>'
  const found = new Map(cells.map((cell) => [`${cell.permission} ${cell.role}`, cell]))
  const head = roles.map((role) => `<th scope="col">${htmlName(role)}</th>`).join('')
  const body = permissions.map((permission) => {
    const row = roles.map((role) => data(found.get(`${permission} ${role}`))).join('')
    return `<tr><th scope="row">${htmlName(permission)}</th>${row}</tr>`
  })
  return `<div class="wide"><table>\n<thead><tr><th scope="col">permission</th>${head}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody>\n</table></div>`
}

/** The state that the target is in, and the one that it ends in, of those that a lifecycle row names. */
function lifecycle(transitions: readonly CoveredTransition[]): string {
  if (transitions.length === 0) return ''
  const head = ['permission', 'from', 'to'].map((name) => `<th scope="col">${name}</th>`).join('')
  const body = transitions.map(({ permission, from = 'any', to = 'as it was', reached }) => {
    const [ground, shown] = reached ? ['reached', 'shown by a row'] : ['open', 'shown by no row']
    const states = [from, to].map((state) => `<td class="${ground}" title="${shown}">${htmlText(state)}</td>`).join('')
    return `<tr><th scope="row">${htmlName(permission)}</th>${states}</tr>`
  })
  return `\n<h3>Lifecycle</h3>\n<p>The state of the target before and after.</p>\n<div class="wide"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody>\n</table></div>`
}

/** A cell that is not concerned stays empty. */
function data(cell: CoveredCell | undefined): string {
  if (cell === undefined) return '<td></td>'
  const title = `${cell.permission} ${cell.role}: ${cell.says}, ${cell.reached ? 'shown by a row' : 'shown by no row'}`
  return `<td class="${cell.reached ? 'reached' : 'open'}" title="${htmlText(title)}">${marks[cell.says]}</td>`
}
