import type { Decision } from '../pdp/decision.ts'

/** What the platform itself says about plans; a bound of a plan, such as its seats, is told by its figures. */
const ofPlans: ReadonlySet<string> = new Set(['role_not_on_plan', 'plan_not_eligible'])

/** Whether a decision denies what the tenant could have on another plan, or with more seats. */
export function isPlanDenial({ decision, reason, limit }: Decision): boolean {
  return !decision && (limit?.plan !== undefined || ofPlans.has(reason))
}
