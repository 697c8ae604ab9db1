import { dirname } from 'node:path'
import type { Problem } from '../document/problem.ts'
import { fileClosure, type RegoRule } from './rego-index.ts'
import { problemsInText } from './rego-problems.ts'
import { type OpaToolchain, runOpa } from './toolchain.ts'

interface TestResult {
  readonly name: string
  readonly location: { readonly file: string; readonly row: number; readonly col: number }
  readonly fail?: boolean
  readonly error?: unknown
}

interface Coverage {
  readonly files: Readonly<Record<string, { readonly not_covered?: readonly Range[] }>>
}

interface Range {
  readonly start: { readonly row: number }
  readonly end: { readonly row: number }
}

/** Rego files that are tested on their own, relative to the root: tests, and all that they may reach. */
export interface TestGroup {
  /** The folder of the tests. */
  readonly name: string
  readonly files: readonly string[]
}

/** What the tests of a group found. */
export interface PolicyTests {
  readonly count: number
  readonly problems: readonly Problem[]
  /** Lines of each file of the group that no test of it reaches; undefined where a test fails. */
  readonly unreached: ReadonlyMap<string, ReadonlySet<number>> | undefined
}

/**
 * A group for each system and for each folder of what systems share: all files of its folder, and those shared files
 * whose rules these may reach, so that the tests of what nobody touched need not run again. `rules` are the clauses of
 * all files; without them every shared file counts as reached.
 */
export function testGroups(
  files: readonly string[],
  tests: readonly string[],
  rules: readonly RegoRule[] | undefined,
): readonly TestGroup[] {
  const systemOf = (file: string) => /^policies\/systems\/[^/]+(?=\/)/.exec(file)?.[0]
  const folderOf = (file: string) => systemOf(file) ?? dirname(file)
  const all = [...files, ...tests]
  const reachedOf = rules === undefined ? undefined : fileClosure(rules)
  return [...new Set(all.map(folderOf))].sort().map((name) => {
    const own = all.filter((file) => folderOf(file) === name)
    const shared = files.filter((file) => systemOf(file) === undefined && !own.includes(file))
    const reached = reachedOf?.(own, [...shared, ...own])
    return { name, files: [...shared.filter((file) => reached?.has(file) ?? true), ...own] }
  })
}

/**
 * Runs the tests among the files. Who knows how many there are saves listing them where they pass. Rejects with a
 * `ToolchainError` when OPA cannot be run.
 */
export async function testPolicies(
  toolchain: OpaToolchain,
  root: string,
  { files }: TestGroup,
  known?: number,
): Promise<PolicyTests> {
  const run = (...flags: string[]) => runOpa(toolchain, ['test', ...files, '--format', 'json', ...flags], { cwd: root })
  // Without the further runs that say why a line is not reached, each as long as the first.
  const cover = () => run('--coverage', '--coverage-runs=')
  if (known !== undefined) {
    const { code, stdout } = await cover()
    if (code === 0) return { count: known, problems: [], unreached: unreachedIn(stdout, files) }
  }
  const [tests, coverage] = await Promise.all([run(), cover()])
  if (tests.stdout.trim() === '') {
    // Nothing but an error that stops the tests leaves the output empty: no test at all is an empty list.
    return { count: 0, problems: problemsInText(tests.stderr), unreached: undefined }
  }
  const results = (JSON.parse(tests.stdout) ?? []) as readonly TestResult[]
  const problems = results
    .filter(({ fail, error }) => fail === true || error !== undefined)
    .map(({ name, location, error }) => ({
      file: location.file,
      line: location.row,
      column: location.col,
      message: `\`${name}\` ${error === undefined ? 'fails' : `stops: ${words(error)}`}`,
      remedy: 'correct the rule, or what the test expects of it',
    }))
  // Coverage is written only of tests that pass.
  if (tests.code !== 0) return { count: results.length, problems, unreached: undefined }
  return { count: results.length, problems, unreached: unreachedIn(coverage.stdout, files) }
}

function unreachedIn(coverage: string, files: readonly string[]): PolicyTests['unreached'] {
  const report = JSON.parse(coverage) as Coverage
  return new Map(files.map((file) => [file, new Set((report.files[file]?.not_covered ?? []).flatMap(rowsOf))]))
}

/** The lines of `files` that the tests of no group reach, where all tests pass. */
export function unreachedLines(files: readonly string[], groups: readonly PolicyTests[]): readonly Problem[] {
  const found = groups.map(({ unreached }) => unreached)
  if (!found.every((unreached) => unreached !== undefined)) return []
  return files.flatMap((file) => {
    const [first = new Set<number>(), ...others] = found.flatMap((unreached) => unreached.get(file) ?? [])
    const rows = [...first].filter((row) => others.every((unreached) => unreached.has(row)))
    // Of lines one below the other the first is named.
    const beginnings = rows.filter((row) => !rows.includes(row - 1))
    return beginnings.map((line) => ({
      file,
      line,
      column: 1,
      message: 'no test of the policies reaches this line',
      remedy: `write one in ${file.replace(/\.rego$/, '_test.rego')}`,
    }))
  })
}

function rowsOf({ start, end }: Range): readonly number[] {
  return Array.from({ length: end.row - start.row + 1 }, (_, index) => start.row + index)
}

function words(error: unknown): string {
  const { message } = error as { message?: unknown }
  return String(message ?? JSON.stringify(error)).replace(/\s*\n\s*/g, ', ')
}
