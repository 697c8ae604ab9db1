import { join } from 'node:path'
import { packageRoot } from '../document/package-root.ts'
import { type Bundle, readBundle } from '../opa/bundle.ts'
import { runProcess } from '../opa/run-process.ts'
import type { BundleIndex } from './build.ts'
import { PolicyRefused } from './policy-refused.ts'
import type { Project } from './project.ts'

/** Longer than any build takes, the compiler's own included. */
const timeoutMs = 300_000

export interface BuildApart {
  readonly project: Project
  /** Where the bundle goes; a folder of its own, as a build that is served must not be overwritten by one that is not. */
  readonly output: string
  /** Whether every decision row must come out as it says. */
  readonly rows: boolean
}

/**
 * Builds in a process of its own: reading the sources takes long enough to be felt by every request. Rejects with
 * `PolicyRefused` where they do not build, or a row comes out otherwise, and with another `Error` where it is not their
 * fault, as when there is no OPA.
 */
export async function buildApart({ project, output, rows }: BuildApart): Promise<Bundle<BundleIndex>> {
  const main = join(packageRoot(), 'dist/src/main.js')
  const flags = ['--project', project.root, '--output', output, ...(rows ? ['--rows'] : [])]
  const { code, stderr } = await runProcess(process.execPath, [main, 'build', ...flags], { timeoutMs })
  if (code === 0) return readBundle<BundleIndex>(output)
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  // What is wrong with the sources is counted first, then listed. Anything else is one line, and not their fault.
  if (/^postern: \d+ problems?$/.test(lines[0] ?? '')) throw new PolicyRefused(lines.slice(1))
  throw new Error(lines.join('; ').replace(/^postern: /, ''))
}
