import { isDeepStrictEqual } from 'node:util'
import type { Obligation } from '../pdp/decision.ts'

/** How obligations that were given differ from those that were expected. */
export interface ObligationDifference {
  /** Expected, and no given one meets it. */
  readonly missing: readonly Obligation[]
  /** Given, and none expected is met by it. */
  readonly unexpected: readonly Obligation[]
}

/** The same types as often, in any order; a parameter that is not expected is not compared. */
export function compareObligations(
  given: readonly Obligation[],
  expected: readonly Obligation[],
): ObligationDifference {
  const unexpected = [...given]
  const missing = expected.filter((wanted) => {
    const index = unexpected.findIndex((one) =>
      Object.entries(wanted).every(([name, value]) => isDeepStrictEqual(one[name], value)),
    )
    if (index >= 0) unexpected.splice(index, 1)
    return index < 0
  })
  return { missing, unexpected }
}

/** Whether there is no difference. */
export function meetObligations(given: readonly Obligation[], expected: readonly Obligation[]): boolean {
  const { missing, unexpected } = compareObligations(given, expected)
  return missing.length === 0 && unexpected.length === 0
}
