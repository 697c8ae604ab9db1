import { type DecisionApi, type DecisionApiParts, forReaders } from './decision-api.ts'
import { reply } from './reply.ts'

export interface StatusApiParts extends Pick<DecisionApiParts, 'callers' | 'metrics' | 'log'> {
  /** A JSON object. */
  readonly status: () => object
}

/** Adds `GET /v1/status` to the decision API: which policy decides, where it came from, and what was refused last. */
export function addStatusApi(app: DecisionApi, parts: StatusApiParts): void {
  app.get('/v1/status', (c) => forReaders(parts, c, (id) => reply(200, JSON.stringify(parts.status()), id)))
}
