import { DocumentError, type Problem } from '../document/problem.ts'
import { defaultSettings } from '../document/settings.ts'
import { compileModel } from '../model/compile.ts'
import { readModelFiles } from '../model/system-files.ts'
import type { Bundle } from '../opa/bundle.ts'
import {
  type CoverageModel,
  type CoveragePermission,
  type CoverageRow,
  countCoverage,
} from '../review/coverage-count.ts'
import type { SystemCoverage } from '../review/coverage-report.ts'
import { loadPolicy } from './activate.ts'
import { type BundleIndex, modelValidators } from './build.ts'
import { decisionRowsOf } from './decision-files.ts'
import { runRows } from './run-rows.ts'

/**
 * What the decision rows of each system show of it. `bundle` is that of the project at `root`. Throws a `DocumentError`
 * for files that cannot be read or do not fit together.
 */
export function coverageOf(root: string, bundle: Bundle<BundleIndex>): readonly SystemCoverage[] {
  const problems: Problem[] = []
  const systems = Object.keys(bundle.manifest.index.systems)
  const rows = decisionRowsOf(root, systems, problems)
  if (problems.length > 0) throw new DocumentError(problems)
  const runs = runRows(loadPolicy(bundle, defaultSettings.evaluator.memory_mib), bundle.manifest.index, rows)
  return modelsOf(root, bundle).map((model) => {
    const ofSystem = runs.filter(({ row }) => row.system === model.system)
    const shown = ofSystem.flatMap(({ row, evaluation }): CoverageRow[] =>
      evaluation === undefined ? [] : [{ action: row.request.action.name, role: roleIn(row.request), evaluation }],
    )
    return countCoverage(model, shown)
  })
}

/** The systems of the project, with the rules under the kinds by which evaluations name them. */
function modelsOf(root: string, bundle: Bundle<BundleIndex>): readonly CoverageModel[] {
  const { model } = JSON.parse(bundle.data) as {
    model: Record<string, { permissions: Record<string, Omit<CoveragePermission, 'places'>> }>
  }
  return compileModel(readModelFiles(root, modelValidators())).map(({ name, data, index }) => ({
    system: name,
    roles: Object.keys(data.roles),
    permissions: Object.fromEntries(
      Object.entries(model[name]?.permissions ?? {}).map(([permission, entry]) => [
        permission,
        { ...entry, places: index.permissions[permission] ?? { row: '', cells: {}, names: {} } },
      ]),
    ),
    yields: index.yields,
  }))
}

/** The role of the subject's record in the document that a row brings along. */
function roleIn({ subject, tenant }: { subject: { type: string; id: string }; tenant?: unknown }): string | undefined {
  const { members = [] } = tenant as { members?: readonly { user: string; role?: string }[] }
  return subject.type === 'user' ? members.find(({ user }) => user === subject.id)?.role : undefined
}
