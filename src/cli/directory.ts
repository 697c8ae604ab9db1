import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { projectAt } from '../app/project.ts'
import { CommandError, defineCommand } from './command.ts'
import { configuredDirectory } from './configured-directory.ts'
import { projectOption } from './project-option.ts'
import { knownWord } from './reviewed-project.ts'
import { withDirectory } from './with-directory.ts'

const verbs = ['backup', 'restore', 'check']

export const directory = defineCommand({
  name: 'directory',
  summary: 'back up, restore and check the directory',
  usage: 'backup <file> | restore <file> | check [options]',
  options: {
    replace: { type: 'boolean', description: 'let `restore` replace the tenants that are there' },
    project: projectOption,
    settings: { type: 'string', value: 'file', description: 'settings (default: config/sidecar.yaml of the project)' },
  },
  positionals: { least: 1, most: 2 },
  examples: [
    { line: 'postern directory backup monday.db', does: 'write a whole copy to a file that does not exist yet' },
    { line: 'postern directory restore monday.db --replace', does: 'make the directory what that copy is' },
    { line: 'postern directory check', does: 'hold every index and count against the records' },
  ],
  exits: { 0: 'done, or all is well', 1: '`check` found something' },
  async run({ values, positionals: [verb = '', path] }, io) {
    knownWord('word', verb, verbs)
    if ((path === undefined) !== (verb === 'check'))
      throw new CommandError(`\`postern directory ${verb}\` takes ${verb === 'check' ? 'no' : 'one'} file`)
    const file = await configuredDirectory(
      projectAt(values.project ?? '.').root,
      values.settings,
      io,
      verb !== 'restore',
    )
    const copy = resolve(path ?? '.')
    if (verb === 'backup' && existsSync(copy)) throw new CommandError(`\`${copy}\` exists`, 'name another file')
    if (verb === 'restore' && !existsSync(copy)) throw new CommandError(`there is no file \`${copy}\``)
    return withDirectory(file, async (opened) => {
      if (verb === 'check') {
        const { faults, tenants, members } = await opened.check()
        for (const fault of faults) io.stdout.write(`${fault}\n`)
        io.stdout.write(`${tenants} tenants, ${members} members, ${faults.length} faults\n`)
        return faults.length === 0 ? 0 : 1
      }
      if (verb === 'backup') await opened.backup(copy)
      else {
        if (values.replace !== true && (await opened.list(1)).length > 0)
          throw new CommandError(`\`${file}\` holds tenants`, '`--replace` replaces all of them')
        await opened.restore(copy)
      }
      return 0
    })
  },
})
