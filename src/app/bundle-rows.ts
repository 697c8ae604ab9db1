import { DocumentError, type Problem } from '../document/problem.ts'
import { BundleError } from '../opa/bundle.ts'
import { decisionsFile } from '../opa/bundle-archive.ts'
import { carryDecisionRows, type DecisionRow, readCarriedRows } from '../review/decision-rows.ts'
import { decisionFile, decisionFiles, decisionRowsOf } from './decision-files.ts'

/**
 * The decision rows of these systems. A system without a file of rows has none to fail. Throws a `DocumentError` for what
 * is wrong with the files.
 */
export function projectRows(root: string, systems: readonly string[]): readonly DecisionRow[] {
  const problems: Problem[] = []
  const rows = decisionRowsOf(root, withRows(root, systems), problems)
  if (problems.length > 0) throw new DocumentError(problems)
  return rows
}

/** The same as the text that a bundle carries. */
export function packRows(root: string, systems: readonly string[]): string {
  projectRows(root, systems)
  return JSON.stringify(withRows(root, systems).map((system) => carryDecisionRows(root, system)))
}

/**
 * The decision rows in the file of a bundle that carries them. Throws a `BundleError` where there is no such file, which
 * is not the same as an empty list, or where it holds something else.
 */
export function rowsIn(decisions: Uint8Array | undefined): readonly DecisionRow[] {
  if (decisions === undefined)
    throw new BundleError(
      `the bundle carries no decision rows; build it with \`postern build --output\`, or set \`bundle.decision_rows\``,
    )
  const problems: Problem[] = []
  const systems = listIn(decisions).map((carried) => readCarriedRows(carried, problems))
  if (problems.length > 0) throw new DocumentError(problems)
  if (!systems.every((rows) => rows !== undefined)) throw unreadable()
  return systems.flat()
}

function listIn(bytes: Uint8Array): readonly unknown[] {
  let list: unknown
  try {
    list = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    throw unreadable()
  }
  if (!Array.isArray(list)) throw unreadable()
  return list
}

function unreadable(): BundleError {
  return new BundleError(`\`${decisionsFile}\` does not hold decision rows; build the bundle with this version`)
}

function withRows(root: string, systems: readonly string[]): readonly string[] {
  const files = decisionFiles(root)
  return systems.filter((name) => files.includes(decisionFile(name)))
}
