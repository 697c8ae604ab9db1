import { callerErrors, type OperationGroup, schemaRef } from './operation.ts'

const verbose = {
  name: 'verbose',
  in: 'query',
  description: 'Lists the checks. Its presence counts, not its value.',
  schema: { type: 'string' },
}

/** What probes, scrapers and readers of this document call. */
export const processOperations: OperationGroup = {
  name: 'The process',
  description: 'For probes, scrapers and readers of this document.',
  operations: [
    {
      path: '/livez',
      method: 'get',
      id: 'livez',
      summary: 'Does the process turn?',
      description: 'Nothing more: a restart would lose the last good policy.',
      answer: { type: 'object', required: ['status'], properties: { status: { const: 'live' } } },
      errors: [],
    },
    {
      path: '/readyz',
      method: 'get',
      id: 'readyz',
      summary: 'Is a policy active, and the process not stopping?',
      description: 'With `verbose` the 503 has the body of the 200.',
      parameters: [verbose],
      answer: schemaRef('Readiness'),
      errors: ['not_ready'],
      errorBody: 'answer',
    },
    {
      path: '/health',
      method: 'get',
      id: 'health',
      summary: "The same as OPA's server answers it",
      description: 'For probes that were written for OPA.',
      answer: { type: 'object', maxProperties: 0 },
      errors: ['not_ready'],
      errorBody: 'empty',
      statuses: { not_ready: 500 },
    },
    {
      path: '/metrics',
      method: 'get',
      id: 'metrics',
      summary: 'What the process counts, as Prometheus text',
      description: 'At most 400 series.',
      answer: { type: 'string' },
      mediaType: 'text/plain',
      errors: callerErrors,
    },
    {
      path: '/v1/status',
      method: 'get',
      id: 'status',
      summary: 'Which policy decides, where it came from, and what was refused last',
      description: 'For whoever rolls policies out.',
      answer: { type: 'object' },
      errors: callerErrors,
    },
    {
      path: '/openapi.json',
      method: 'get',
      id: 'openapi',
      summary: 'This document',
      description: 'OpenAPI 3.1.',
      answer: {
        type: 'object',
        required: ['openapi', 'info', 'paths'],
        properties: { openapi: { type: 'string' }, info: { type: 'object' }, paths: { type: 'object' } },
      },
      errors: [],
    },
    {
      path: '/docs',
      method: 'get',
      id: 'docs',
      summary: 'This document to read',
      description: 'One page without scripts that loads nothing.',
      answer: { type: 'string' },
      mediaType: 'text/html',
      errors: [],
    },
  ],
}
