import type { DecisionApi, DecisionApiParts } from './decision-api.ts'
import { openapiDocument } from './openapi/document.ts'
import { readExamples } from './openapi/examples.ts'
import { openapiPage } from './openapi/page.ts'
import { reply, toResponse } from './reply.ts'
import { requestId } from './request-id.ts'

export interface OpenapiApiParts extends Pick<DecisionApiParts, 'metrics'> {
  readonly version: string
}

/** Adds the description of the decision API: `/openapi.json` for programs and `/docs` for people, both made once. */
export function addOpenapiApi(app: DecisionApi, { metrics, version }: OpenapiApiParts): void {
  const document = openapiDocument(version, readExamples())
  const { html, policy } = openapiPage(document)
  const texts = {
    '/openapi.json': { body: JSON.stringify(document), headers: {} },
    '/docs': {
      body: html,
      headers: {
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': policy,
        'X-Content-Type-Options': 'nosniff',
      },
    },
  }
  for (const [path, { body, headers }] of Object.entries(texts))
    app.get(path, (c) => {
      metrics.responded(path, c.req.method, 200)
      return toResponse(reply(200, body, requestId(c.req.header('x-request-id')), headers))
    })
}
