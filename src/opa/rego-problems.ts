import type { Problem } from '../document/problem.ts'
import { ToolchainError } from './toolchain.ts'

/** One error as `opa check` and `opa parse` write it with `--format json`. */
interface OpaError {
  readonly message: string
  readonly location?: { readonly file: string; readonly row: number; readonly col: number }
}

/**
 * The errors in OPA's JSON, each on one line and once, in OPA's order. Columns count characters. `replace` may give a better message and a remedy.
 * Throws a `ToolchainError` where the text is something else: then OPA itself failed, not the policy.
 */
export function problemsInJson(
  text: string,
  replace: (message: string) => Pick<Problem, 'message' | 'remedy'> | undefined = () => undefined,
): readonly Problem[] {
  const problems = parseErrors(text).map(({ message, location }) => ({
    file: location?.file ?? 'policies',
    line: location?.row ?? 0,
    // At the end of a file OPA says column 0.
    column: location === undefined ? 0 : Math.max(location.col, 1),
    ...(replace(message) ?? { message: oneLine(message) }),
  }))
  return withoutRepeats(problems)
}

function parseErrors(text: string): readonly OpaError[] {
  try {
    const { errors } = JSON.parse(text) as { errors?: readonly OpaError[] }
    if (Array.isArray(errors)) return errors
  } catch {
    // Falls through to the error below: not JSON means not a report about policies.
  }
  throw new ToolchainError(`\`opa\` failed: ${oneLine(text) || 'it said nothing'}`)
}

/**
 * The errors in OPA's plain text, `file:line: code: message` each, for the commands that have no JSON; they tell no
 * column. Throws a `ToolchainError` where there is none.
 */
export function problemsInText(text: string): readonly Problem[] {
  const problems = [...text.matchAll(/(?:^|occurred: |loading: )([^\s:][^\n:]*):(\d+): rego_\w+: ([^\n]*)/gm)].map(
    ([, file = '', line, message = '']) => ({ file, line: Number(line), column: 1, message: oneLine(message) }),
  )
  if (problems.length === 0) throw new ToolchainError(`\`opa\` failed: ${oneLine(text) || 'it said nothing'}`)
  return withoutRepeats(problems)
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ', ')
}

/** OPA often says the same twice at one place, the second time with a hint that does not fit: the short one is kept. */
function withoutRepeats(problems: readonly Problem[]): readonly Problem[] {
  const place = ({ file, line, column }: Problem) => `${file}:${line}:${column}`
  return problems.filter((problem, index) => {
    const repeats = (other: Problem, at: number) =>
      place(other) === place(problem) &&
      problem.message.startsWith(other.message) &&
      (problem.message !== other.message || at < index)
    return !problems.some(repeats)
  })
}
