import { PosternError } from '../pdp/errors.ts'
import type { Explanation } from '../pdp/explain.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import { sentBy } from './bearer.ts'
import { readBody } from './body.ts'
import { type DecisionApi, type DecisionApiParts, failure, isJson, readQuestion } from './decision-api.ts'
import { type Reply, reply, toResponse } from './reply.ts'
import { requestId } from './request-id.ts'

export interface ExplainApiParts extends Pick<DecisionApiParts, 'callers' | 'settings' | 'metrics' | 'log'> {
  readonly explainer: { explain(request: DecisionRequest): Promise<Explanation> }
}

/**
 * Adds `POST /v1/explain` to the decision API: the body is that of `POST /authorize`, the answer a decision with its
 * stages, its facts and the changes of the tenant that would turn it.
 */
export function addExplainApi(app: DecisionApi, parts: ExplainApiParts): void {
  app.post('/v1/explain', async (c) => {
    const { raw } = c.req
    const id = requestId(raw.headers.get('x-request-id'))
    const answer = async (): Promise<Reply> => {
      const rights = await parts.callers.identify(sentBy(c))
      if (!isJson(raw.headers.get('content-type'))) throw new PosternError('unsupported_media_type')
      const body = c.env?.body ?? (await readBody(raw, parts.settings.limits.body_bytes))
      const question = readQuestion(body, parts.settings.limits)
      // It shows the facts of the tenant, not only what follows from them.
      parts.callers.admit(rights, question, 'read')
      const explanation = await parts.explainer.explain(question)
      return reply(200, renderExplanation(explanation), id)
    }
    const made = await answer().catch((error: unknown) => failure(parts, error, id))
    parts.metrics.responded('/v1/explain', 'POST', made.status)
    return toResponse(made)
  })
}

function renderExplanation({ decision: { decision, stage: _, ...context }, ...why }: Explanation): string {
  return JSON.stringify({ decision, context, ...why })
}
