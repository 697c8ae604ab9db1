import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../document/package-root.ts'
import { type OpaToolchain, runOpa, ToolchainError } from './toolchain.ts'

/**
 * What `opa eval` decides on each input, all in one process; undefined where it decides nothing. `files` are the Rego,
 * relative to `root`, and `data` the file of the data document. Rejects with a `ToolchainError` when OPA fails.
 */
export async function evalInputs(
  toolchain: OpaToolchain,
  root: string,
  files: readonly string[],
  data: string,
  inputs: readonly unknown[],
): Promise<readonly unknown[]> {
  // At once and by a file: a caller that goes on deciding meanwhile would be late to fill a pipe.
  const folder = mkdtempSync(join(tmpdir(), 'postern-eval-'))
  try {
    const input = join(folder, 'inputs.json')
    writeFileSync(input, JSON.stringify({ inputs }))
    const loaded = [...files, join(packageRoot(), 'src/opa/parity.rego'), data].flatMap((file) => ['-d', file])
    const args = ['eval', '--format', 'json', '--input', input, ...loaded, 'data.postern_parity.decisions']
    const { code, stdout, stderr } = await runOpa(toolchain, args, { cwd: root })
    if (code !== 0) throw new ToolchainError(`\`opa eval\` failed: ${(stderr || stdout).trim()}`)
    // A partial object without any member is left out of the result.
    const decisions = JSON.parse(stdout).result?.[0]?.expressions[0].value ?? {}
    return inputs.map((_, index) => decisions[index])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
