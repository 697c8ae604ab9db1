import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bundle } from '../opa/bundle.ts'
import { sha256 } from '../opa/bundle.ts'
import { type BundleIndex, sourceFiles } from './build.ts'
import { decisionFiles } from './decision-files.ts'
import type { PolicySource } from './policy-source.ts'

/** How long files must be quiet: a checkout or an editor writes them in several steps. */
const usualQuietMs = 200

export interface FolderSourceOptions {
  /** The folder that holds `config` and `policies`. */
  readonly root: string
  readonly build: () => Promise<Bundle<BundleIndex>>
  /** Default 200. */
  readonly quietMs?: number
}

/**
 * The sources of a project as a source of policies. Looked at rather than watched: a link that is turned to another
 * folder, as Kubernetes and git-sync do, and a network file system give no event below the folder.
 */
export function folderSource(options: FolderSourceOptions): PolicySource {
  const { root, build, quietMs = usualQuietMs } = options
  return {
    name: root,
    async look(known) {
      if (stateOf(root) === known) return 'unchanged'
      const tag = await settledState(root, quietMs)
      return { tag, from: root, deliver: async () => ({ bundle: await build() }) }
    },
  }
}

/** Changes with every file that a policy is made of: its path, its time of change, its size, and which file it is. */
export function stateOf(root: string): string {
  return sha256(
    [...sourceFiles(root), ...decisionFiles(root)]
      .map((file) => {
        const stats = statSync(join(root, file), { bigint: true, throwIfNoEntry: false })
        return `${file}\0${stats?.dev}\0${stats?.ino}\0${stats?.mtimeNs}\0${stats?.size}`
      })
      .join('\n'),
  )
}

async function settledState(root: string, quietMs: number): Promise<string> {
  let state = stateOf(root)
  for (;;) {
    await sleep(quietMs)
    const later = stateOf(root)
    if (later === state) return state
    state = later
  }
}
