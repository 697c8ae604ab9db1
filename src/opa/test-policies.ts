import type { Problem } from '../document/problem.ts'
import { problemsInText } from './rego-problems.ts'
import { type OpaToolchain, runOpa } from './toolchain.ts'

interface TestResult {
  readonly name: string
  readonly location: { readonly file: string; readonly row: number; readonly col: number }
  readonly fail?: boolean
  readonly error?: unknown
}

interface Coverage {
  readonly files: Readonly<Record<string, { readonly not_covered?: readonly { readonly start: { row: number } }[] }>>
}

export interface PolicyTests {
  readonly count: number
  readonly problems: readonly Problem[]
}

/**
 * Runs the Rego tests below `policies`: those that fail, and the lines of `files` that no test reaches. Rejects with a
 * `ToolchainError` when OPA cannot be run.
 */
export async function testPolicies(
  toolchain: OpaToolchain,
  root: string,
  files: readonly string[],
): Promise<PolicyTests> {
  const run = (...flags: string[]) =>
    runOpa(toolchain, ['test', 'policies', '--format', 'json', ...flags], { cwd: root })
  const [tests, coverage] = await Promise.all([run(), run('--coverage')])
  if (tests.stdout.trim() === '') {
    // Nothing but an error that stops the tests leaves the output empty: no test at all is an empty list.
    return { count: 0, problems: problemsInText(tests.stderr) }
  }
  const results = (JSON.parse(tests.stdout) ?? []) as readonly TestResult[]
  const failed = results
    .filter(({ fail, error }) => fail === true || error !== undefined)
    .map(({ name, location, error }) => ({
      file: location.file,
      line: location.row,
      column: location.col,
      message: `\`${name}\` ${error === undefined ? 'fails' : `stops: ${words(error)}`}`,
      remedy: 'correct the rule, or what the test expects of it',
    }))
  // Coverage is written only of tests that pass.
  const { files: reached } = (tests.code === 0 ? JSON.parse(coverage.stdout) : { files: {} }) as Coverage
  const unreached = files.flatMap((file) =>
    (reached[file]?.not_covered ?? []).map(({ start }) => ({
      file,
      line: start.row,
      column: 1,
      message: 'no test of the policies reaches this line',
      remedy: `write one in ${file.replace(/\.rego$/, '_test.rego')}`,
    })),
  )
  return { count: results.length, problems: [...failed, ...unreached] }
}

function words(error: unknown): string {
  const { message } = error as { message?: unknown }
  return String(message ?? JSON.stringify(error)).replace(/\s*\n\s*/g, ', ')
}
