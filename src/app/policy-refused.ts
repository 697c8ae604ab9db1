import { DocumentError, formatProblem } from '../document/problem.ts'

/** A policy that must not be activated; everything that is wrong with it, one line each, with its place where it has one. */
export class PolicyRefused extends Error {
  override readonly name = 'PolicyRefused'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = Object.freeze([...problems])
  }
}

/** What to say of anything that kept a policy from being activated: at least one line. */
export function problemLines(error: unknown): readonly string[] {
  if (error instanceof PolicyRefused) return error.problems
  if (error instanceof DocumentError) return error.problems.map(formatProblem)
  const message = error instanceof Error ? error.message : String(error)
  return [message.replaceAll(/\s*\n\s*/g, ' ')]
}
