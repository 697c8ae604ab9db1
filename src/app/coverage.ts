import { DocumentError, type Problem } from '../document/problem.ts'
import { defaultSettings } from '../document/settings.ts'
import type { Path, YamlDocument } from '../document/yaml-document.ts'
import { compileModel } from '../model/compile.ts'
import { type LifecycleFile, readModelFiles } from '../model/system-files.ts'
import type { Bundle } from '../opa/bundle.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import {
  type CoverageModel,
  type CoveragePermission,
  type CoverageRow,
  countCoverage,
} from '../review/coverage-count.ts'
import type { SystemCoverage } from '../review/coverage-report.ts'
import type { CoverageLifecycleRow } from '../review/coverage-transitions.ts'
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
      evaluation === undefined ? [] : [{ action: row.request.action.name, ...partiesOf(row.request), evaluation }],
    )
    return countCoverage(model, shown)
  })
}

/** The systems of the project, with the rules under the kinds by which evaluations name them. */
function modelsOf(root: string, bundle: Bundle<BundleIndex>): readonly CoverageModel[] {
  const { model } = JSON.parse(bundle.data) as {
    model: Record<string, { permissions: Record<string, Omit<CoveragePermission, 'places'>> }>
  }
  const files = readModelFiles(root, modelValidators())
  const lifecycles = new Map(files.systems.map((system) => [system.name, lifecycleOf(system.lifecycle)]))
  return compileModel(files).map(({ name, data, index }) => ({
    system: name,
    roles: Object.keys(data.roles),
    permissions: Object.fromEntries(
      Object.entries(model[name]?.permissions ?? {}).map(([permission, entry]) => [
        permission,
        { ...entry, places: index.permissions[permission] ?? { row: '', cells: {}, names: {} } },
      ]),
    ),
    yields: index.yields,
    lifecycle: lifecycles.get(name) ?? {},
  }))
}

function lifecycleOf(document: YamlDocument<LifecycleFile>): Readonly<Record<string, CoverageLifecycleRow>> {
  const { file, value } = document
  const rows = Object.entries(value.permissions).map(([permission, row]): [string, CoverageLifecycleRow] => {
    const path = ['permissions', permission]
    const first = document.keyPlace(path).line
    const last = lastLine(document, path, row)
    const states = (row.from ?? []).map((state, index): [string, string] => [
      state,
      `${file}:${document.place([...path, 'from', index]).line}`,
    ])
    return [
      permission,
      {
        from: Object.fromEntries(states),
        ...(row.to === undefined ? {} : { to: row.to }),
        lines: Array.from({ length: last - first + 1 }, (_, index) => `${file}:${first + index}`),
      },
    ]
  })
  return Object.fromEntries(rows)
}

/** The last line on which something of the value starts. */
function lastLine(document: YamlDocument<unknown>, path: Path, value: unknown): number {
  const own = document.place(path).line
  if (typeof value !== 'object' || value === null) return own
  const parts = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return Math.max(own, ...parts.map(([name, part]) => lastLine(document, [...path, name], part)))
}

/** Subject and target in the document that a row brings along: the role of the one, the state of the other. */
function partiesOf({ subject, resource, tenant }: DecisionRequest): Pick<CoverageRow, 'role' | 'target'> {
  const { members = [] } = tenant as { members?: readonly { user: string; role?: string; status?: string }[] }
  const target = members.find(({ user }) => user === resource.properties?.user)
  return {
    role: subject.type === 'user' ? members.find(({ user }) => user === subject.id)?.role : undefined,
    target: target && stateOf(target.status),
  }
}

/** As the policy takes a stored status: one outside the list counts as inactive, a missing one as active. */
function stateOf(status: string | undefined): string {
  return status === undefined || status === 'active' || status === 'pending' ? (status ?? 'active') : 'inactive'
}
