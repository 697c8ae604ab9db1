import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DocumentError, type Problem } from '../document/problem.ts'
import { type DecisionRow, readDecisionRows } from '../review/decision-rows.ts'

/** The decision rows of these systems; what is wrong with their files is added to `problems`. */
export function decisionRowsOf(root: string, systems: readonly string[], problems: Problem[]): readonly DecisionRow[] {
  return systems.flatMap((system) => {
    try {
      return readDecisionRows(root, system, problems)
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error
      problems.push(...error.problems)
      return []
    }
  })
}

/** The text of a system's rows, for whoever keeps an answer about them; empty where there is none. */
export function decisionText(root: string, system: string): string {
  const file = join(root, decisionFile(system))
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

export function decisionFile(system: string): string {
  return `config/systems/${system}/decisions.yaml`
}

/** The files of decision rows, relative to the root. */
export function decisionFiles(root: string): readonly string[] {
  const systems = join(root, 'config/systems')
  if (!existsSync(systems)) return []
  return readdirSync(systems)
    .sort()
    .map(decisionFile)
    .filter((file) => existsSync(join(root, file)))
}
