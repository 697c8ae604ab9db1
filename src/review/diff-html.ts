import { htmlName, htmlPage, htmlProse, htmlText } from '../document/html-page.ts'
import { type ComparedCell, type ComparedMatrix, type ComparedRow, isMarked } from './diff-matrix.ts'
import { changeLine, summaryLines } from './diff-text.ts'
import { type PolicyDiff, widens } from './policy-diff.ts'

/** The diff as one page: its lines, the matrices with what changed marked, and a witness of each decision that turns. */
export function diffHtml(diff: PolicyDiff, matrices: readonly ComparedMatrix[]): string {
  const lines = summaryLines(diff).map((line) => `<li>${htmlProse(line)}</li>`)
  const witnesses = diff.decisions.map(
    (change) =>
      `<details><summary>${htmlProse(changeLine(change))}</summary>\n<pre>${htmlText(JSON.stringify(change.witness, null, 2))}</pre></details>`,
  )
  const body = [
    `<p class="${widens(diff) ? 'loses' : 'plain'}">${widens(diff) ? 'This may let somebody do more.' : 'This lets nobody do more.'}</p>`,
    `<ul>\n${lines.join('\n')}\n</ul>`,
    ...(matrices.length === 0 ? ['<p>No cell of a matrix is marked.</p>'] : matrices.map(section)),
    ...(witnesses.length === 0 ? [] : ['<h2>Witnesses</h2>', ...witnesses]),
  ]
  return htmlPage('Policy change', body.join('\n'), style)
}

const style = `
.changed { outline: 2px solid currentColor; outline-offset: -2px }
.mark { display: block; font: bold .85em system-ui, sans-serif }
.plain, p.loses { padding: .4rem .6rem }
summary { overflow-wrap: anywhere }
`

function section({ system, roles, rows }: ComparedMatrix): string {
  const cells = rows.flatMap((row) => row.cells)
  const marked = rows.filter((row) => isMarked(row) || row.cells.some(isMarked))
  const links = marked.map(
    ({ permission }) => `<a href="#${anchor(system, permission)}"><code>${htmlText(permission)}</code></a>`,
  )
  const where = links.length === 0 ? '' : ` See ${links.join(', ')}.`
  const head = roles.map(({ role, marks }) => `<th scope="col"${classOf(marks)}>${htmlName(role)}${spans(marks)}</th>`)
  return `<h2>${htmlText(system)}</h2>
<p>${cells.filter(isMarked).length} of ${cells.length} cells are marked, with what they said before and say now, whatever the plan; a mark at a permission or a role is about more than one cell.${where}</p>
<div class="wide"><table>
<thead><tr><th scope="col">permission</th>${head.join('')}</tr></thead>
<tbody>
${rows.map((row) => rowHtml(system, row)).join('\n')}
</tbody>
</table></div>`
}

function rowHtml(system: string, { permission, marks, cells }: ComparedRow): string {
  const name = `<th scope="row" id="${anchor(system, permission)}"${classOf(marks)}>${htmlName(permission)}${spans(marks)}</th>`
  return `<tr>${name}${cells.map(cellHtml).join('')}</tr>`
}

function cellHtml({ before, after, marks }: ComparedCell): string {
  const said = before === after ? htmlProse(after) : `${htmlProse(before)} → ${htmlProse(after)}`
  return marks.length === 0
    ? `<td${after === 'deny' ? ' class="deny"' : ''}>${said}</td>`
    : `<td${classOf(marks)}>${said}${spans(marks)}</td>`
}

/** What somebody gains is shown before what somebody loses: it is what a reviewer must not miss. */
function classOf(marks: readonly string[]): string {
  if (marks.length === 0) return ''
  const colour = ['gains', 'loses'].find((kind) => marks.some((mark) => mark.split(' ').includes(kind))) ?? 'noted'
  return ` class="changed ${colour}"`
}

function spans(marks: readonly string[]): string {
  return marks.map((mark) => ` <span class="mark">${htmlText(mark)}</span>`).join('')
}

function anchor(system: string, permission: string): string {
  return htmlText(`${system}/${permission}`)
}
