import { join } from 'node:path'
import { packageRoot } from '../../src/document/package-root.ts'
import { silentProgress } from '../../src/opa/progress.ts'
import { type OpaToolchain, resolveOpa } from '../../src/opa/toolchain.ts'

let found: Promise<OpaToolchain> | undefined

/** The OPA that tests run, found as a build finds it, with the cached build of this repository. */
export function testToolchain(): Promise<OpaToolchain> {
  found ??= resolveOpa({ env: process.env, cacheDir: join(packageRoot(), '.postern'), progress: silentProgress })
  return found
}
