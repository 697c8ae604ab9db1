import { type ErrorCode, PosternError } from '../pdp/errors.ts'

interface Fault {
  readonly code: ErrorCode
  pointer: string
}

/** A longer name is not repeated in an answer; the pointer then ends at the object that holds it. */
const longestName = 128

/** Texts seen by the walk under way, names included. One walk at a time: nothing in it waits. */
let strings = 0

/**
 * Refuses JSON values that other readers of the same text could understand differently (RFC 7493, I-JSON), and nesting
 * over `depth` levels. One walk, no allocation unless something is wrong, never deeper than `depth` on the stack. Returns
 * how many texts the value holds, names included.
 *
 * @throws PosternError `not_well_formed`, `number_out_of_range` or `too_deep`, with the place as a JSON Pointer
 */
export function guardJson(value: unknown, depth: number): number {
  strings = 0
  const fault = walk(value, depth)
  if (fault !== undefined) throw new PosternError(fault.code, undefined, { pointer: fault.pointer })
  return strings
}

function walk(value: unknown, levels: number): Fault | undefined {
  if (typeof value === 'string') {
    strings++
    return isWellFormed(value) ? undefined : { code: 'not_well_formed', pointer: '' }
  }
  if (typeof value === 'number') {
    // Written so that NaN, too, fails it.
    return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? undefined : { code: 'number_out_of_range', pointer: '' }
  }
  if (value === null || typeof value !== 'object') return undefined
  if (levels === 0) return { code: 'too_deep', pointer: '' }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const fault = walk(value[index], levels - 1)
      if (fault !== undefined) return within(fault, String(index))
    }
    return undefined
  }
  // JSON.parse makes own, enumerable members only, `__proto__` included; the prototype adds none to this loop.
  for (const name in value) {
    strings++
    if (!isWellFormed(name)) return { code: 'not_well_formed', pointer: '' }
    const fault = walk((value as Record<string, unknown>)[name], levels - 1)
    if (fault !== undefined) return within(fault, name)
  }
  return undefined
}

function within(fault: Fault, name: string): Fault {
  fault.pointer = name.length > longestName ? '' : `${pointerStep(name)}${fault.pointer}`
  return fault
}

/** RFC 6901 section 3: `~` and `/` are escaped, in this order. */
export function pointerStep(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed() // ES2024; every Node that we run on has it
}
