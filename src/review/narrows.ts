/** A value of the compiled tables before and after; undefined where it is not there. */
interface Turned {
  /** Below the model: system, part, names. */
  readonly path: readonly string[]
  readonly before: unknown
  readonly after: unknown
}

/**
 * Whether a change of a table can only take away, by what the table means and whatever is asked. All that is not known
 * to do so counts as a change that may give.
 */
export function narrows({ path, before, after }: Turned): boolean {
  const [, part, , member, ...rest] = path
  const isGone = after === undefined
  const isNew = before === undefined
  if (part === 'messages' || part === 'limits') return true
  // The role, plan or permission as a whole.
  if (member === undefined) return isGone
  if (part === 'roles') return member === 'plans' && (rest.length === 0 ? isNew : isGone)
  if (part === 'plans') return member === 'seats' ? areFewer(before, after) : member === 'features' && isGone
  if (part !== 'permissions') return false
  switch (member) {
    case 'cells':
      if (rest.length <= 1) return isGone
      return rest[1] === 'reason' || (rest[1] === 'todo' && asksMore(rest.slice(2), before, after))
    case 'todo':
      return asksMore(rest, before, after)
    // The states that the target may be in: none listed are all.
    case 'from':
      return rest.length === 0 ? isNew : isGone
    case 'services':
      return rest.length > 0 && isGone
    case 'feature':
      return isNew
    case 'on_deny':
      return true
    default:
      return false
  }
}

/** Seats; null is any number of them. */
function areFewer(before: unknown, after: unknown): boolean {
  return typeof after === 'number' && (before === null || (typeof before === 'number' && after < before))
}

/** Whether every rule that was asked is asked still. */
function asksMore([stage]: readonly string[], before: unknown, after: unknown): boolean {
  if (stage === undefined || before === undefined) return before === undefined
  if (!Array.isArray(before) || !Array.isArray(after)) return false
  const asked = new Set(after.map((rule) => JSON.stringify(rule)))
  return before.every((rule) => asked.has(JSON.stringify(rule)))
}
