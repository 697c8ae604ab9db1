import { type Operation, type OperationGroup, questionErrors, schemaRef } from './operation.ts'

const options = ['pretty', 'metrics', 'provenance'].map((name) => ({
  name,
  in: 'query',
  description: 'Asked for by its name alone or by `true`.',
  schema: { type: 'string' },
}))

const inputParameter = {
  name: 'input',
  in: 'query',
  required: true,
  description: 'The question as JSON.',
  content: { 'application/json': { schema: schemaRef('Question') } },
}

const inputBody = {
  type: 'object',
  required: ['input'],
  properties: { input: schemaRef('Question') },
}

const documents = [
  { name: 'decision', schema: schemaRef('OpaDecision'), says: 'The decision as an object' },
  { name: 'allow', schema: { type: 'boolean' }, says: 'The decision, strictly true or false' },
]

/** What clients of OPA call, for the documents that exist. */
export const opaOperations: OperationGroup = {
  name: "OPA's REST API",
  description: 'What clients of OPA call, for the documents that exist.',
  operations: [
    ...documents.flatMap(({ name, schema, says }): readonly Operation[] => {
      const shared = {
        path: `/v1/data/authz/${name}`,
        answer: dataAnswer(schema),
        errors: questionErrors,
        errorBody: 'opa',
      } as const
      return [
        {
          ...shared,
          method: 'post',
          id: `opa-${name}`,
          summary: `${says}, the question in the body`,
          description: 'Other documents are undefined, as OPA has it: 200 with an object that has no `result`.',
          parameters: options,
          body: inputBody,
        },
        {
          ...shared,
          method: 'get',
          id: `opa-${name}-by-query`,
          summary: `${says}, the question in the query`,
          description: 'As with `POST`. Questions end up in access logs this way.',
          parameters: [inputParameter, ...options],
          // A query is no body: it has no media type, and no limit but that of the headers.
          errors: questionErrors.filter((code) => code !== 'unsupported_media_type' && code !== 'too_large'),
        },
      ]
    }),
    {
      path: '/',
      method: 'post',
      id: 'opa-default',
      summary: 'The decision without `input` and `result` around',
      description: "OPA's default decision.",
      body: schemaRef('Question'),
      answer: schemaRef('OpaDecision'),
      errors: questionErrors,
      errorBody: 'opa',
    },
  ],
}

function dataAnswer(result: Readonly<Record<string, unknown>>) {
  return {
    type: 'object',
    required: ['decision_id', 'result'],
    properties: {
      decision_id: { type: 'string' },
      provenance: { type: 'object', description: 'Version of the server and digest of the policy, when asked for.' },
      metrics: { type: 'object', description: 'Nanoseconds, when asked for.' },
      result,
    },
  }
}
