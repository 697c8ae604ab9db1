/**
 * The resource type that an action is about, which stands before its colon. Undefined for an action without one: it goes
 * with any type.
 */
export function actionType(action: string): string | undefined {
  const colon = action.indexOf(':')
  return colon === -1 ? undefined : action.slice(0, colon)
}

/** Whether an action may be asked of a resource type. */
export function goesWith(action: string, type: string): boolean {
  const expected = actionType(action)
  return expected === undefined || expected === type
}
