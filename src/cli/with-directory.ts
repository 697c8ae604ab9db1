import { type Directory, openDirectory } from '../directory/directory.ts'
import { reportingErrors } from './project-errors.ts'

/** Opens the directory of a file for the length of `work`. Rejects with a `CommandError` that says why it cannot be. */
export function withDirectory<T>(file: string, work: (directory: Directory) => Promise<T>): Promise<T> {
  return reportingErrors(async () => {
    const directory = await openDirectory(file)
    try {
      return await work(directory)
    } finally {
      await directory.close()
    }
  })
}
