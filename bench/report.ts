import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Bar, drawChart } from './chart.ts'
import { describeMachine, type Pinning } from './machine.ts'
import type { Measured } from './measure.ts'
import type { MicroResult } from './micro.ts'
import type { Options } from './options.ts'
import { doubts, percent, type Row } from './summary.ts'

export interface Report {
  readonly title: string
  readonly options: Options
  readonly pinning: Pinning
  readonly rows: readonly Row[]
  readonly measured: Measured
  readonly micro: readonly MicroResult[]
  readonly date: Date
}

/** Writes `<out>/<name>.md`, `<name>.svg` and `raw/<name>.json`; answers with the paths of the three. */
export const writeReport = (report: Report): readonly string[] => {
  const { out, name } = report.options
  const [page, chart, raw] = [join(out, `${name}.md`), join(out, `${name}.svg`), join(out, 'raw', `${name}.json`)]
  mkdirSync(join(out, 'raw'), { recursive: true })
  writeFileSync(page, pageOf(report))
  writeFileSync(chart, chartOf(report))
  writeFileSync(raw, `${JSON.stringify({ ...report, machine: describeMachine() }, null, 1)}\n`)
  return [page, chart, raw]
}

/** The report as Markdown. */
export const pageOf = (report: Report): string => {
  const { title, options, pinning, rows, measured, micro, date } = report
  const warnings = doubts(measured, [pinning.serverCore, pinning.loadCore])
  const sections = [
    `# ${title}`,
    `![${title}](${options.name}.svg)`,
    httpTable(rows),
    `CPU per request is user and system time of the whole server process; × is against the first line. ${options.rounds} rounds ` +
      `of ${options.seconds} s, medians, order rotated, ${options.connections} keep-alive connections, after ${options.warmup} s ` +
      'of warm-up. All answers were checked before and after. `idle` is CPU at rest, `busy` the share of its core that the ' +
      'server used while it was measured.',
    ...(micro.length > 0 ? [`## In process\n\n${microTable(micro)}`] : []),
    `## Contenders\n\n${rows.map((row) => `- **${row.contender}** (${row.version}): ${row.note}`).join('\n')}`,
    [
      '## Run',
      '',
      `- Machine: ${describeMachine()}`,
      `- Cores: ${pinning.statement}`,
      `- Date: ${date.toISOString()}`,
      `- Harness: Node ${process.version}`,
      `- Command: \`${options.commandLine}\``,
      ...(warnings.length > 0
        ? warnings.map((warning) => `- **Doubt**: ${warning}.`)
        : ['- Nothing else ran on the cores that were measured.']),
    ].join('\n'),
  ]
  return `${sections.join('\n\n')}\n`
}

/** The report as a chart. */
export const chartOf = ({ title, options, pinning, rows, date }: Report): string => {
  const bars = (value: (row: Row) => number, text: (row: Row) => string): readonly Bar[] =>
    rows.map((row, n) => ({ label: row.contender, value: value(row), text: text(row), kind: kindOf(row, n) }))
  return drawChart({
    title,
    panels: [
      {
        title: 'CPU per request',
        hint: 'shorter is better',
        bars: bars(
          (row) => row.cpu,
          (row) => `${row.cpu.toFixed(1)} µs · ${row.cpuRatio.toFixed(2)} ×`,
        ),
      },
      {
        title: 'Requests per second, one core',
        hint: 'longer is better',
        bars: bars(
          (row) => row.throughput,
          (row) => `${thousands(row.throughput)} · ${row.throughputRatio.toFixed(2)} ×`,
        ),
      },
    ],
    footer: [
      `${describeMachine()} · ${date.toISOString().slice(0, 10)} · ${options.rounds} rounds of ${options.seconds} s, medians; × is against ${rows[0]?.contender}`,
      pinning.statement,
    ],
  })
}

const kindOf = (row: Row, n: number): Bar['kind'] =>
  n === 0 ? 'yardstick' : row.contender.startsWith('Postern') ? 'ours' : 'peer'

const httpTable = (rows: readonly Row[]): string =>
  table(
    ['contender', 'CPU/request', '×', 'least–most', 'requests/s', '×', 'p50', 'p99', 'RSS', 'idle', 'busy'],
    rows.map((row) => [
      row.contender,
      `${row.cpu.toFixed(1)} µs`,
      row.cpuRatio.toFixed(2),
      `${row.cpuLeast.toFixed(1)}–${row.cpuMost.toFixed(1)}`,
      thousands(row.throughput),
      row.throughputRatio.toFixed(2),
      `${row.p50.toFixed(2)} ms`,
      `${row.p99.toFixed(2)} ms`,
      `${Math.round(row.rss / 2 ** 20)} MiB`,
      `${row.idleCpu.toFixed(0)} ms/s`,
      percent(row.serverBusy),
    ]),
  )

const microTable = (micro: readonly MicroResult[]): string =>
  table(
    ['what', 'median', 'p95', 'first step', 'goal'],
    micro.map(({ label, median, p95, firstStep, goal }) => [
      label,
      `${(median / 1000).toFixed(2)} µs`,
      `${(p95 / 1000).toFixed(2)} µs`,
      firstStep === undefined ? '' : `${firstStep} µs`,
      goal === undefined ? '' : `${goal} µs`,
    ]),
  )

/** A Markdown table; the first column is text, the others are numbers. */
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, n) => (n === 0 ? '---' : '--:')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

const thousands = (value: number): string => Math.round(value).toLocaleString('en-US')
