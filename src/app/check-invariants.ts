import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DocumentError, type Problem } from '../document/problem.ts'
import { readBases } from '../review/decision-bases.ts'
import { type Breach, breaches, readInvariants } from '../review/invariants.ts'
import { questionsOf } from '../review/questions.ts'
import type { ReviewedPolicy } from '../review/reviewed-policy.ts'

/** What a search for counterexamples found, of how many invariants, over how many requests. */
export interface InvariantSearch {
  readonly found: readonly Breach[]
  readonly count: number
  readonly asked: number
}

/**
 * Holds config/invariants.yaml of a project against every request of the space. Throws a `DocumentError` where the file
 * or a system's requests cannot be read.
 */
export function searchInvariants(root: string, reviewed: ReviewedPolicy): InvariantSearch {
  const file = readInvariants(root, reviewed)
  const questions = Object.keys(reviewed.model).flatMap((system) =>
    questionsOf(system, [reviewed], [readBases(root, system)]),
  )
  return { found: breaches(file, reviewed, questions), count: file.value.invariants.length, asked: questions.length }
}

/** The texts that a search depends on beside the policy, for whoever keeps its answer; undefined without invariants. */
export function invariantSources(root: string, systems: readonly string[]): string | undefined {
  const asked = systems.flatMap((system) => [`${system}/decisions.yaml`, `${system}/demo.yaml`])
  const [invariants, ...rest] = ['config/invariants.yaml', ...asked.map((name) => `config/systems/${name}`)].map(
    (name) => (existsSync(join(root, name)) ? readFileSync(join(root, name), 'utf8') : undefined),
  )
  return invariants === undefined ? undefined : JSON.stringify([invariants, ...rest])
}

/** The same as problems: each broken invariant at its place, with the request that breaks it. */
export function checkInvariants(
  root: string,
  reviewed: ReviewedPolicy,
): { readonly count: number; readonly problems: readonly Problem[] } {
  try {
    const { found, count } = searchInvariants(root, reviewed)
    const problems = found.map(({ at, message, witness }) => ({
      ...at,
      message,
      remedy: `correct the policy or the invariant; \`postern eval --request\` explains \`${JSON.stringify(witness)}\``,
    }))
    return { count, problems }
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    return { count: 0, problems: error.problems }
  }
}
