import type { Problem } from '../document/problem.ts'

/** What one check of a run found. */
export interface CheckResult {
  /** One word, as the formats name it. */
  readonly name: string
  /** What `count` counts, in the plural: `decision rows`. */
  readonly about: string
  readonly count: number
  readonly problems: readonly Problem[]
  /** Why the check was not made; its count is 0 then, and it has no problems. */
  readonly skipped?: string
}

/** One run of `postern check`. */
export interface CheckReport {
  readonly checks: readonly CheckResult[]
  readonly milliseconds: number
}

export function problemsOf(report: CheckReport): readonly Problem[] {
  return report.checks.flatMap((check) => check.problems)
}

/** `1 problem`, `2 problems`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
