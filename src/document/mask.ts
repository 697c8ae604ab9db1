/** The names that a JSON Pointer (RFC 6901) goes through. */
export function namesOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/**
 * A copy of `value` with `by` in place of what `names` lead to, or without it where `by` is undefined; `found` is told
 * what was there. What is not there changes nothing. Throws an `Error` where the names lead into a text or a number: a
 * value of another shape than expected may be the very one that was to be hidden.
 */
export function replaceAt(
  value: unknown,
  names: readonly string[],
  by: string | undefined,
  found: (hidden: unknown) => void,
): unknown {
  const [name, ...rest] = names
  if (name === undefined) {
    found(value)
    return by
  }
  if (value === undefined || value === null) return value
  if (typeof value !== 'object' || (Array.isArray(value) && !/^\d+$/.test(name)))
    throw new Error('a mask leads into a value that has no members')
  if (!Object.hasOwn(value, name)) return value
  return withMember(value, name, replaceAt((value as Record<string, unknown>)[name], rest, by, found))
}

/** A copy with another value of one member, or without the member. `fromEntries` so that `__proto__` is a plain name. */
export function withMember(value: object, name: string, inner: unknown): unknown {
  const entries = Object.entries(value)
  const copy =
    inner === undefined
      ? entries.filter(([other]) => other !== name)
      : entries.map((entry) => (entry[0] === name ? ([name, inner] as const) : entry))
  return Array.isArray(value) ? copy.map(([, item]) => item) : Object.fromEntries(copy)
}
