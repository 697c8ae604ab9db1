import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem } from '../document/problem.ts'
import { formatCheck } from './inspect-policy.ts'
import { type OpaToolchain, runOpa } from './toolchain.ts'

/**
 * The Rego files that `opa fmt` would change, each with the first line that it would; or why it cannot read them.
 * Rejects with a `ToolchainError` when OPA cannot be run.
 */
export async function unformattedPolicies(
  toolchain: OpaToolchain,
  root: string,
  files: readonly string[],
): Promise<readonly Problem[]> {
  const checked = await formatCheck(toolchain, files, { cwd: root })
  if (!checked.ok) return checked.problems
  return Promise.all(
    checked.files.map(async (file) => {
      const { stdout } = await runOpa(toolchain, ['fmt', file], { cwd: root })
      const formatted = stdout.split('\n')
      const written = readFileSync(join(root, file), 'utf8').split('\n')
      const line = written.findIndex((text, index) => text !== formatted[index])
      return {
        file,
        line: (line < 0 ? written.length - 1 : line) + 1,
        column: 1,
        message: '`opa fmt` writes this line otherwise',
        remedy: `run \`opa fmt --write ${file}\``,
      }
    }),
  )
}
