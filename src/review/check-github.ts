import { type Problem, sentence } from '../document/problem.ts'
import type { CheckReport } from './check-report.ts'

/** GitHub's workflow commands: an annotation at the place of each problem. */
export function checkGithub(report: CheckReport): string {
  return report.checks
    .flatMap(({ name, problems }) => problems.map((problem) => `${annotation(name, problem)}\n`))
    .join('')
}

function annotation(check: string, problem: Problem): string {
  const { file, line, column } = problem
  const at = line === 0 ? '' : `,line=${line},col=${column}`
  return `::error file=${property(file)}${at},title=${property(`postern ${check}`)}::${escaped(sentence(problem))}`
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

/** A property ends at a comma, its name at a colon. */
function property(text: string): string {
  return escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
