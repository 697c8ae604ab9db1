import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { loadSettings } from '../document/settings.ts'
import { CommandError, type Io } from './command.ts'
import { reportingErrors } from './project-errors.ts'

/** The path of the directory's file as the settings have it. */
export async function configuredDirectory(
  root: string,
  settings: string | undefined,
  io: Io,
  mustExist: boolean,
): Promise<string> {
  const { directory } = await reportingErrors(() => loadSettings(settings, io.env, root))
  if (directory === null)
    throw new CommandError(
      'no directory is configured',
      'set `directory`, or POSTERN_DIRECTORY, to the path of its file',
    )
  const file = resolve(root, directory)
  if (mustExist && !existsSync(file))
    throw new CommandError(`there is no directory at \`${file}\``, '`postern tenant import` makes it')
  return file
}
