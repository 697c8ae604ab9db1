import { matrixTable } from '../review/matrix-table.ts'
import { type MatrixFormat, matrixFormats, matrixText } from '../review/matrix-text.ts'
import { defineCommand } from './command.ts'
import { projectOption } from './project-option.ts'
import { chosenSystems, knownWord, reviewedProject } from './reviewed-project.ts'

export const matrix = defineCommand({
  name: 'matrix',
  summary: 'show who may do what, from the compiled policy',
  usage: '[options]',
  options: {
    system: { type: 'string', value: 'name', description: 'only this system' },
    role: { type: 'string', value: 'name', multiple: true, description: 'only this role' },
    plan: { type: 'string', value: 'name', description: 'as it is on this plan, with what the plan withholds' },
    format: { type: 'string', value: 'name', description: `one of ${matrixFormats.join(', ')} (default: terminal)` },
    project: projectOption,
  },
  examples: [
    { line: 'postern matrix --system acme', does: 'the table of one system' },
    { line: 'postern matrix --format html > matrix.html', does: 'every system as a page' },
  ],
  async run({ values }, io) {
    const { system, role: roles, plan, format = 'terminal' } = values
    knownWord('format', format, matrixFormats)
    const reviewed = await reviewedProject(values.project, io)
    const all = chosenSystems(reviewed, system)
    for (const role of roles ?? [])
      knownWord('role', role, [...new Set(all.flatMap(([, of]) => Object.keys(of.roles)))])
    if (plan !== undefined) knownWord('plan', plan, [...new Set(all.flatMap(([, of]) => Object.keys(of.plans ?? {})))])
    const tables = all
      .map(([name, of]) => ({ name, of, shown: roles?.filter((role) => Object.hasOwn(of.roles, role)) }))
      // A role or plan that another system has leaves this one out.
      .filter(({ of, shown }) => shown?.length !== 0 && (plan === undefined || Object.hasOwn(of.plans ?? {}, plan)))
      .map(({ name, shown }) =>
        matrixTable(reviewed, name, {
          ...(shown === undefined ? {} : { roles: shown }),
          ...(plan === undefined ? {} : { plan }),
        }),
      )
    io.stdout.write(matrixText(tables, format as MatrixFormat))
    return 0
  },
})
