import { type ErrorCode, errorTable } from '../../pdp/errors.ts'
import { type Operation, schemaRef } from './operation.ts'

type Json = Readonly<Record<string, unknown>>

/** What an operation is refused with: an answer for each status, with an example for each of its codes. */
export function refusals({ errors, errorBody, statuses = {}, answer }: Operation, headers: Json) {
  const statusOf = (code: ErrorCode) => statuses[code] ?? errorTable[code].status
  const schema = {
    ours: schemaRef('Error'),
    opa: schemaRef('OpaError'),
    empty: schemaRef('Empty'),
    answer: { anyOf: [schemaRef('Error'), answer] },
  }[errorBody ?? 'ours']
  return Object.fromEntries(
    [...new Set(errors.map(statusOf))].map((status) => {
      const codes = errors.filter((code) => statusOf(code) === status)
      const rows = codes.map((code) => `\`${code}\`: ${errorTable[code].message}; ${errorTable[code].remedy}.`)
      const examples = codes.map((code) => [code, { value: errorExample(code, status, errorBody) }])
      const content = { 'application/json': { schema, examples: Object.fromEntries(examples) } }
      return [status, { description: rows.join('\n'), headers: { ...headers, ...headersOf[status] }, content }]
    }),
  )
}

const text = { required: true, schema: { type: 'string' } }
const headersOf: Readonly<Record<number, Json>> = {
  401: { 'WWW-Authenticate': { description: 'A bearer token.', ...text } },
  429: { 'Retry-After': { description: 'Seconds.', ...text } },
}

function errorExample(code: ErrorCode, status: number, body: Operation['errorBody']): unknown {
  const { message, remedy } = errorTable[code]
  if (body === 'empty') return {}
  if (body === 'opa')
    return { code: status < 500 ? 'invalid_parameter' : 'internal_error', message: `${code}: ${message}` }
  return { error: { code, message, remedy, request_id: 'r-1' } }
}
