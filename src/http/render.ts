import type { Answer, Decision } from '../pdp/decision.ts'
import { type ErrorCode, errorTable } from '../pdp/errors.ts'

interface FixedParts {
  /** Up to the decision id. */
  readonly head: string
  /** From there up to the revision. */
  readonly policy: string
}

const fixedParts = new WeakMap<Decision, FixedParts>()

/**
 * The body of `POST /authorize`. What belongs to the decision is written once per decision object, which is frozen and
 * shared by everybody who asks the same; a hit costs the concatenation of what belongs to the caller.
 *
 * @throws TypeError when `decision` is not a boolean: that is a defect, and must not leave as an answer
 */
export function renderAnswer(answer: Answer): string {
  const decision = answer.decision
  let fixed = fixedParts.get(decision)
  if (fixed === undefined) {
    fixed = renderFixedParts(decision)
    fixedParts.set(decision, fixed)
  }
  return `${fixed.head}${JSON.stringify(answer.decisionId)}${fixed.policy}${JSON.stringify(answer.revision)},"cache":"${answer.cache}"}}`
}

/** The decision alone, as callers of AuthZEN compare it. Throws as `renderAnswer` does. */
export function renderVerdict({ decision: { decision } }: Answer): string {
  if (typeof decision !== 'boolean') throw new TypeError('a decision must be true or false')
  return decision ? '{"decision":true}' : '{"decision":false}'
}

function renderFixedParts(decision: Decision): FixedParts {
  if (typeof decision.decision !== 'boolean') throw new TypeError('a decision must be true or false')
  const { reason, message, rule, limit, obligations } = decision
  // An undefined limit is left out by JSON.stringify.
  const context = JSON.stringify({ reason, message, rule, limit, obligations })
  return {
    head: `{"decision":${decision.decision},"context":${context.slice(0, -1)},"decision_id":`,
    policy: `,"policy":${JSON.stringify(decision.policy)},"revision":`,
  }
}

/** The body of everything that is not a decision: the row of the error table, and where to look. Never a stack. */
export function renderError(code: ErrorCode, requestId: string, about: { detail?: string; pointer?: string } = {}) {
  const { message, remedy } = errorTable[code]
  const { detail, pointer } = about
  return JSON.stringify({ error: { code, message, detail, pointer, remedy, request_id: requestId } })
}
