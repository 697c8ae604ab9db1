import type { DecisionApi, DecisionApiParts } from './decision-api.ts'
import { reply, toResponse } from './reply.ts'
import { requestId } from './request-id.ts'

export interface StatusApiParts extends Pick<DecisionApiParts, 'metrics'> {
  /** A JSON object. */
  readonly status: () => object
}

/** Adds `GET /v1/status` to the decision API: which policy decides, where it came from, and what was refused last. */
export function addStatusApi(app: DecisionApi, { metrics, status }: StatusApiParts): void {
  app.get('/v1/status', (c) => {
    const made = reply(200, JSON.stringify(status()), requestId(c.req.header('x-request-id')))
    metrics.responded('/v1/status', c.req.method, made.status)
    return toResponse(made)
  })
}
