import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { nearest } from '../document/nearest.ts'
import { packageRoot } from '../document/package-root.ts'
import { CommandError, type ExitCode, type Io, readArgs } from './command.ts'
import { type CommandEntry, commandHelp, overview } from './help.ts'

/** Carries out `argv` (without node and the script) and answers with the exit code. Only what is unexpected is thrown. */
export async function runCli(argv: readonly string[], entries: readonly CommandEntry[], io: Io): Promise<ExitCode> {
  try {
    return await dispatch(argv, entries, io)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const label = io.stderr.color ? styleText('red', 'postern:', { validateStream: false }) : 'postern:'
    io.stderr.write(`${label} ${error.message}\n${error.hint === undefined ? '' : `${error.hint}\n`}`)
    return 2
  }
}

async function dispatch(argv: readonly string[], entries: readonly CommandEntry[], io: Io): Promise<ExitCode> {
  const [name, ...rest] = argv
  if (name === '--help' || name === '-h') {
    io.stdout.write(overview(entries, io.stdout))
    return 0
  }
  if (name === '--version') {
    io.stdout.write(`${version()}\n`)
    return 0
  }
  if (name === undefined) throw new CommandError('a command is missing', 'see `postern --help`')
  const entry = entries.find((candidate) => candidate.name === name)
  if (entry === undefined) throw unknown(name, entries)

  const command = await entry.load()
  if (asksForHelp(rest)) {
    io.stdout.write(commandHelp(command, io.stdout))
    return 0
  }
  return command.run(readArgs(command, rest), io)
}

/** The version in package.json. */
export function version(): string {
  return JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')).version
}

function unknown(name: string, entries: readonly CommandEntry[]): CommandError {
  const isFlag = name.startsWith('-')
  const known = isFlag ? ['--help', '--version'] : entries.map((entry) => entry.name)
  const near = nearest(name, known)
  const meant = near === undefined ? '' : `; did you mean \`${near}\``
  return new CommandError(`unknown ${isFlag ? 'option' : 'command'} \`${name}\`${meant}`, 'see `postern --help`')
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end === -1 ? undefined : end).some((word) => word === '--help' || word === '-h')
}
