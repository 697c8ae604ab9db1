import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * The path of a file of `src/opa` that is not TypeScript: `capabilities.json`, `toolchain/`. Works from the sources and
 * from `dist/`, where `tsc` leaves such files out. Throws when the package's root cannot be found.
 */
export function ownFile(name: string): string {
  return join(packageRoot(), 'src', 'opa', name)
}

function packageRoot(): string {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error(`no package.json above \`${import.meta.dirname}\``)
    folder = parent
  }
  return folder
}
