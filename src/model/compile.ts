import { DocumentError, type Problem } from '../document/problem.ts'
import { type CompiledSystem, compileSystem } from './compile-system.ts'
import { joinReasons } from './reasons.ts'
import type { ModelFiles } from './system-files.ts'

/** All systems as data for the policy. Throws one `DocumentError` with every problem of every system. */
export function compileModel(files: ModelFiles): readonly CompiledSystem[] {
  const problems: Problem[] = []
  const systems = files.systems.map((system) => {
    const reasons = joinReasons(
      system.reasons === undefined ? [files.reasons] : [files.reasons, system.reasons],
      problems,
    )
    return compileSystem(system, reasons, problems)
  })
  if (problems.length > 0) throw new DocumentError(problems)
  return systems
}
