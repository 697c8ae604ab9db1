import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setImmediate as toOthers } from 'node:timers/promises'
import { DocumentError, formatProblem, type Problem } from '../document/problem.ts'
import type { Bundle } from '../opa/bundle.ts'
import { unformattedPolicies } from '../opa/format-policies.ts'
import { createLimit, type Limit } from '../opa/limit.ts'
import { lintPolicies } from '../opa/lint-policy.ts'
import {
  checkSources,
  digestOf,
  findPolicies,
  findTests,
  indexPolicies,
  type OpaMemory,
  openMemory,
} from '../opa/policy-sources.ts'
import type { Progress } from '../opa/progress.ts'
import type { RegoRule } from '../opa/rego-index.ts'
import { type PolicyTests, type TestGroup, testGroups, testPolicies, unreachedLines } from '../opa/test-policies.ts'
import { type OpaToolchain, resolveOpa } from '../opa/toolchain.ts'
import type { CheckReport, CheckResult } from '../review/check-report.ts'
import { problemsOfRow } from '../review/check-row-outcome.ts'
import { readBases } from '../review/decision-bases.ts'
import { breachesOf, mustDeny, readInvariants } from '../review/invariants.ts'
import { questionsOf } from '../review/questions.ts'
import type { ReviewedPolicy } from '../review/reviewed-policy.ts'
import { type BundleIndex, build, capabilitiesFile } from './build.ts'
import { basesText, hasInvariants, withPlaces } from './check-invariants.ts'
import { parityProblems } from './check-parity.ts'
import { decisionRowsOf, decisionText } from './decision-files.ts'
import { fileStates } from './file-states.ts'
import type { Project } from './project.ts'
import { reviewPolicy } from './review-policy.ts'
import { needsOf, type RowRun, runRows } from './run-rows.ts'

/** Checks one project, as often as it is asked. */
export interface Checker {
  /**
   * Makes every check whose sources changed since the last run, and answers for all. Rejects with a `ToolchainError`
   * where OPA cannot be run.
   */
  run(): Promise<CheckReport>
}

export interface CheckerOptions {
  readonly project: Project
  readonly progress: Progress
  readonly toolchain: () => Promise<OpaToolchain>
}

/** A checker that finds its OPA as a build does. */
export function createProjectChecker(project: Project, env: NodeJS.ProcessEnv, progress: Progress): Checker {
  return createChecker({
    project,
    progress,
    toolchain: () => resolveOpa({ env, cacheDir: project.cache, progress }),
  })
}

export function createChecker(options: CheckerOptions): Checker {
  const { project, progress } = options
  const { root } = project
  const known = new Map<string, { readonly key: string; readonly result: unknown }>()
  const compared = new WeakMap<readonly RowRun[], readonly Problem[]>()
  const memory = openMemory(join(project.cache, 'check-answers.json'))
  /** How many tests there are, by the text of their files. */
  const counted = new Map<string, number>()
  let toolchain: Promise<OpaToolchain> | undefined

  /** What the run that is under way found. */
  const fresh = new Set<string>()

  /** What was found the last time, where it was found of the same sources. */
  async function remembered<T>(name: string, key: string, find: () => Promise<T> | T): Promise<T> {
    const last = known.get(name)
    if (last?.key === key) return last.result as T
    const result = await find()
    known.set(name, { key, result })
    fresh.add(name)
    return result
  }

  async function check(): Promise<readonly CheckResult[]> {
    toolchain ??= options.toolchain()
    const opa = await toolchain
    const { files } = findPolicies(root)
    const tests = findTests(root)
    const all = [...files, ...tests]
    const rego = digestOf(root, all)
    progress.start('checking policies')
    // A core is left to the build, for which the rows wait.
    const aside = createLimit(Math.max(1, availableParallelism() - 1))
    const [{ built, decided }, format, strict, { lint, tested }] = await Promise.all([
      buildAndDecide(opa),
      remembered('format', rego, () => aside(() => unformattedPolicies(opa, root, all))),
      aside(() => strictly(opa, root, files, tests, memory)),
      lintAndTest(opa, files, tests, aside),
    ])
    memory.save()
    const checks: CheckResult[] = [
      { name: 'strict', about: 'Rego files', count: all.length, problems: strict },
      { name: 'format', about: 'Rego files', count: all.length, problems: format },
      { name: 'lint', about: 'Rego files', count: files.length, problems: lint },
      { name: 'build', about: 'systems', count: built.systems.length, problems: built.problems },
      {
        name: 'tests',
        about: 'policy tests',
        count: tested.reduce((sum, { count }) => sum + count, 0),
        problems: [...tested.flatMap(({ problems }) => problems), ...unreachedLines(files, tested)],
      },
    ]
    return eachOnce([...checks, ...decided])
  }

  async function lintAndTest(opa: OpaToolchain, files: readonly string[], tests: readonly string[], aside: Limit) {
    // What does not parse is said by the strict check.
    const unparsed: Problem[] = []
    const rules = await indexPolicies(opa, root, { files }, memory, unparsed)
    const ofTests = await indexPolicies(opa, root, { files: tests }, memory, unparsed)
    const { lint, groups } = await remembered('lint', digestOf(root, [...files, ...tests]), () => ({
      lint: lintOf(root, files, tests, rules),
      groups: testGroups(files, tests, unparsed.length > 0 ? undefined : [...rules, ...ofTests]),
    }))
    const tested = await Promise.all(
      groups.map((group) =>
        remembered(`tests ${group.name}`, digestOf(root, group.files), () => aside(() => testsOf(opa, group))),
      ),
    )
    return { lint, tested }
  }

  /** Tests whose files are as they were, and that pass, need not be listed again. */
  async function testsOf(opa: OpaToolchain, group: TestGroup): Promise<PolicyTests> {
    const written = digestOf(
      root,
      group.files.filter((file) => file.endsWith('_test.rego')),
    )
    const tested = await testPolicies(opa, root, group, counted.get(written))
    if (tested.unreached !== undefined) counted.set(written, tested.count)
    return tested
  }

  async function buildAndDecide(opa: OpaToolchain) {
    const built = await buildOf(options, opa, memory)
    progress.start('deciding the rows')
    return { built, decided: await rowChecks(opa, built) }
  }

  async function rowChecks(opa: OpaToolchain, { bundle, systems }: Built): Promise<readonly CheckResult[]> {
    const about = 'decision rows'
    if (bundle === undefined) {
      const skipped = 'there is no bundle to ask'
      const problems: Problem[] = []
      decisionRowsOf(root, systems, problems)
      return [
        { name: 'decisions', about, count: 0, problems, skipped },
        { name: 'parity', about, count: 0, problems: [], skipped },
        { name: 'invariants', about: 'invariants', count: 0, problems: [], skipped },
      ]
    }
    const { policy: digest, index } = bundle.manifest
    const reviewed = await remembered('policy', digest, () => reviewPolicy(bundle))
    const needs = JSON.stringify(needsOf(index))
    const decided = []
    for (const system of systems) {
      const key = [index.decisions[system], needs, decisionText(root, system)].join(' ')
      decided.push(
        await remembered(`rows ${system}`, key, async () => {
          const read = await remembered(`rows of ${system}`, decisionText(root, system), () => rowsOf(root, system))
          await toOthers()
          const runs = runRows(reviewed.policy, index, read.rows)
          const problems = [...read.problems]
          problems.push(...runs.flatMap(({ row, outcome }) => problemsOfRow(row, outcome)))
          return { runs, problems }
        }),
      )
    }
    const runs = decided.map((of) => of.runs)
    const [unlike, held] = await Promise.all([parity(opa, runs), invariants(index, reviewed, systems)])
    const count = decided.reduce((sum, { runs }) => sum + runs.length, 0)
    return [
      { name: 'decisions', about, count, problems: decided.flatMap(({ problems }) => problems) },
      { name: 'parity', about, count, problems: unlike },
      held,
    ]
  }

  async function invariants(
    index: BundleIndex,
    reviewed: ReviewedPolicy,
    systems: readonly string[],
  ): Promise<CheckResult> {
    const said = { name: 'invariants', about: 'invariants' }
    if (!hasInvariants(root)) return { ...said, count: 0, problems: [], skipped: 'there is no config/invariants.yaml' }
    progress.start('looking for counterexamples')
    try {
      const placed = readInvariants(root, reviewed)
      const problems: Problem[] = []
      for (const system of systems) {
        const own = placed.filter(({ invariant }) => invariant.system === system)
        const asked = JSON.stringify(own.map(({ invariant }) => invariant))
        const bases = basesText(root, system)
        const key = [index.decisions[system], bases, asked].join(' ')
        const breaches = await remembered(`invariants ${system}`, key, async () => {
          await toOthers()
          // Another rule of the Rego mostly leaves the same to ask.
          const space = JSON.stringify([reviewed.model[system], index.systems[system], index.core_needs, bases, asked])
          const make = () => mustDeny(own, reviewed, questionsOf(system, [reviewed], [readBases(root, system)]))
          return breachesOf(own, reviewed, await remembered(`must deny ${system}`, space, make))
        })
        for (const { at, message, witness } of withPlaces(own, breaches)) {
          const remedy = `correct the policy or the invariant; \`postern eval --request\` explains \`${JSON.stringify(witness)}\``
          problems.push({ ...at, message, remedy })
        }
      }
      return { ...said, count: placed.length, problems }
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error
      return { ...said, count: 0, problems: error.problems }
    }
  }

  /** In one process for all systems whose rows were decided anew. */
  async function parity(opa: OpaToolchain, systems: readonly (readonly RowRun[])[]): Promise<readonly Problem[]> {
    const fresh = systems.filter((runs) => !compared.has(runs))
    const found = await parityProblems(opa, project, fresh.flat())
    for (const runs of fresh) {
      const files = new Set(runs.map(({ row }) => row.file))
      compared.set(
        runs,
        found.filter(({ file }) => files.has(file)),
      )
    }
    return systems.flatMap((runs) => compared.get(runs) ?? [])
  }

  return {
    async run() {
      const start = performance.now()
      const before = sourceStates(root)
      fresh.clear()
      try {
        return { checks: await check(), milliseconds: Math.round(performance.now() - start) }
      } finally {
        progress.done()
        // INVARIANT: of sources that changed meanwhile nothing is kept: it may be of the new text under the old one's key.
        if (sourceStates(root) !== before) for (const name of fresh) known.delete(name)
      }
    },
  }
}

interface Built {
  readonly systems: readonly string[]
  readonly problems: readonly Problem[]
  /** Undefined where there are problems. */
  readonly bundle?: Bundle<BundleIndex>
}

async function buildOf({ project, progress }: CheckerOptions, opa: OpaToolchain, memory: OpaMemory): Promise<Built> {
  const folder = join(project.root, 'config/systems')
  const systems = existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .sort()
    : []
  try {
    const { bundle } = await build({
      root: project.root,
      output: project.bundle,
      memory,
      toolchain: async () => opa,
      progress,
    })
    return { systems, problems: [], bundle }
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    return { systems, problems: error.problems }
  }
}

/** `opa check --strict`: the policies under the capabilities of the build, their tests under all of OPA's. */
async function strictly(
  opa: OpaToolchain,
  root: string,
  files: readonly string[],
  tests: readonly string[],
  memory: OpaMemory,
): Promise<readonly Problem[]> {
  const policies = await checkSources(opa, root, files, capabilitiesFile(), memory)
  return policies.length > 0 ? policies : checkSources(opa, root, [...files, ...tests], undefined, memory)
}

function lintOf(
  root: string,
  files: readonly string[],
  tests: readonly string[],
  rules: readonly RegoRule[],
): readonly Problem[] {
  const linted = files.map((file) => ({
    file,
    text: readFileSync(join(root, file), 'utf8'),
    tested: tests.includes(file.replace(/\.rego$/, '_test.rego')),
  }))
  return lintPolicies(linted, rules)
}

/** Changes with every file that a check reads. */
function sourceStates(root: string): string {
  const files = ['config', 'policies'].flatMap((folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
      : [],
  )
  return fileStates(root, files)
}

function rowsOf(root: string, system: string) {
  const problems: Problem[] = []
  return { rows: decisionRowsOf(root, [system], problems), problems: problems as readonly Problem[] }
}

/**
 * Without what was said of the same line in the same words: what does not parse stops several checks, and not all of
 * them know the column.
 */
function eachOnce(checks: readonly CheckResult[]): readonly CheckResult[] {
  const said = new Set<string>()
  const isNews = (problem: Problem) => {
    const key = formatProblem({ ...problem, column: 0 })
    if (said.has(key)) return false
    said.add(key)
    return true
  }
  return checks.map((check) => {
    // In reading order.
    const problems = new DocumentError(check.problems).problems.filter(isNews)
    if (check.problems.length === 0 || problems.length > 0) return { ...check, problems }
    return { ...check, count: 0, problems, skipped: 'what is told of another check stops it' }
  })
}
