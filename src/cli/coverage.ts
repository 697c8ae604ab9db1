import { changedLines } from '../app/changed-lines.ts'
import { coverageOf } from '../app/coverage.ts'
import { buildProject, projectAt } from '../app/project.ts'
import { changedCoverage } from '../review/coverage-changed.ts'
import { coverageHtml } from '../review/coverage-html.ts'
import { percentOf, type SystemCoverage } from '../review/coverage-report.ts'
import { coverageText } from '../review/coverage-text.ts'
import { CommandError, defineCommand } from './command.ts'
import { createProgress } from './progress.ts'
import { reportingErrors } from './project-errors.ts'
import { projectOption } from './project-option.ts'
import { knownWord } from './reviewed-project.ts'

const formats: Readonly<Record<string, (systems: readonly SystemCoverage[]) => string>> = {
  text: coverageText,
  json: (systems) => `${JSON.stringify({ systems }, null, 2)}\n`,
  html: coverageHtml,
}

export const coverage = defineCommand({
  name: 'coverage',
  summary: 'say what of the policy the decision rows show',
  usage: '[options]',
  options: {
    project: projectOption,
    changed: {
      type: 'string',
      value: 'revision',
      description: 'only what is written on lines that differ from this git revision',
    },
    threshold: { type: 'string', value: 'percent', description: 'exit with 1 where a system is below it' },
    format: { type: 'string', value: 'name', description: `${Object.keys(formats).join(', ')} (default: text)` },
  },
  examples: [
    { line: 'postern coverage', does: 'list cells, checks, reasons and transitions that no row shows' },
    { line: 'postern coverage --changed main --threshold 100', does: 'ask for a row for each cell that changed' },
    { line: 'postern coverage --format html > coverage.html', does: 'draw the matrix' },
  ],
  exits: { 0: 'the threshold is met, or there is none', 1: 'a system is below the threshold' },
  async run({ values }, io) {
    const name = values.format ?? 'text'
    knownWord('format', name, Object.keys(formats))
    const format = formats[name] as (typeof formats)[string]
    const threshold = percent(values.threshold ?? '0')
    const project = projectAt(values.project ?? '.')
    const progress = createProgress(io.stderr, { isTTY: io.stderr.terminal, env: io.env })
    const systems = await reportingErrors(async () => {
      const changed = values.changed === undefined ? undefined : changedLines(project.root, values.changed)
      const { bundle } = await buildProject(project, io.env, progress)
      const all = coverageOf(project.root, bundle)
      return changed === undefined ? all : changedCoverage(all, changed)
    })
    io.stdout.write(format(systems))
    return systems.every(({ items }) => percentOf(items) >= threshold) ? 0 : 1
  },
})

function percent(text: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 100) return Number(text)
  throw new CommandError(`\`--threshold\` is \`${text}\``, 'give a whole number from 0 to 100')
}
