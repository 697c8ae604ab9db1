import { existsSync, readFileSync } from 'node:fs'
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
  const file = join(root, `config/systems/${system}/decisions.yaml`)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
