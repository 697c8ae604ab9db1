import { resolve } from 'node:path'
import { tenantValidator } from '../directory/tenant-schema.ts'
import { readYaml } from '../document/yaml-document.ts'
import { type MemberRight, memberRights } from '../review/member-rights.ts'
import { CommandError, defineCommand } from './command.ts'
import { reportingErrors } from './project-errors.ts'
import { projectOption } from './project-option.ts'
import { knownWord, reviewedProject } from './reviewed-project.ts'

export const can = defineCommand({
  name: 'can',
  summary: 'list what one member of a tenant may do',
  usage: '<user> --tenant <file> [options]',
  options: {
    tenant: { type: 'string', value: 'file', description: 'the tenant document that the user belongs to' },
    project: projectOption,
    json: { type: 'boolean', description: 'print the list as JSON' },
  },
  positionals: { least: 1, most: 1 },
  examples: [
    { line: 'postern can bill --tenant acme.yaml', does: 'every permission of the system, and why or why not' },
  ],
  async run({ values, positionals }, io) {
    const file = values.tenant
    if (file === undefined) throw new CommandError('option `--tenant` is missing', 'see `postern can --help`')
    const [user = ''] = positionals
    const document = await reportingErrors(() => readYaml(resolve(file), tenantValidator(), { root: '.' }).value)
    const reviewed = await reviewedProject(values.project, io)
    knownWord('system', document.system, Object.keys(reviewed.model))
    const rights = memberRights(reviewed, document as unknown as Readonly<Record<string, unknown>>, user)
    io.stdout.write(values.json === true ? `${JSON.stringify(rights.map(plain), null, 2)}\n` : forPeople(rights))
    return 0
  },
})

function plain({ permission, outcome, takes }: MemberRight) {
  if ('error' in outcome) return { permission, ...outcome, takes }
  const { decision, stage, reason, rule } = outcome
  return { permission, decision, stage, reason, rule, takes }
}

/** A refusal of a later stage than `right` is one of this bare request: with attributes the answer may be another. */
function forPeople(rights: readonly MemberRight[]): string {
  const width = Math.max(...rights.map(({ permission }) => permission.length))
  const lines = rights.map(({ permission, outcome, takes }) => {
    const name = permission.padEnd(width)
    if ('error' in outcome) return `error  ${name}  ${outcome.error}`
    const { decision, stage, reason, rule } = outcome
    const needs = takes.length === 0 ? '' : `, takes ${takes.join(' ')}`
    return `${decision ? 'allow' : 'deny '}  ${name}  ${decision ? '' : `${stage}: `}${reason}, ${rule}${needs}`
  })
  return `${lines.join('\n')}\n`
}
