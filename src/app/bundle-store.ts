import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Settings } from '../document/settings.ts'
import type { ServerLog } from '../log/server-log.ts'
import { BundleError, writeWhole } from '../opa/bundle.ts'
import { bundleFiles, bundleOf, packFiles, unpackFiles } from '../opa/bundle-archive.ts'
import { signatureFile } from '../opa/bundle-signature.ts'
import type { BundleIndex } from './build.ts'
import { problemLines } from './policy-refused.ts'
import type { Delivery } from './policy-source.ts'
import type { Project } from './project.ts'

/** The bundles of a process that outlive it: the last good one, the one before it, and the one that it is pinned to. */
export interface BundleStore {
  /** Makes a bundle the last good one. The one that was so till now is its predecessor, unless it is the same policy. */
  keep(delivery: Delivery): Promise<void>
  readonly current: string
  readonly pinned: string
  /** Changes with the pinned bundle; undefined where there is none. */
  pin(): string | undefined
  /** Pins the predecessor and gives its digest. Rejects with a `BundleError` where there is none. */
  rollBack(): Promise<string>
  /** False where nothing was pinned. */
  release(): boolean
}

/** The most that `bundle.max_bytes` can be: what is kept was let in by it. */
const largestBytes = 2 ** 30

/** The store of a project: `bundle.kept_in`, or below its cache. */
export function projectStore({ root, cache }: Project, { kept_in }: Settings['bundle']): BundleStore {
  return bundleStore(kept_in === null ? join(cache, 'rollout') : resolve(root, kept_in))
}

/** The store in a folder, which need not exist yet. */
export function bundleStore(folder: string): BundleStore {
  const current = join(folder, 'current.tar.gz')
  const previous = join(folder, 'previous.tar.gz')
  const pinned = join(folder, 'pinned.tar.gz')
  return {
    current,
    pinned,
    async keep({ bundle, archive }) {
      const packed = archive ?? (await packFiles(bundleFiles(bundle)))
      mkdirSync(folder, { recursive: true })
      const last = await digestOf(current)
      // In this order there is a last good bundle at every moment.
      if (last !== undefined && last !== bundle.manifest.policy) copyWhole(current, previous)
      writeWhole(current, packed)
    },
    pin() {
      const stats = statSync(pinned, { bigint: true, throwIfNoEntry: false })
      return stats && `pin ${stats.ino} ${stats.mtimeNs}`
    },
    async rollBack() {
      if (existsSync(pinned)) throw new BundleError('a bundle is pinned already; release it with `--release` first')
      const digest = await digestOf(previous)
      if (digest === undefined)
        throw new BundleError(
          `there is no predecessor to go back to in \`${folder}\`; one is kept from the second activation on`,
        )
      copyWhole(previous, pinned)
      return digest
    },
    release() {
      const there = existsSync(pinned)
      rmSync(pinned, { force: true })
      return there
    },
  }
}

/** Keeps a bundle where that can be done: a file system that cannot be written is no reason not to serve. */
export async function keepOrTell(
  delivery: Delivery,
  store: Pick<BundleStore, 'keep' | 'current'>,
  log: Pick<ServerLog, 'warn'>,
): Promise<void> {
  try {
    await store.keep(delivery)
  } catch (error) {
    log.warn('the bundle could not be kept', { source: store.current, problems: problemLines(error) })
  }
}

/** The policy in a file; undefined where there is no file, or none that this version reads. */
async function digestOf(file: string): Promise<string | undefined> {
  try {
    const files = await unpackFiles(readFileSync(file), largestBytes)
    files.delete(signatureFile)
    return bundleOf<BundleIndex>(files).manifest.policy
  } catch {
    return undefined
  }
}

function copyWhole(from: string, to: string): void {
  copyFileSync(from, `${to}.partial`)
  renameSync(`${to}.partial`, to)
}
