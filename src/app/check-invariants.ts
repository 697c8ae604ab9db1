import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readBases } from '../review/decision-bases.ts'
import { type Breach, breachesOf, mustDeny, type PlacedInvariant, readInvariants } from '../review/invariants.ts'
import { questionsOf } from '../review/questions.ts'
import type { ReviewedPolicy } from '../review/reviewed-policy.ts'

/** What a search for counterexamples found, of how many invariants, over how many requests. */
export interface InvariantSearch {
  readonly found: readonly (Breach & Pick<PlacedInvariant, 'at'>)[]
  readonly count: number
  readonly asked: number
}

/**
 * Holds config/invariants.yaml of a project against every request of the space. Throws a `DocumentError` where the file
 * or a system's requests cannot be read.
 */
export function searchInvariants(root: string, reviewed: ReviewedPolicy): InvariantSearch {
  const placed = readInvariants(root, reviewed)
  const searches = Object.keys(reviewed.model).map((system) => {
    const own = placed.filter(({ invariant }) => invariant.system === system)
    const questions = questionsOf(system, [reviewed], [readBases(root, system)])
    return {
      asked: questions.length,
      found: withPlaces(own, breachesOf(own, reviewed, mustDeny(own, reviewed, questions))),
    }
  })
  return {
    found: searches.flatMap(({ found }) => found).sort((a, b) => a.at.line - b.at.line),
    count: placed.length,
    asked: searches.reduce((sum, { asked }) => sum + asked, 0),
  }
}

/** The invariants that are broken, each where it is written. */
export function withPlaces(
  own: readonly PlacedInvariant[],
  breaches: readonly (Breach | undefined)[],
): InvariantSearch['found'] {
  return own.flatMap(({ at }, index) => {
    const breach = breaches[index]
    return breach === undefined ? [] : [{ at, ...breach }]
  })
}

export function hasInvariants(root: string): boolean {
  return existsSync(join(root, 'config/invariants.yaml'))
}

/** The texts that the requests of a system are made from, beside its policy. */
export function basesText(root: string, system: string): string {
  const texts = ['decisions.yaml', 'demo.yaml'].map((name) => {
    const path = join(root, 'config/systems', system, name)
    return existsSync(path) ? readFileSync(path, 'utf8') : null
  })
  return JSON.stringify(texts)
}
