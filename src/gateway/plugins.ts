/** Gateways whose plugin sends a description of each request to an OPA server. */
export type Plugin = 'kong' | 'apisix'

/** The paths that they are configured with, as documents of OPA's data API. Matched on the raw target, like the others. */
export const plugins: ReadonlyMap<string, Plugin> = new Map([
  ['/v1/data/postern/kong', 'kong'],
  ['/v1/data/postern/apisix', 'apisix'],
])
