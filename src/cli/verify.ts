import { projectAt } from '../app/project.ts'
import { readBases } from '../review/decision-bases.ts'
import { breaches, readInvariants } from '../review/invariants.ts'
import { questionsOf } from '../review/questions.ts'
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
    const { found, asked, count } = await reportingErrors(() => {
      const file = readInvariants(root, reviewed)
      const questions = Object.entries(reviewed.model).flatMap(([system, model]) =>
        questionsOf(system, [model], [readBases(root, system)]),
      )
      const found = breaches(file, reviewed, questions)
      return { found, asked: questions.length, count: file.value.invariants.length }
    })
    const lines = found.map(({ place, message, witness }) => `${place}: ${message}\n  ${JSON.stringify(witness)}\n`)
    const summary = `${count - found.length} of ${count} invariants hold, over ${asked} requests\n`
    io.stdout.write(values.json === true ? `${JSON.stringify(found, null, 2)}\n` : `${lines.join('')}${summary}`)
    return found.length === 0 ? 0 : 1
  },
})
