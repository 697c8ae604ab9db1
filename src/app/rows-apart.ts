import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { packageRoot } from '../document/package-root.ts'
import type { Bundle } from '../opa/bundle.ts'
import type { BundleIndex } from './build.ts'
import { PolicyRefused } from './policy-refused.ts'

/** Longer than any rows take: a policy that does not come to an end is refused. */
const usualTimeoutMs = 60_000

export interface RowsApart {
  readonly bundle: Bundle<BundleIndex>
  /** The file of the bundle that carries its rows; undefined where there is none. */
  readonly decisions: Uint8Array | undefined
  /** Maximum memory of the policy, in MiB. */
  readonly memoryMib: number
}

/**
 * Decides the rows that a bundle carries, in a thread of its own: it takes long enough to be felt by every request.
 * Rejects with `PolicyRefused` where one comes out otherwise, where there are none to read, and where it takes too long.
 */
export async function decideRowsApart(rows: RowsApart, timeoutMs = usualTimeoutMs): Promise<void> {
  const worker = new Worker(join(packageRoot(), 'dist/src/app/rows-worker.js'), { workerData: rows })
  try {
    const problems = await new Promise<readonly string[]>((resolve, reject) => {
      worker.on('message', resolve)
      worker.on('error', reject)
      worker.on('exit', () => reject(new Error('the thread that decides the rows ended without an answer')))
      setTimeout(() => resolve([`the decision rows were not decided within ${timeoutMs} ms`]), timeoutMs).unref()
    })
    if (problems.length > 0) throw new PolicyRefused(problems)
  } finally {
    await worker.terminate()
  }
}
