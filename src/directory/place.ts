import { resolve } from 'node:path'
import { DirectoryError } from './directory-error.ts'

/** Whether a directory is a database of PostgreSQL, and not the path of a file. */
export function isPostgres(place: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(place)
}

/** Where the directory of the settings is: a path is meant from `root`. */
export function placeOf(directory: string, root: string): string {
  return isPostgres(directory) ? directory : resolve(root, directory)
}

/** A place as messages name it: without a password. */
export function nameOf(place: string): string {
  if (!isPostgres(place)) return `\`${place}\``
  if (!URL.canParse(place))
    throw new DirectoryError('`directory` is no URL that PostgreSQL understands: `postgres://user@host:5432/database`')
  const { host, pathname } = new URL(place)
  return `\`${host}${pathname}\``
}
