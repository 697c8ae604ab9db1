import { existsSync } from 'node:fs'
import { isPostgres, placeOf } from '../directory/place.ts'
import { loadSettings } from '../document/settings.ts'
import { CommandError, type Io } from './command.ts'
import { reportingErrors } from './project-errors.ts'

/** Where the directory is, as the settings have it: a file, or a database. */
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
      'set `directory`, or POSTERN_DIRECTORY, to the path of its file or the URL of its database',
    )
  const place = placeOf(directory, root)
  if (mustExist && !isPostgres(place) && !existsSync(place))
    throw new CommandError(`there is no directory at \`${place}\``, '`postern tenant import` makes it')
  return place
}
