import { DocumentError, type Problem } from '../document/problem.ts'
import { defaultSettings } from '../document/settings.ts'
import type { Bundle } from '../opa/bundle.ts'
import { problemsOfRow } from '../review/check-row-outcome.ts'
import { loadPolicy } from './activate.ts'
import type { BundleIndex } from './build.ts'
import { decisionFile, decisionFiles, decisionRowsOf } from './decision-files.ts'
import { runRows } from './run-rows.ts'

/**
 * Decides every decision row of a project by a bundle. A system without a file of rows has none to fail.
 *
 * @throws DocumentError with each row that comes out otherwise, or a file of rows that cannot be read
 */
export function refuseFailingRows(root: string, bundle: Bundle<BundleIndex>): void {
  const { index } = bundle.manifest
  const problems: Problem[] = []
  const files = decisionFiles(root)
  const systems = Object.keys(index.systems).filter((name) => files.includes(decisionFile(name)))
  const rows = decisionRowsOf(root, systems, problems)
  const policy = loadPolicy(bundle, defaultSettings.evaluator.memory_mib)
  problems.push(...runRows(policy, index, rows).flatMap(({ row, outcome }) => problemsOfRow(row, outcome)))
  if (problems.length > 0) throw new DocumentError(problems)
}
