import { type Directory, openDirectory } from '../directory/directory.ts'
import { reportingErrors } from './project-errors.ts'

/** Opens the directory of a file for the length of `work`. Rejects with a `CommandError` that says why it cannot be. */
export function withDirectory<T>(file: string, work: (directory: Directory) => T): Promise<T> {
  return reportingErrors(() => {
    const directory = openDirectory(file)
    try {
      return work(directory)
    } finally {
      directory.close()
    }
  })
}
