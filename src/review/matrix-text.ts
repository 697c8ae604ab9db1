import { htmlName, htmlPage, htmlProse, htmlText } from '../document/html-page.ts'
import { type MatrixCell, type MatrixTable, saidBy } from './matrix-table.ts'

export const matrixFormats = ['terminal', 'markdown', 'csv', 'json', 'html'] as const
export type MatrixFormat = (typeof matrixFormats)[number]

/** Tables as a text that ends with a line break. */
export function matrixText(tables: readonly MatrixTable[], format: MatrixFormat): string {
  switch (format) {
    case 'terminal':
      return tables.map(terminal).join('\n')
    case 'markdown':
      return tables.map(markdown).join('\n')
    case 'csv':
      return csv(tables)
    case 'json':
      return `${JSON.stringify(tables, null, 2)}\n`
    case 'html':
      return htmlPage('Effective permissions', tables.map(html).join('\n'))
  }
}

function word(cell: MatrixCell): string {
  if (cell.is === 'noted') return `[${cell.note}]`
  if (cell.is === 'withheld') return `${cell.what} not on plan`
  return cell.is === 'deny' ? '-' : 'allow'
}

function titleOf({ system, plan }: MatrixTable): string {
  return plan === undefined ? system : `${system}, plan ${plan}`
}

function terminal(table: MatrixTable): string {
  const lines = [
    ['permission', ...table.roles],
    ...table.rows.map(({ permission, cells }) => [permission, ...cells.map(word)]),
  ]
  const widths = lines[0]?.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0))) ?? []
  const rows = lines.map((line) =>
    line
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const notes = table.notes.map(({ text, place }, at) => `[${at + 1}] ${text.replaceAll('`', '')}: ${place}`)
  return `${[titleOf(table), ...rows, ...notes].join('\n')}\n`
}

function markdown(table: MatrixTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rows = table.rows.map(({ permission, cells }) => line([`\`${permission}\``, ...cells.map(word)]))
  const notes = table.notes.map(({ text, place }, at) => `- [${at + 1}] ${text}: \`${place}\``)
  return [
    `### ${titleOf(table)}`,
    '',
    line(['permission', ...table.roles]),
    line(['---', ...table.roles.map(() => '---')]),
    ...rows,
    ...(notes.length === 0 ? [] : ['', ...notes]),
    '',
  ].join('\n')
}

/** One line a cell, so that a spreadsheet can filter it; footnotes are written out. */
function csv(tables: readonly MatrixTable[]): string {
  const lines = tables.flatMap((table) =>
    table.rows.flatMap(({ permission, place, cells }) =>
      cells.map((cell, at) =>
        [table.system, table.plan ?? '', permission, table.roles[at] ?? '', saidBy(cell, table), place]
          .map(quoted)
          .join(','),
      ),
    ),
  )
  return `${['system,plan,permission,role,cell,place', ...lines].join('\n')}\n`
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function html(table: MatrixTable): string {
  const head = ['permission', ...table.roles].map((name) => `<th scope="col">${htmlName(name)}</th>`).join('')
  const rows = table.rows.map(({ permission, place, cells }) => {
    const inner = cells.map((cell) => `<td class="${cell.is}">${htmlText(word(cell))}</td>`).join('')
    return `<tr><th scope="row" title="${htmlText(place)}">${htmlName(permission)}</th>${inner}</tr>`
  })
  const notes = table.notes.map(({ text, place }) => `<li>${htmlProse(`${text}: ${place}`)}</li>`)
  const list = notes.length === 0 ? '' : `\n<ol>${notes.join('')}</ol>`
  return `<h2>${htmlText(titleOf(table))}</h2>
<div class="wide"><table>
<thead><tr>${head}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table></div>${list}`
}
