import { formatProblem, type Problem } from '../document/problem.ts'
import { type CheckReport, type CheckResult, counted, problemsOf } from './check-report.ts'

/** A line of a file (1-based), where it can be read. */
export type LineOf = (file: string, line: number) => string | undefined

/** For people: each check on a line, then the problems of each, the written line with a caret under the place. */
export function checkText(report: CheckReport, lineOf: LineOf): string {
  const width = Math.max(...report.checks.map(({ name }) => name.length))
  const lines = report.checks.map((check) => `${check.name.padEnd(width)}  ${verdict(check)}`)
  for (const check of report.checks) {
    if (check.problems.length === 0) continue
    lines.push('', check.name, ...check.problems.flatMap((problem) => problemLines(problem, lineOf)))
  }
  const found = counted(problemsOf(report).length, 'problem')
  lines.push('', `${found} in ${counted(report.checks.length, 'check')}, ${(report.milliseconds / 1000).toFixed(1)} s`)
  return `${lines.join('\n')}\n`
}

function verdict({ problems, count, about, skipped }: CheckResult): string {
  if (problems.length > 0) return `FAIL  ${counted(problems.length, 'problem')}`
  return skipped === undefined ? `ok    ${count} ${about}` : `skip  ${skipped}`
}

function problemLines(problem: Problem, lineOf: LineOf): string[] {
  const { remedy, ...said } = problem
  const lines = [`  ${formatProblem(said)}`]
  const written = problem.line === 0 ? undefined : lineOf(problem.file, problem.line)
  if (written !== undefined) {
    const number = String(problem.line)
    // A tab stays a tab, so that the caret stands below its character however wide the terminal shows one.
    const indent = written.slice(0, problem.column - 1).replace(/[^\t]/g, ' ')
    lines.push(`    ${number} | ${shown(written)}`.trimEnd(), `    ${' '.repeat(number.length)} | ${indent}^`)
  }
  if (remedy !== undefined) lines.push(`    to do: ${remedy}`)
  return lines
}

/** What a terminal would obey instead of showing is left out of the line, character for character. */
function shown(line: string): string {
  return line.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, (char) => (char === '\t' ? char : '\ufffd'))
}
