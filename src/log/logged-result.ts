import type { Decision } from '../pdp/decision.ts'
import { applyMasks, type Masks } from './mask.ts'

/** A decision as it is logged. */
export interface LoggedResult {
  /** Members of the event as JSON: what says itself which policy decided and how. */
  readonly outcome: string
  /** Those that repeat the policy's words; undefined where a mask failed. */
  readonly words: string | undefined
  /** JSON Pointers to what was taken out, and to what was replaced. */
  readonly erased: readonly string[]
  readonly masked: readonly string[]
}

/** Makes decisions ready for the log; `masks` are those below `/result`. A decision is frozen, and written once. */
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

function loggedResult(made: Decision, masks: Masks): LoggedResult {
  const { decision, reason, message, rule, limit, obligations } = made
  const whole = { decision, reason, message, rule, ...(limit === undefined ? {} : { limit }), obligations }
  const bundles = { postern: { revision: made.policy } }
  const outcome = `,"bundles":${JSON.stringify(bundles)},"effect":"${decision ? 'allow' : 'deny'}"`
  try {
    const { result, erased, masked } = applyMasks({ result: whole }, masks)
    const shown = result as Partial<typeof whole>
    // What is said again outside `result` is taken from it: a mask hides it in both places.
    const again = shown.reason === undefined ? '' : `,"reason":${JSON.stringify(shown.reason)}`
    return { outcome, words: `${again},"result":${JSON.stringify(shown)}`, erased, masked }
  } catch {
    return { outcome, words: undefined, erased: [], masked: [] }
  }
}
