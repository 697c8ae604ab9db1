import type { BundleIndex } from '../app/build.ts'
import { buildProject, projectAt } from '../app/project.ts'
import { reportLines } from '../app/report-text.ts'
import { readBundle } from '../opa/bundle.ts'
import { lastMonth, type TenantReport } from '../pdp/tenant-report.ts'
import { CommandError, defineCommand } from './command.ts'
import { configuredDirectory } from './configured-directory.ts'
import { createProgress } from './progress.ts'
import { reportingErrors } from './project-errors.ts'
import { projectOption } from './project-option.ts'
import { knownWord } from './reviewed-project.ts'
import { withDirectory } from './with-directory.ts'

const formats: Readonly<Record<string, (report: TenantReport) => string>> = {
  text: (report) =>
    `${[`${report.tenant}, ${report.month} (as of ${report.at})`, '', ...reportLines(report)].join('\n')}\n`,
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
}

export const report = defineCommand({
  name: 'report',
  summary: "print the monthly report of a tenant's team",
  usage: '--tenant <id> [options]',
  options: {
    tenant: { type: 'string', value: 'id', description: 'the tenant of the directory' },
    month: { type: 'string', value: 'YYYY-MM', description: 'what was done in which month (default: the last one)' },
    format: { type: 'string', value: 'name', description: `${Object.keys(formats).join(', ')} (default: text)` },
    project: projectOption,
    settings: { type: 'string', value: 'file', description: 'settings (default: config/sidecar.yaml of the project)' },
    bundle: { type: 'string', value: 'dir', description: 'seats as in this bundle, without building; needs no OPA' },
  },
  examples: [
    { line: 'postern report --tenant acme', does: 'the team as it is, and what was done to it in the last month' },
    { line: 'postern report --tenant acme --month 2026-10 --format json', does: 'the same of October, for programs' },
  ],
  async run({ values }, io) {
    const { tenant, month = lastMonth(new Date()), format = 'text', bundle: built } = values
    if (tenant === undefined) throw new CommandError('option `--tenant` is missing', 'see `postern report --help`')
    if (!/^\d{4}-(?:0[1-9]|1[0-2])$/.test(month))
      throw new CommandError(`\`--month\` is \`${month}\``, 'write `YYYY-MM`, such as 2026-10')
    knownWord('format', format, Object.keys(formats))
    const project = projectAt(values.project ?? '.')
    const place = await configuredDirectory(project.root, values.settings, io, true)
    const { systems } = await reportingErrors(async () => {
      if (built !== undefined) return readBundle<BundleIndex>(built).manifest.index
      const progress = createProgress(io.stderr, { isTTY: io.stderr.terminal, env: io.env })
      return (await buildProject(project, io.env, progress)).bundle.manifest.index
    })
    const found = await withDirectory(place, (directory) =>
      directory.report(tenant, {
        month,
        at: new Date(),
        seatsOf: (system, plan) => systems[system]?.plans.find(({ name }) => name === plan)?.seats,
      }),
    )
    if (found === undefined) throw new CommandError(`no tenant \`${tenant}\``, '`postern tenant list` lists them')
    io.stdout.write(formats[format]?.(found) ?? '')
    return 0
  },
})
