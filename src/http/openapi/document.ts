import { errorTable } from '../../pdp/errors.ts'
import { authzenOperations, ofTenant } from './authzen-operations.ts'
import { decisionOperations } from './decision-operations.ts'
import type { Examples } from './examples.ts'
import { opaOperations } from './opa-operations.ts'
import { type Operation, type OperationGroup, schemaRef } from './operation.ts'
import { processOperations } from './process-operations.ts'
import { refusals } from './refusals.ts'
import { schemas } from './schemas.ts'

type Json = Readonly<Record<string, unknown>>

/** Everything that the decision API answers. An API that is added brings a group of its own. */
const groups: readonly OperationGroup[] = [decisionOperations, authzenOperations, opaOperations, processOperations]

/** An OpenAPI 3.1 document, as far as its page reads it. */
export interface OpenapiDocument {
  readonly openapi: '3.1.0'
  readonly servers: readonly Json[]
  readonly security: readonly Json[]
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly info: Json & { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>
  readonly components: Json & { readonly schemas: Readonly<Record<string, Json>> }
}

export interface DescribedOperation {
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly Json[]
  readonly requestBody?: { readonly required: true; readonly content: Content }
  readonly responses: Readonly<Record<string, DescribedAnswer>>
}

export interface DescribedAnswer {
  readonly description: string
  readonly headers?: Json
  readonly content?: Content
}

export type Content = Readonly<
  Record<string, { readonly schema: Json; readonly examples?: Readonly<Record<string, { value: unknown }>> }>
>

/** Describes the decision API: its paths, every status with its codes, and what each holds. */
export function openapiDocument(version: string, examples: Examples): OpenapiDocument {
  const paths: Record<string, Record<string, DescribedOperation>> = {}
  for (const { name, operations } of groups)
    for (const operation of operations) {
      const at = paths[operation.path] ?? {}
      paths[operation.path] = at
      const made = described(operation, name, examples)
      at[operation.method] = made
      if (operation.method === 'get') at.head = headOf(operation, made)
    }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Postern, the decision API',
      version,
      description: about,
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'Where this document was read.' }],
    security: [{ token: [] }, {}],
    tags: groups.map(({ name, description }) => ({ name, description })),
    paths,
    components: { schemas, headers, parameters: { requestId }, securitySchemes: { token } },
  }
}

const codesOf = (status: number) =>
  Object.entries(errorTable)
    .filter(([, row]) => row.status === status)
    .map(([code]) => `\`${code}\``)
    .join(', ')

const about =
  'Whoever asks treats everything but a 200 as a refusal. A path that is not listed is answered 404 ' +
  `(\`not_found\`), a method that is not listed 405 (${codesOf(405)}) with \`Allow\`. What is not HTTP/1.1 is answered 400, ` +
  `what does not arrive in time 408 (${codesOf(408)}), too large a head 431 (${codesOf(431)}), all three with ` +
  '`Connection: close`. All of these have the body `Error`.'

const token = {
  type: 'http',
  scheme: 'bearer',
  description:
    'An access token (`postern token create`). Needed where the listener is not on loopback and asks for no certificates. ' +
    'Questions take the scope `decide`, or `simulate` where they bring a tenant; explanations, `/metrics` and `/v1/status` take `read`.',
}

const requestId = {
  name: 'X-Request-ID',
  in: 'header',
  description: 'A name for the request: 1 to 128 visible ASCII characters. Anything else counts as not sent.',
  schema: { type: 'string' },
}

const headers = {
  'X-Request-ID': {
    description: 'What the caller sent, or a fresh one.',
    required: true,
    schema: { type: 'string' },
  },
  'Cache-Control': { description: 'Refusals are never stored.', required: true, schema: { const: 'no-store' } },
}
const stored = (value: string) => ({ required: true, schema: { const: value } })
const responseHeaders = Object.fromEntries(
  Object.keys(headers).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
)

function described(
  operation: Operation,
  tag: string,
  examples: Examples,
): DescribedOperation & { operationId: string } {
  const {
    path,
    id,
    summary,
    description,
    parameters = [],
    body,
    answer,
    mediaType = 'application/json',
    cache,
  } = operation
  const example = examples[path.replace(ofTenant, '')]
  return {
    tags: [tag],
    operationId: id,
    summary,
    description,
    parameters: [
      ...parameters.map((parameter) => withExample(parameter, example)),
      { $ref: '#/components/parameters/requestId' },
    ],
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body, example?.request) } }),
    responses: {
      200: {
        description: 'The answer.',
        headers: cache === undefined ? responseHeaders : { ...responseHeaders, 'Cache-Control': stored(cache) },
        content: contentOf(answer, example?.answer, mediaType),
      },
      ...refusals(operation, responseHeaders),
    },
  }
}

/** HEAD is GET without the content. */
function headOf({ id }: Operation, get: DescribedOperation): DescribedOperation & { operationId: string } {
  const responses = Object.entries(get.responses).map(([status, { content: _, ...rest }]) => [status, rest] as const)
  return {
    ...get,
    operationId: `${id}-head`,
    summary: `${get.summary} Without the answer's content.`,
    responses: Object.fromEntries(responses),
  }
}

function contentOf(schema: Json, example: unknown, mediaType = 'application/json'): Content {
  return { [mediaType]: { schema, ...(example === undefined ? {} : { examples: { demo: { value: example } } }) } }
}

/** The tenant and the question of the example stand for a path and a query, too. */
function withExample(parameter: Json, example: Examples[string] | undefined): Json {
  if (example === undefined) return parameter
  const { input, context } = example.request as { input?: unknown; context?: { tenant?: unknown } }
  if ('content' in parameter) return { ...parameter, content: contentOf(schemaRef('Question'), input) }
  return parameter.name === 'tenant' ? { ...parameter, example: context?.tenant } : parameter
}
