import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Problem } from '../document/problem.ts'
import { evalInputs } from '../opa/eval-inputs.ts'
import { findPolicies } from '../opa/policy-sources.ts'
import type { OpaToolchain } from '../opa/toolchain.ts'
import type { Project } from './project.ts'
import type { RowRun } from './run-rows.ts'

/**
 * The rows that `opa eval` decides otherwise than the bundle did, on every fact that any permission reads. Rejects with a
 * `ToolchainError` when OPA cannot be run.
 */
export async function parityProblems(
  opa: OpaToolchain,
  project: Project,
  runs: readonly RowRun[],
): Promise<readonly Problem[]> {
  const asked = runs.filter(({ wholeInput }) => wholeInput !== undefined)
  if (asked.length === 0) return []
  const inputs = asked.map(({ wholeInput }) => JSON.parse(wholeInput as string))
  const { files } = findPolicies(project.root)
  const decided = await evalInputs(opa, project.root, files, join(project.bundle, 'data.json'), inputs)
  return asked.flatMap(({ row, evaluation }, index) => {
    if (isDeepStrictEqual(decided[index], evaluation)) return []
    const [ofOpa, ofWasm] = [decided[index], evaluation].map((one) => `\`${JSON.stringify(one) ?? 'nothing'}\``)
    return [
      {
        file: row.file,
        ...row.places.row,
        message: `\`${row.id}\`: OPA decides ${ofOpa} and WASM ${ofWasm}`,
        remedy: 'write the rule that is asked with other built-ins',
      },
    ]
  })
}
