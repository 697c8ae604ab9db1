import { setTimeout as sleep } from 'node:timers/promises'
import type { Bundle } from '../opa/bundle.ts'
import { type BundleIndex, sourceFiles } from './build.ts'
import { decisionFiles } from './decision-files.ts'
import { fileStates } from './file-states.ts'
import { PolicyRefused } from './policy-refused.ts'
import type { PolicySource } from './policy-source.ts'

/** How long files must be quiet: a checkout or an editor writes them in several steps. */
const usualQuietMs = 200

/** When a build is tried again that failed for another reason than its sources. */
const usualRetryMs = 30_000

export interface FolderSourceOptions {
  /** The folder that holds `config` and `policies`. */
  readonly root: string
  /** Rejects with `PolicyRefused` where the sources are at fault. */
  readonly build: () => Promise<Bundle<BundleIndex>>
  /** Default 200. */
  readonly quietMs?: number
  /** Default 30,000. */
  readonly retryMs?: number
}

/**
 * The sources of a project as a source of policies. Looked at rather than watched: a link that is turned to another
 * folder, as Kubernetes and git-sync do, and a network file system give no event below the folder.
 */
export function folderSource(options: FolderSourceOptions): PolicySource {
  const { root, build, quietMs = usualQuietMs, retryMs = usualRetryMs } = options
  let retryAt = Number.POSITIVE_INFINITY
  const deliver = async () => {
    try {
      return { bundle: await build() }
    } catch (error) {
      if (!(error instanceof PolicyRefused)) retryAt = performance.now() + retryMs
      throw error
    }
  }
  return {
    name: root,
    async look(known) {
      if (performance.now() < retryAt && stateOf(root) === known) return 'unchanged'
      retryAt = Number.POSITIVE_INFINITY
      return { tag: await settledState(root, quietMs), from: root, deliver }
    },
  }
}

/** Changes with every file that a policy is made of. */
export function stateOf(root: string): string {
  return fileStates(root, [...sourceFiles(root), ...decisionFiles(root)])
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
