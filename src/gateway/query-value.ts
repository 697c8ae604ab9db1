import { percentDecoded } from './canonical-path.ts'

/**
 * The value of a query parameter: undefined when it is not there, `ambiguous` when two readers could find different
 * ones. Frameworks take the first or the last of a repeated one, split at `;` or not, and read `+` as a space or not.
 */
export function queryValue(query: string, name: string): { readonly value: string } | undefined | 'ambiguous' {
  if (query.includes(';')) return 'ambiguous'
  let found: { readonly value: string } | undefined
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=')
    const key = percentDecoded(equals < 0 ? pair : pair.slice(0, equals))
    if (key === undefined) return 'ambiguous'
    if (key !== name) continue
    const written = equals < 0 ? '' : pair.slice(equals + 1)
    const value = percentDecoded(written)
    if (found !== undefined || value === undefined || written.includes('+') || /\p{Cc}/u.test(value)) return 'ambiguous'
    found = { value }
  }
  return found
}
