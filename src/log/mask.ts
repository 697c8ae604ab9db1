import { namesOf, replaceAt, withMember } from '../document/mask.ts'

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
  for (const pointer of erase) hidden = replaceAt(hidden, namesOf(pointer), undefined, () => erased.push(pointer))
  for (const pointer of mask) hidden = replaceAt(hidden, namesOf(pointer), '***', () => masked.push(pointer))
  return { ...(hidden as Maskable), erased, masked }
}

const credentialName =
  '(?:proxy-)?authorization|(?:set-)?cookie|x-api-key|password|secret|client_secret|(?:(?:access|refresh|id)_)?token'
const namesCredential = new RegExp(`^(?:${credentialName})$`, 'i')
/** What an `Authorization` header holds, and a JSON Web Token by itself. */
const isCredential = /^\s*(?:(?:bearer|basic|digest|dpop|negotiate)\s+\S{8}|eyJ[\w-]+\.[\w-]+\.[\w-]*\s*$)/i
const credentialLike = new RegExp(
  `"(?:${credentialName})"\\s*:|"(?:\\s|\\\\.)*(?:(?:bearer|basic|digest|dpop|negotiate)[\\s\\\\]|eyJ)`,
  'i',
)

/** Whether there is anything to look for in this JSON; almost always there is not. */
export function mayHoldCredential(text: string): boolean {
  return credentialLike.test(text)
}

/**
 * Takes out of `input`, whatever the settings say, each member that is named like a credential or holds an
 * `Authorization` value. `text` is the input as JSON.
 */
export function eraseCredentials(input: unknown, text: string, erased: string[]): unknown {
  if (!mayHoldCredential(text)) return input
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
