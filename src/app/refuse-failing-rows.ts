import { DocumentError } from '../document/problem.ts'
import type { Bundle } from '../opa/bundle.ts'
import { problemsOfRow } from '../review/check-row-outcome.ts'
import type { DecisionRow } from '../review/decision-rows.ts'
import { loadPolicy } from './activate.ts'
import type { BundleIndex } from './build.ts'
import { rowDecider } from './run-rows.ts'

/**
 * Decides every row by a bundle. Throws a `DocumentError` with each row that comes out otherwise, and an `Error` where the
 * bundle cannot be loaded.
 */
export function refuseFailingRows(rows: readonly DecisionRow[], bundle: Bundle<BundleIndex>, memoryMib: number): void {
  const decide = rowDecider(loadPolicy(bundle, memoryMib))
  const problems = rows.flatMap((row) => problemsOfRow(row, decide(row)))
  if (problems.length > 0) throw new DocumentError(problems)
}
