import { searchInvariants } from '../app/check-invariants.ts'
import { projectAt } from '../app/project.ts'
import { defineCommand } from './command.ts'
import { reportingErrors } from './project-errors.ts'
import { projectOption } from './project-option.ts'
import { reviewedProject } from './reviewed-project.ts'

export const verify = defineCommand({
  name: 'verify',
  summary: 'look for a counterexample to each invariant',
  usage: '[options]',
  options: {
    project: projectOption,
    json: { type: 'boolean', description: 'print the counterexamples as JSON, each with its request' },
  },
  examples: [{ line: 'postern verify', does: 'check config/invariants.yaml against the policy here' }],
  exits: { 0: 'no counterexample was found', 1: 'an invariant does not hold' },
  async run({ values }, io) {
    const { root } = projectAt(values.project ?? '.')
    const reviewed = await reviewedProject(values.project, io)
    const { found, asked, count } = await reportingErrors(() => searchInvariants(root, reviewed))
    const breaches = found.map(({ at, ...breach }) => ({ place: `${at.file}:${at.line}:${at.column}`, ...breach }))
    const lines = breaches.map(({ place, message, witness }) => `${place}: ${message}\n  ${JSON.stringify(witness)}\n`)
    const summary = `${count - found.length} of ${count} invariants hold, over ${asked} requests\n`
    io.stdout.write(values.json === true ? `${JSON.stringify(breaches, null, 2)}\n` : `${lines.join('')}${summary}`)
    return found.length === 0 ? 0 : 1
  },
})
