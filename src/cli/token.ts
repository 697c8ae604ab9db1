import { projectAt } from '../app/project.ts'
import type { Tokens } from '../directory/tokens.ts'
import { tokenName, tokenScopes } from '../pdp/access-token.ts'
import { CommandError, defineCommand, type ExitCode, type Io } from './command.ts'
import { configuredDirectory } from './configured-directory.ts'
import { projectOption } from './project-option.ts'
import { knownWord } from './reviewed-project.ts'
import { withDirectory } from './with-directory.ts'

const verbs = ['create', 'list', 'revoke']
const dayMs = 24 * 60 * 60 * 1_000

interface Wanted {
  readonly scope?: string | undefined
  readonly tenant?: string | undefined
  readonly days?: string | undefined
}

export const token = defineCommand({
  name: 'token',
  summary: 'create, list and revoke access tokens',
  usage: 'create <name> --scope <scope> | list | revoke <name> [options]',
  options: {
    scope: {
      type: 'string',
      value: 'scope',
      description: 'what it may be used for: decide, simulate (includes it), read, or manage (includes it)',
    },
    tenant: { type: 'string', value: 'id', description: 'the only tenant that it is good for (default: all)' },
    days: { type: 'string', value: 'n', description: 'how long it is good (default: until it is revoked)' },
    project: projectOption,
    settings: { type: 'string', value: 'file', description: 'settings (default: config/sidecar.yaml of the project)' },
  },
  positionals: { least: 1, most: 2 },
  examples: [
    { line: 'postern token create shop --scope decide --days 90', does: 'print a secret, which is shown once' },
    { line: 'postern token list', does: 'name, scope, tenant and end of each token' },
    { line: 'postern token revoke shop', does: 'the secret is good for nothing from now on' },
  ],
  async run({ values, positionals: [verb = '', name] }, io) {
    knownWord('word', verb, verbs)
    if ((name === undefined) !== (verb === 'list'))
      throw new CommandError(`\`postern token ${verb}\` takes ${verb === 'list' ? 'no' : 'one'} name`)
    if (verb !== 'create' && [values.scope, values.tenant, values.days].some((value) => value !== undefined))
      throw new CommandError('`--scope`, `--tenant` and `--days` are of `postern token create`')
    const file = await configuredDirectory(projectAt(values.project ?? '.').root, values.settings, io, true)
    return withDirectory<ExitCode>(file, async ({ tokens }) => {
      if (verb === 'list') await list(tokens, io)
      else if (verb === 'create') await create(tokens, name as string, values, io)
      else if (!(await tokens.revoke(name as string)))
        throw new CommandError(`no token \`${name}\``, '`postern token list` lists them')
      return 0
    })
  },
})

async function create(tokens: Tokens, name: string, { scope: asked, tenant, days }: Wanted, io: Io): Promise<void> {
  const scope = tokenScopes.find((one) => one === asked)
  if (scope === undefined) throw new CommandError(`\`--scope\` must be one of ${tokenScopes.join(', ')}`)
  if (days !== undefined && !/^[1-9]\d{0,3}$/.test(days))
    throw new CommandError('`--days` must be a whole number from 1 to 9999')
  if (!tokenName.test(name))
    throw new CommandError("a token's name begins with a letter, digit or `_`; `.` and `-` may follow")
  if (tenant === '') throw new CommandError('`--tenant` must name a tenant; leave it out for all')
  const created = Date.now()
  const expires = days === undefined ? null : created + Number(days) * dayMs
  const secret = await tokens.create({ name, scope, tenant: tenant ?? null, expires, created })
  if (secret === undefined) throw new CommandError(`there is a token \`${name}\``, 'revoke it first, or name another')
  io.stdout.write(`${secret}\n`)
}

async function list(tokens: Tokens, io: Io): Promise<void> {
  for (const { name, scope, tenant, expires } of await tokens.list())
    io.stdout.write(
      `${[name, scope, tenant ?? '-', expires === null ? '-' : new Date(expires).toISOString()].join('\t')}\n`,
    )
}
