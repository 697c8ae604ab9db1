/** What is done to one member's right: it is set, which says whether that changed anything, or asked for. */
export type RightStep = { readonly set: boolean; readonly changed: boolean } | { readonly check: boolean }

/** Whether the member has the right after the step; undefined where the step cannot have come to this. */
export function nextRight(has: boolean, step: RightStep): boolean | undefined {
  if ('check' in step) return step.check === has ? has : undefined
  return step.changed === (step.set !== has) ? step.set : undefined
}
