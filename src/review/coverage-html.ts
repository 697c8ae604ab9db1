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
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Coverage of the decision rows</title>
<style>
:root { color-scheme: light dark; --yes: #1a7f37; --no: #b35900; --ground: #fff; --text: #1f2328; --line: #8c959f }
@media (prefers-color-scheme: dark) { :root { --ground: #0d1117; --text: #e6edf3; --line: #6e7681 } }
body { background: var(--ground); color: var(--text); font: 14px/1.4 system-ui, sans-serif; margin: 2rem }
table { border-collapse: collapse; margin: 0 0 1rem }
th, td { border: 1px solid var(--line); padding: 2px 8px; text-align: center; font-weight: normal }
tbody th { text-align: left; font-family: ui-monospace, monospace }
.reached { background: var(--yes); color: #fff }
.open { background: repeating-linear-gradient(45deg, transparent 0 4px, color-mix(in srgb, var(--no) 35%, transparent) 4px 8px) }
code { font-family: ui-monospace, monospace }
</style>
</head>
<body>
<h1>Coverage of the decision rows</h1>
<p>A: the role holds the permission; C: on a condition; –: it does not.
<span class="reached">&nbsp;A row shows it.&nbsp;</span> <span class="open">&nbsp;No row does.&nbsp;</span></p>
${systems.map(section).join('\n')}
</body>
</html>
`
}

function section({ system, rows, items, cells, transitions }: SystemCoverage): string {
  const left = items.filter(({ reached, kind }) => !reached && kind !== 'cell' && kind !== 'transition')
  const list = left.map(({ name }) => `<li><code>${escaped(name)}</code></li>`).join('')
  return `<h2>${escaped(system)}</h2>
<p>${reachedOf(items)} of ${items.length} (${percentOf(items)} %) in ${rows} rows</p>
${matrix(cells)}${lifecycle(transitions)}${left.length === 0 ? '' : `\n<p>Not reached beside these:</p>\n<ul>${list}</ul>`}`
}

function matrix(cells: readonly CoveredCell[]): string {
  const roles = [...new Set(cells.map(({ role }) => role))]
  const permissions = [...new Set(cells.map(({ permission }) => permission))]
  if (permissions.length === 0) return '<p>No cell is concerned.</p>'
  const found = new Map(cells.map((cell) => [`${cell.permission} ${cell.role}`, cell]))
  const head = roles.map((role) => `<th scope="col">${escaped(role)}</th>`).join('')
  const body = permissions.map((permission) => {
    const row = roles.map((role) => data(found.get(`${permission} ${role}`))).join('')
    return `<tr><th scope="row">${escaped(permission)}</th>${row}</tr>`
  })
  return `<table>\n<thead><tr><td></td>${head}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody>\n</table>`
}

/** The state that the target is in, and the one that it ends in, of those that a lifecycle row names. */
function lifecycle(transitions: readonly CoveredTransition[]): string {
  if (transitions.length === 0) return ''
  const head = '<tr><td></td><th scope="col">from</th><th scope="col">to</th></tr>'
  const body = transitions.map(({ permission, from = 'any', to = 'as it was', reached }) => {
    const [ground, shown] = reached ? ['reached', 'shown by a row'] : ['open', 'shown by no row']
    const states = [from, to].map((state) => `<td class="${ground}" title="${shown}">${escaped(state)}</td>`).join('')
    return `<tr><th scope="row">${escaped(permission)}</th>${states}</tr>`
  })
  return `\n<table>\n<thead>${head}</thead>\n<tbody>\n${body.join('\n')}\n</tbody>\n</table>`
}

/** A cell that is not concerned stays empty. */
function data(cell: CoveredCell | undefined): string {
  if (cell === undefined) return '<td></td>'
  const title = `${cell.permission} ${cell.role}: ${cell.says}, ${cell.reached ? 'shown by a row' : 'shown by no row'}`
  return `<td class="${cell.reached ? 'reached' : 'open'}" title="${escaped(title)}">${marks[cell.says]}</td>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
