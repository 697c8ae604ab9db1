import { PosternError } from '../pdp/errors.ts'
import { pointerStep } from './json-guard.ts'

const quote = 0x22
const backslash = 0x5c

/**
 * Refuses a JSON text in which an object has a member twice (RFC 7493 section 2.3): JSON.parse keeps the last, others the
 * first, so that a gateway and this server could decide about different people. `strings` is how many texts, names
 * included, the parsed value holds; what was dropped had at least its name, so the text then has more. One pass over the
 * bytes, and the place is looked for only when there is one.
 *
 * @throws PosternError `malformed_json`, with the member that comes again as a JSON Pointer
 */
export function refuseRepeatedMember(json: Uint8Array, strings: number): void {
  let quotes = 0
  // Bytes of longer UTF-8 sequences are neither of the two; a backslash stands only within strings.
  for (let index = 0; index < json.length; index++) {
    const byte = json[index]
    if (byte === quote) quotes++
    else if (byte === backslash) index++
  }
  if (quotes === 2 * strings) return
  const pointer = repeatedMember(new TextDecoder().decode(json))
  throw new PosternError('malformed_json', 'an object has a member twice', { pointer })
}

/** An object with the names so far, or a list with the number of its current item. */
interface Level {
  readonly names: Set<string> | undefined
  at: string | number
}

/** The JSON Pointer of the first member that comes again; the text is JSON, so what is looked at can only be one thing. */
function repeatedMember(text: string): string {
  const levels: Level[] = []
  for (let index = 0; index < text.length; index++) {
    const sign = text[index]
    const level = levels.at(-1)
    if (sign === '{') levels.push({ names: new Set(), at: '' })
    else if (sign === '[') levels.push({ names: undefined, at: 0 })
    else if (sign === '}' || sign === ']') levels.pop()
    else if (sign === ',' && typeof level?.at === 'number') level.at++
    else if (sign === '"') {
      const end = endOfString(text, index)
      if (level?.names !== undefined && isName(text, end)) {
        level.at = JSON.parse(text.slice(index, end)) as string
        if (level.names.has(level.at)) return levels.reduce((below, { at }) => below + pointerStep(String(at)), '')
        level.names.add(level.at)
      }
      index = end - 1
    }
  }
  return ''
}

/** Behind the closing quote. */
function endOfString(text: string, start: number): number {
  let index = start + 1
  while (text[index] !== '"') index += text[index] === '\\' ? 2 : 1
  return index + 1
}

const colon = /[ \t\n\r]*:/y

function isName(text: string, end: number): boolean {
  colon.lastIndex = end
  return colon.test(text)
}
