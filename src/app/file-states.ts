import { statSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../opa/bundle.ts'

/** Changes with each of these files: its path, its time of change, its size, and which file it is. */
export function fileStates(root: string, files: readonly string[]): string {
  return sha256(
    files
      .map((file) => {
        const stats = statSync(join(root, file), { bigint: true, throwIfNoEntry: false })
        return `${file}\0${stats?.dev}\0${stats?.ino}\0${stats?.mtimeNs}\0${stats?.size}`
      })
      .join('\n'),
  )
}
