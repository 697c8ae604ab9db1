import { buildProject, projectAt } from '../app/project.ts'
import { reviewPolicy } from '../app/review-policy.ts'
import { nearest } from '../document/nearest.ts'
import type { ModelSystem, ReviewedPolicy } from '../review/reviewed-policy.ts'
import { CommandError, type Io } from './command.ts'
import { createProgress } from './progress.ts'
import { reportingErrors } from './project-errors.ts'

/** The policy of a project's folder, built where its sources changed. */
export function reviewedProject(folder: string | undefined, io: Io): Promise<ReviewedPolicy> {
  const progress = createProgress(io.stderr, { isTTY: io.stderr.terminal, env: io.env })
  return reportingErrors(async () => {
    const { bundle } = await buildProject(projectAt(folder ?? '.'), io.env, progress)
    return reviewPolicy(bundle)
  })
}

/** The systems to look at: the one that is named, or all. */
export function chosenSystems({ model }: ReviewedPolicy, name: string | undefined): readonly [string, ModelSystem][] {
  if (name !== undefined) knownWord('system', name, Object.keys(model))
  return Object.entries(model).filter(([system]) => name === undefined || system === name)
}

/** Refuses a word that is not among those that there are. */
export function knownWord(what: string, word: string, known: readonly string[]): void {
  if (known.includes(word)) return
  const near = nearest(word, known)
  throw new CommandError(
    `unknown ${what} \`${word}\`${near === undefined ? '' : `; did you mean \`${near}\``}`,
    `known: ${known.map((one) => `\`${one}\``).join(', ')}`,
  )
}
