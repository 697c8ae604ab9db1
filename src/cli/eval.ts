import { readFileSync } from 'node:fs'
import { styleText } from 'node:util'
import { type Explained, explainOnce } from '../app/evaluate.ts'
import { buildProject, projectAt } from '../app/project.ts'
import { loadSettings } from '../document/settings.ts'
import { errorTable, PosternError } from '../pdp/errors.ts'
import { CommandError, defineCommand, type Output } from './command.ts'
import { createProgress } from './progress.ts'
import { reportingErrors } from './project-errors.ts'
import { projectOption } from './project-option.ts'

export const evaluate = defineCommand({
  name: 'eval',
  summary: 'decide one request and say why',
  usage: '--request <file> [options]',
  options: {
    request: {
      type: 'string',
      value: 'file',
      description: 'the request as POST /authorize takes it, JSON or YAML; `-` for standard input',
    },
    tenant: {
      type: 'string',
      value: 'file',
      description: 'the tenant document to decide upon (default: the demo tenants)',
    },
    project: projectOption,
    explain: { type: 'boolean', description: 'also show the ten stages, and which change would turn a deny' },
    json: { type: 'boolean', description: 'print the answer as JSON' },
    'exit-code': { type: 'boolean', description: 'exit with 1 when the decision is deny' },
  },
  examples: [
    { line: 'postern eval --request request.json', does: 'decide upon a demo tenant that `context.tenant` names' },
    {
      line: 'postern eval --request - --tenant acme.yaml --json < request.json',
      does: 'decide upon a tenant document of your own',
    },
    {
      line: 'postern eval --explain --request request.json',
      does: 'show each stage, and what would have to change for the answer to turn',
    },
  ],
  exits: { 0: 'there is a decision', 1: 'the decision is deny, with --exit-code' },
  async run({ values }, io) {
    if (values.request === undefined)
      throw new CommandError('option `--request` is missing', 'see `postern eval --help`')
    const project = projectAt(values.project ?? '.')
    const progress = createProgress(io.stderr, { isTTY: io.stderr.terminal, env: io.env })
    const text = readText(values.request)
    const result = await reportingErrors(async () => {
      const { bundle } = await buildProject(project, io.env, progress)
      const { mask } = loadSettings(undefined, io.env, project.root).explain
      const request = { text, file: values.request as string }
      return explainOnce({ bundle, project, request, tenant: values.tenant, mask })
    }).catch((error: unknown) => {
      if (error instanceof PosternError)
        throw new CommandError(
          `${error.code}${error.pointer === undefined ? '' : ` at ${error.pointer}`}: ${error.message}`,
          errorTable[error.code].remedy,
        )
      throw error
    })
    const { stages, nearest_grants, ...plain } = result
    if (values.json === true) io.stdout.write(`${JSON.stringify(values.explain === true ? result : plain, null, 2)}\n`)
    else io.stdout.write(`${forPeople(result, io.stdout)}${values.explain === true ? whyForPeople(result) : ''}`)
    return values['exit-code'] === true && !result.decision ? 1 : 0
  },
})

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw new CommandError(
      `cannot read \`${file}\`: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`,
    )
  }
}

function forPeople(result: Explained, out: Output): string {
  const { decision, reason, message, rule, limit, obligations } = result
  const word = decision ? 'allow' : 'deny'
  const coloured = out.color ? styleText(decision ? 'green' : 'red', word, { validateStream: false }) : word
  const lines = [`${coloured}  ${reason}: ${message}`, `rule   ${rule}`]
  if (limit !== undefined) lines.push(`limit  ${limit.name}: ${limit.used} of ${limit.limit ?? 'unlimited'}`)
  for (const { type, ...parameters } of obligations) lines.push(`must   ${type} ${JSON.stringify(parameters)}`)
  lines.push('facts')
  for (const [path, value] of Object.entries(result.facts)) lines.push(`  ${path} = ${JSON.stringify(value)}`)
  return `${lines.join('\n')}\n`
}

function whyForPeople({ stages, nearest_grants }: Explained): string {
  const lines = ['stages']
  for (const { stage, outcome, reason, saw = {}, rules } of stages) {
    lines.push(`  ${stage}: ${outcome.replace('_', ' ')}${reason === undefined ? '' : `, ${reason}`}`)
    for (const [name, value] of Object.entries(saw))
      if (value !== undefined) lines.push(`    ${name} = ${JSON.stringify(value)}`)
    for (const { rule, place, verdict } of rules) lines.push(`    ${rule} says ${verdict ?? 'nothing'}  ${place}`)
  }
  if (nearest_grants === null || nearest_grants.length === 0) return `${lines.join('\n')}\n`
  lines.push('it would be allowed if')
  for (const { change, reason, patch } of nearest_grants)
    lines.push(`  ${change} (${reason})`, `    ${JSON.stringify(patch)}`)
  return `${lines.join('\n')}\n`
}
