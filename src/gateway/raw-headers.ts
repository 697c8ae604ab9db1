import { Refusal } from './refusals.ts'

/** Names and values in turn, as they came: Node joins or drops what is repeated in every other view of them. */
export type RawHeaders = readonly string[]

/**
 * The one value of a header, undefined when it was not sent. A `-` is never read as `_` or the reverse.
 *
 * @throws Refusal when it was sent twice, or is not printable ASCII
 */
export function headerOnce(headers: RawHeaders, name: string): string | undefined {
  const wanted = name.toLowerCase()
  let found: string | undefined
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() !== wanted) continue
    if (found !== undefined) throw new Refusal('header_repeated', `\`${name}\` was sent more than once`)
    found = headers[index + 1] ?? ''
  }
  if (found !== undefined && !/^[\x20-\x7e]*$/.test(found))
    throw new Refusal('header_malformed', `\`${name}\` is not printable ASCII`)
  return found
}
