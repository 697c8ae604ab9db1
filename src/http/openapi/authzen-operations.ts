import { accessPaths } from '../metadata.ts'
import { requestSchema } from '../request-schema.ts'
import { metadataPath } from '../routes.ts'
import { callerErrors, type Operation, type OperationGroup, questionErrors, schemaRef } from './operation.ts'

/** What stands before the path where the tenant is part of it. */
export const ofTenant = '/t/{tenant}'

const tenantParameter = {
  name: 'tenant',
  in: 'path',
  required: true,
  description: 'The tenant that is asked about.',
  schema: { type: 'string' },
}

const contextHeader = {
  name: 'X-Postern-Context',
  in: 'header',
  description: '`full`: decisions have the context that `/authorize` gives them.',
  schema: { type: 'string' },
}

const { subject, action, resource, context, tenant } = requestSchema.properties
const searched = (entity: typeof subject | typeof resource) => ({
  ...entity,
  required: ['type'],
  properties: { type: entity.properties.type, properties: entity.properties.properties },
})

const page = {
  type: 'object',
  properties: {
    token: { type: 'string', description: 'The `next_token` of the page before.' },
    limit: { type: 'integer', minimum: 0, description: 'The most results of a page, the same on each.' },
  },
}

const anyObject = { type: 'object' }
const batch = {
  type: 'object',
  description: 'What stands at the top level stands in, whole, for what an item leaves out.',
  properties: {
    ...Object.fromEntries(['subject', 'action', 'resource', 'context'].map((name) => [name, anyObject])),
    tenant,
    evaluations: { type: 'array', description: 'Up to `limits.batch_items` questions.', items: {} },
    options: {
      type: 'object',
      properties: {
        evaluations_semantic: { enum: ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] },
      },
    },
  },
}

const evaluation = {
  type: 'object',
  required: ['subject', 'action', 'resource'],
  properties: { subject, action, resource, context },
}

const searches = {
  subject: {
    summary: 'Who may do this on this resource?',
    body: {
      type: 'object',
      required: ['subject', 'action', 'resource'],
      properties: { subject: searched(subject), action, resource, context, page },
    },
  },
  resource: {
    summary: 'On what may this subject do this?',
    body: {
      type: 'object',
      required: ['subject', 'action', 'resource'],
      properties: { subject, action, resource: searched(resource), context, page },
    },
  },
  action: {
    summary: 'What may this subject do on this resource?',
    body: { type: 'object', required: ['subject', 'resource'], properties: { subject, resource, context, page } },
  },
}

/** AuthZEN knows no 415. */
const statuses = { unsupported_media_type: 400 }

const asked: readonly Omit<Operation, 'method' | 'errors' | 'statuses'>[] = [
  {
    path: accessPaths.access_evaluation_endpoint,
    id: 'evaluation',
    summary: 'May this subject do this on this resource?',
    description: 'An action that the system does not have is a plain deny.',
    parameters: [contextHeader],
    body: evaluation,
    answer: schemaRef('Evaluation'),
  },
  {
    path: accessPaths.access_evaluations_endpoint,
    id: 'evaluations',
    summary: 'The same for many questions at once',
    description:
      'All are decided by one policy and one state of the tenant. An item that cannot be decided is a refusal in its ' +
      'place, with `context.error`. Without items the body itself is the question.',
    parameters: [contextHeader],
    body: batch,
    answer: {
      anyOf: [
        {
          type: 'object',
          required: ['evaluations'],
          properties: { evaluations: { type: 'array', items: schemaRef('Evaluation') } },
        },
        schemaRef('Evaluation'),
      ],
    },
  },
  ...(['subject', 'resource', 'action'] as const).map((kind) => ({
    path: accessPaths[`search_${kind}_endpoint`],
    id: `search-${kind}`,
    ...searches[kind],
    description: 'A page can be empty and still have a `next_token`; only `""` says that it is the last.',
    answer: schemaRef('SearchResults'),
  })),
]

const metadata: Omit<Operation, 'path' | 'id'> = {
  method: 'get',
  summary: 'Where the APIs are',
  description: 'Once `public_url` says which address callers know the server by.',
  answer: {
    type: 'object',
    required: ['policy_decision_point', ...Object.keys(accessPaths)],
    properties: Object.fromEntries(
      ['policy_decision_point', ...Object.keys(accessPaths)].map((name) => [name, { type: 'string' }]),
    ),
  },
  errors: ['no_public_url', 'evaluation_failed'],
  cache: 'public, max-age=3600',
}

/** AuthZEN's Authorization API 1.0, for the tenant of the question and for that of the path. */
export const authzenOperations: OperationGroup = {
  name: 'AuthZEN',
  description: 'The Authorization API 1.0, without a tenant in the path and with one.',
  operations: [
    ...asked.flatMap((one): readonly Operation[] => {
      const errors = [
        ...questionErrors,
        ...(one.id === 'evaluations' ? (['too_many_items', 'tenant_changed'] as const) : []),
      ]
      const operation = { ...one, method: 'post', errors, statuses } as const
      return [
        operation,
        {
          ...operation,
          path: `${ofTenant}${one.path}`,
          id: `${one.id}-of-tenant`,
          parameters: [tenantParameter, ...(one.parameters ?? [])],
        },
      ]
    }),
    { ...metadata, path: metadataPath, id: 'metadata' },
    {
      ...metadata,
      path: `${metadataPath}${ofTenant}`,
      id: 'metadata-of-tenant',
      parameters: [tenantParameter],
      errors: [...metadata.errors, ...callerErrors, 'unknown_tenant'],
    },
  ],
}
