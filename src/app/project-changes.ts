import { existsSync, type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'

/** How long files must be quiet: an editor writes a file in several steps. */
const quietMs = 50

/**
 * What comes of the work; undefined where a file that it reads went meanwhile. That is a change, so whoever watches is
 * woken again.
 */
export async function unlessGone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Yields once after each burst of changes below `config` and `policies`, also for what changed while the caller was
 * busy; ends when `signal` is aborted. Watching begins with the call, not with the first wait.
 */
export function projectChanges(root: string, signal?: AbortSignal): AsyncIterable<void> {
  let changed = false
  let wake = () => {}
  let timer: NodeJS.Timeout | undefined
  const note = () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      changed = true
      wake()
    }, quietMs)
  }
  const stopped = () => signal?.aborted === true
  const watchers: FSWatcher[] = ['config', 'policies']
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    // A file that goes while it is looked at is a change like any other; without a listener it would end the process.
    .map((folder) => watch(folder, { recursive: true }, note).on('error', note))
  signal?.addEventListener('abort', () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
    wake()
  })
  return {
    async *[Symbol.asyncIterator]() {
      while (!stopped()) {
        if (!changed)
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        if (changed && !stopped()) {
          changed = false
          yield
        }
      }
    },
  }
}
