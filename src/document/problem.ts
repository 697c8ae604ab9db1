/** One thing that is wrong with one file, at one place. */
export interface Problem {
  /** Relative to the root that the reader was given, with forward slashes; or what stands in for a file (a variable). */
  readonly file: string
  /** 1-based; 0 when the problem has no place in a text. */
  readonly line: number
  /** 1-based, in UTF-16 code units as editors count; 0 when the problem has no place in a text. */
  readonly column: number
  /** One line, lower case, no full stop, the user's own words in backticks. */
  readonly message: string
  /** What to do about it, in the same style. */
  readonly remedy?: string
  /** JSON Pointer of the value, where the problem is about one. */
  readonly pointer?: string
}

/** All that is wrong, in reading order, each thing once. `message` has one line per problem, as `formatProblem` writes it. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    // One line of a file may be at fault in several ways that read the same: it is said once.
    const distinct = new Map(problems.toSorted(byPlace).map((problem) => [formatProblem(problem), problem]))
    super([...distinct.keys()].join('\n'))
    this.problems = Object.freeze([...distinct.values()])
  }
}

/** `file:line:column: message; remedy`, or `file: message; remedy` for a problem without a place. */
export function formatProblem(problem: Problem): string {
  const place = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.column}`
  return `${place}: ${sentence(problem)}`
}

/** `message; remedy`: what to say where the place is told in another way. */
export function sentence(problem: Pick<Problem, 'message' | 'remedy'>): string {
  return problem.remedy === undefined ? problem.message : `${problem.message}; ${problem.remedy}`
}

function byPlace(a: Problem, b: Problem): number {
  // Code unit order, not the locale's: the same list on every machine.
  const files = a.file < b.file ? -1 : Number(a.file > b.file)
  return files || a.line - b.line || a.column - b.column
}
