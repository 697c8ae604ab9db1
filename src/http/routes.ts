/**
 * One path of the decision API: the methods that it takes and every status that it can answer them with, but for those
 * that tell a caller from another, which every path with a scope has.
 */
export interface Route {
  readonly path: string
  readonly methods: readonly string[]
  readonly statuses: readonly number[]
  /** The scope that a caller's token needs, where one is asked for. */
  readonly scope?: 'decide' | 'read'
}

const read = ['GET', 'HEAD'] as const

/** The statuses of callers who are not known, may not ask, or failed too often. */
export const callerStatuses = [401, 403, 429] as const

/** AuthZEN's APIs are counted as this one path, for whichever tenant they are asked. */
export const accessApi = '/access/v1/{api}'

/** Where AuthZEN's callers find the APIs out. */
export const metadataPath = '/.well-known/authzen-configuration'

/** Every path of the decision API. The `Allow` header and the labels of `http_requests_total` come from here. */
export const decisionRoutes = [
  { path: '/authorize', methods: ['POST'], statuses: [200, 400, 404, 413, 415, 503], scope: 'decide' },
  { path: '/v1/explain', methods: ['POST'], statuses: [200, 400, 404, 413, 415, 503], scope: 'read' },
  {
    path: '/v1/data/{path}',
    methods: ['GET', 'HEAD', 'POST'],
    statuses: [200, 400, 404, 413, 415, 503],
    scope: 'decide',
  },
  { path: '/', methods: ['POST'], statuses: [200, 400, 404, 413, 415, 503], scope: 'decide' },
  { path: '/v1/status', methods: read, statuses: [200], scope: 'read' },
  { path: accessApi, methods: ['POST'], statuses: [200, 400, 404, 413, 503], scope: 'decide' },
  // Anybody may know where the APIs are; of a tenant, that it exists is told to those who may ask about it.
  { path: metadataPath, methods: read, statuses: [200, 404, 503], scope: 'decide' },
  { path: '/livez', methods: read, statuses: [200] },
  { path: '/readyz', methods: read, statuses: [200, 503] },
  { path: '/health', methods: read, statuses: [200, 500] },
  { path: '/metrics', methods: read, statuses: [200], scope: 'read' },
  { path: '/openapi.json', methods: read, statuses: [200] },
  { path: '/docs', methods: read, statuses: [200] },
] as const satisfies readonly Route[]
