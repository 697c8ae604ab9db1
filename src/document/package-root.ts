import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

let found: string | undefined

/**
 * The folder of the package itself, where `config/` and `policies/` lie: the same from `src/` and from `dist/src/`.
 * Throws when no package.json named `postern` is above this file.
 */
export function packageRoot(): string {
  found ??= search(dirname(fileURLToPath(import.meta.url)))
  return found
}

function search(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (nameIn(folder) === 'postern') return folder
    if (folder === dirname(folder)) throw new Error(`no package.json named \`postern\` above ${start}`)
  }
}

function nameIn(folder: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).name
  } catch {
    return undefined
  }
}
