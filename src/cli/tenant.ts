import { resolve } from 'node:path'
import type { BundleIndex } from '../app/build.ts'
import { importTenants } from '../app/import-tenants.ts'
import { buildProject, projectAt } from '../app/project.ts'
import type { Directory } from '../directory/directory.ts'
import { readBundle } from '../opa/bundle.ts'
import { CommandError, defineCommand, type ExitCode, type Io } from './command.ts'
import { configuredDirectory } from './configured-directory.ts'
import { createProgress } from './progress.ts'
import { reportingErrors } from './project-errors.ts'
import { projectOption } from './project-option.ts'
import { knownWord } from './reviewed-project.ts'
import { withDirectory } from './with-directory.ts'

const verbs = ['list', 'export', 'import']

export const tenant = defineCommand({
  name: 'tenant',
  summary: 'import, export and list the tenants of the directory',
  usage: 'import <file>… | export <id> | list [options]',
  options: {
    project: projectOption,
    settings: { type: 'string', value: 'file', description: 'settings (default: config/sidecar.yaml of the project)' },
    bundle: { type: 'string', value: 'dir', description: 'check against this bundle, without building; needs no OPA' },
  },
  positionals: { least: 1, most: Number.POSITIVE_INFINITY },
  examples: [
    { line: 'postern tenant import acme.yaml', does: 'store a tenant document, in the place of the tenant it names' },
    { line: 'postern tenant export acme > acme.json', does: 'the tenant as a document again' },
    { line: 'postern tenant list', does: 'id, system, plan and members of each tenant' },
  ],
  async run({ values, positionals: [verb = '', ...rest] }, io) {
    knownWord('word', verb, verbs)
    const root = projectAt(values.project ?? '.').root
    const file = await configuredDirectory(root, values.settings, io, verb !== 'import')
    if (verb === 'import') return importFiles(file, rest, values.project, values.bundle, io)
    if (verb === 'list') {
      if (rest.length > 0) throw new CommandError(`unexpected argument \`${rest[0]}\``, 'see `postern tenant --help`')
      return withDirectory(file, (directory) => list(directory, io))
    }
    const [id, extra] = rest
    if (id === undefined || extra !== undefined)
      throw new CommandError('`postern tenant export` takes one id', 'see `postern tenant --help`')
    return withDirectory<ExitCode>(file, async (directory) => {
      const exported = await directory.export(id)
      if (exported === undefined) throw new CommandError(`no tenant \`${id}\``, '`postern tenant list` lists them')
      io.stdout.write(`${JSON.stringify(exported.document, null, 2)}\n`)
      return 0
    })
  },
})

async function importFiles(
  directory: string,
  files: readonly string[],
  folder: string | undefined,
  built: string | undefined,
  io: Io,
): Promise<0> {
  if (files.length === 0) throw new CommandError('`postern tenant import` needs a file', 'see `postern tenant --help`')
  const project = projectAt(folder ?? '.')
  const { tenants, revision } = await reportingErrors(async () => {
    const progress = createProgress(io.stderr, { isTTY: io.stderr.terminal, env: io.env })
    const bundle =
      built === undefined ? (await buildProject(project, io.env, progress)).bundle : readBundle<BundleIndex>(built)
    return importTenants({ bundle, directory, files: files.map((file) => resolve(file)), root: '.' })
  })
  for (const { id, members, warnings } of tenants) {
    io.stdout.write(`imported \`${id}\`: ${members} members\n`)
    for (const { pointer, message } of warnings) io.stderr.write(`warning: \`${id}\` ${pointer}: ${message}\n`)
  }
  io.stdout.write(`revision ${revision}\n`)
  return 0
}

const page = 1_000

async function list(directory: Directory, io: Io): Promise<0> {
  for (let found = await directory.list(page); found.length > 0; found = await directory.list(page, found.at(-1)?.id))
    for (const { id, system, plan, members } of found)
      io.stdout.write(`${[id, system, plan ?? '-', members].join('\t')}\n`)
  return 0
}
