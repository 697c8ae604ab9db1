import type { Decision } from '../pdp/decision.ts'
import { applyMasks, type Masks } from './mask.ts'

/** A decision as it is logged; texts are JSON. */
export interface LoggedResult {
  readonly text: string
  /** The reason once more; undefined where it is erased. */
  readonly reason: string | undefined
  /** JSON Pointers to what was taken out, and to what was replaced. */
  readonly erased: readonly string[]
  readonly masked: readonly string[]
}

/**
 * Makes decisions ready for the log; `masks` are those below `/result`. Each decision is written once: they are frozen,
 * and given again and again. Throws an `Error` where a mask fails.
 */
export function resultLogger(masks: Masks): (decision: Decision) => LoggedResult {
  const known = new WeakMap<Decision, LoggedResult>()
  return (decision) => {
    const before = known.get(decision)
    if (before !== undefined) return before
    const made = loggedResult(decision, masks)
    known.set(decision, made)
    return made
  }
}

function loggedResult({ decision, reason, message, rule, limit, obligations }: Decision, masks: Masks): LoggedResult {
  const whole = { decision, reason, message, rule, ...(limit === undefined ? {} : { limit }), obligations }
  const { result, erased, masked } = applyMasks({ result: whole }, masks)
  const shown = result as Partial<typeof whole>
  return { text: JSON.stringify(shown), reason: JSON.stringify(shown.reason), erased, masked }
}
