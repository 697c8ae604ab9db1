/** One step of a JSON Patch (RFC 6902), of the three kinds that a change of a tenant document needs. */
export type PatchStep =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }

type Container = Record<string, unknown> | unknown[]

/** A patched copy; what the patch does not touch is shared with `value`. Throws an `Error` for a path that is not there. */
export function applyPatch<T>(value: T, patch: readonly PatchStep[]): T {
  return patch.reduce<unknown>((changed, step) => applied(changed, partsOf(step.path), step), value) as T
}

function partsOf(path: string): string[] {
  // RFC 6901 section 4: `~1` before `~0`.
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function applied(value: unknown, [name, ...rest]: readonly string[], step: PatchStep): unknown {
  if (name === undefined || typeof value !== 'object' || value === null) throw new Error(`nothing is at ${step.path}`)
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Container
  if (rest.length > 0) {
    const inner = Object.hasOwn(copy, name) ? (copy as Record<string, unknown>)[name] : undefined
    ;(copy as Record<string, unknown>)[name] = applied(inner, rest, step)
    return copy
  }
  if (step.op !== 'add' && !Object.hasOwn(copy, name)) throw new Error(`nothing is at ${step.path}`)
  if (!Array.isArray(copy)) {
    if (step.op === 'remove') delete copy[name]
    else copy[name] = step.value
  } else if (step.op === 'remove') copy.splice(Number(name), 1)
  else if (step.op === 'replace') copy[Number(name)] = step.value
  else copy.splice(name === '-' ? copy.length : Number(name), 0, step.value)
  return copy
}

/** A JSON Pointer of these parts. */
export function pointerOf(...parts: readonly (string | number)[]): string {
  return parts.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
