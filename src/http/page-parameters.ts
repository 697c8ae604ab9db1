import { malformed } from './authzen-question.ts'

const mostListed = 1_000

/** Throws `malformed_request` for a parameter that is not `known`, or that is there twice. */
export function refuseUnknown(parameters: URLSearchParams, known: readonly string[]): void {
  for (const name of new Set(parameters.keys())) {
    if (!known.includes(name)) throw malformed('', `no parameter \`${name}\`; there are ${known.join(', ')}`)
    if (parameters.getAll(name).length > 1) throw malformed('', `\`${name}\` is there twice`)
  }
}

/** How many rows a page may have: 100 unless `limit` says otherwise. Throws `malformed_request`. */
export function pageLimit(parameters: URLSearchParams): number {
  const limit = Number(parameters.get('limit') ?? 100)
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > mostListed)
    throw malformed('', `\`limit\` must be a whole number from 1 to ${mostListed}`)
  return limit
}
