import { readFileSync } from 'node:fs'
import { styleText } from 'node:util'
import { explainOnce } from '../app/evaluate.ts'
import { buildProject, projectAt } from '../app/project.ts'
import { errorTable, PosternError } from '../pdp/errors.ts'
import { CommandError, defineCommand, type Output } from './command.ts'
import { createProgress } from './progress.ts'
import { reportingErrors } from './project-errors.ts'

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
    project: {
      type: 'string',
      value: 'dir',
      description: 'the folder that holds config and policies (default: this one)',
    },
    json: { type: 'boolean', description: 'print the answer as JSON' },
    'exit-code': { type: 'boolean', description: 'exit with 1 when the decision is deny' },
  },
  examples: [
    { line: 'postern eval --request request.json', does: 'decide upon a demo tenant that `context.tenant` names' },
    {
      line: 'postern eval --request - --tenant acme.yaml --json < request.json',
      does: 'decide upon a tenant document of your own',
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
      return explainOnce({ bundle, project, request: { text, file: values.request as string }, tenant: values.tenant })
    }).catch((error: unknown) => {
      if (error instanceof PosternError)
        throw new CommandError(
          `${error.code}${error.pointer === undefined ? '' : ` at ${error.pointer}`}: ${error.message}`,
          errorTable[error.code].remedy,
        )
      throw error
    })
    io.stdout.write(values.json === true ? `${JSON.stringify(result, null, 2)}\n` : forPeople(result, io.stdout))
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

function forPeople(result: ReturnType<typeof explainOnce>, out: Output): string {
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
