/** The parts of an event that come from outside. */
export interface Maskable {
  readonly input?: unknown
  readonly result?: unknown
}

export interface Masks {
  /** JSON Pointers below `/input` or `/result` whose values are taken out. */
  readonly erase: readonly string[]
  /** Those whose values are replaced by `***`. */
  readonly mask: readonly string[]
}

export interface Masked extends Maskable {
  readonly erased: readonly string[]
  readonly masked: readonly string[]
}

/**
 * The event without what the pointers name; the original is not touched. Throws an `Error` where a pointer leads into a
 * text or a number: a value of another shape than expected may be the very one that was to be hidden.
 */
export function applyMasks(event: Maskable, { erase, mask }: Masks): Masked {
  const erased: string[] = []
  const masked: string[] = []
  let hidden: unknown = event
  for (const pointer of erase) hidden = replaceAt(hidden, pointer, undefined, erased)
  for (const pointer of mask) hidden = replaceAt(hidden, pointer, '***', masked)
  return { ...(hidden as Maskable), erased, masked }
}

function replaceAt(event: unknown, pointer: string, by: string | undefined, done: string[]): unknown {
  const names = pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  const within = (value: unknown, at: number): unknown => {
    const name = names[at]
    if (name === undefined) {
      done.push(pointer)
      return by
    }
    if (value === undefined || value === null) return value
    if (typeof value !== 'object' || (Array.isArray(value) && !/^\d+$/.test(name)))
      throw new Error('a mask leads into a value that has no members')
    if (!Object.hasOwn(value, name)) return value
    return withMember(value, name, within((value as Record<string, unknown>)[name], at + 1))
  }
  return within(event, 0)
}

const credentialName =
  '(?:proxy-)?authorization|(?:set-)?cookie|x-api-key|password|secret|client_secret|(?:(?:access|refresh|id)_)?token'
const namesCredential = new RegExp(`^(?:${credentialName})$`, 'i')
/** What an `Authorization` header holds, and a JSON Web Token by itself. */
const isCredential = /^\s*(?:(?:bearer|basic|digest|dpop|negotiate)\s+\S{8}|eyJ[\w-]+\.[\w-]+\.[\w-]*\s*$)/i
const mayHoldCredential = new RegExp(
  `"(?:${credentialName})":|"(?:\\s|\\\\.)*(?:(?:bearer|basic|digest|dpop|negotiate)[\\s\\\\]|eyJ)`,
  'i',
)

/**
 * Takes out of `input`, whatever the settings say, each member that is named like a credential or holds an
 * `Authorization` value. `text` is the input as JSON: almost always it shows that there is nothing to look for.
 */
export function eraseCredentials(input: unknown, text: string, erased: string[]): unknown {
  if (!mayHoldCredential.test(text)) return input
  const cleaned = (value: unknown, path: string): unknown => {
    if (typeof value !== 'object' || value === null) return value
    let result: unknown = value
    // Backwards, so that taking an item out of a list leaves the places of those still to be looked at.
    for (const [name, inner] of Object.entries(value).reverse()) {
      const pointer = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
      if (namesCredential.test(name) || (typeof inner === 'string' && isCredential.test(inner))) {
        erased.push(pointer)
        result = withMember(result as object, name, undefined)
        continue
      }
      const kept = cleaned(inner, pointer)
      if (kept !== inner) result = withMember(result as object, name, kept)
    }
    return result
  }
  return cleaned(input, '/input')
}

/** A copy with another value of one member, or without the member. `fromEntries` so that `__proto__` is a plain name. */
function withMember(value: object, name: string, inner: unknown): unknown {
  const entries = Object.entries(value)
  const copy =
    inner === undefined
      ? entries.filter(([other]) => other !== name)
      : entries.map((entry) => (entry[0] === name ? ([name, inner] as const) : entry))
  return Array.isArray(value) ? copy.map(([, item]) => item) : Object.fromEntries(copy)
}
