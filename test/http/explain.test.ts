import { describe, expect, it } from 'vitest'
import { PosternError } from '../../src/pdp/errors.ts'
import { builtBundle } from '../support/policy.ts'
import { serving } from '../support/serving.ts'
import { answerOf, apiOver, bodyOf, deny, explanation, json, question, series } from './fixture.ts'

const limits = { body_bytes: 65_536, depth: 32 }
const asking = (body: string, headers: Record<string, string> = json) => ({ method: 'POST', headers, body })

describe('POST /v1/explain', () => {
  it('answers with the decision as /authorize words it, its stages, facts and nearest grants', async () => {
    const { app } = apiOver()
    const answer = await app.request(
      '/v1/explain',
      asking(JSON.stringify(question), { ...json, 'X-Request-ID': 'r-1' }),
    )
    const { stage: _, decision, ...context } = deny
    expect([answer.status, answer.headers.get('x-request-id'), answer.headers.get('cache-control')]).toEqual([
      200,
      'r-1',
      'no-store',
    ])
    expect(await answer.json()).toEqual({
      decision,
      context,
      revision: explanation.revision,
      stages: explanation.stages,
      facts: explanation.facts,
      nearest_grants: null,
    })
  })

  it.each([
    ['no JSON', '{', json, 400, 'malformed_json'],
    ['no request', '{}', json, 400, 'malformed_request'],
    ['no declared JSON', '{}', {}, 415, 'unsupported_media_type'],
    ['too much', ' '.repeat(65_537), json, 413, 'too_large'],
    ['a lone surrogate', '{"subject":"\\ud800"}', json, 400, 'not_well_formed'],
  ])('refuses %s as /authorize does', async (_, body, headers, status, code) => {
    const { app } = apiOver()
    for (const path of ['/v1/explain', '/authorize']) {
      const answer = await app.request(path, asking(body, headers))
      expect([answer.status, (await bodyOf(answer)).error.code]).toEqual([status, code])
    }
  })

  it('is an error where there is no decision, counted and logged, and nothing of a stack', async () => {
    for (const [thrown, code] of [
      [new PosternError('undecidable'), 'undecidable'],
      [new Error('secret'), 'evaluation_failed'],
    ] as const) {
      const { app, metrics, lines } = apiOver(
        () => answerOf(deny),
        limits,
        () => Promise.reject(thrown),
      )
      const answer = await app.request('/v1/explain', asking(JSON.stringify(question)))
      const text = await answer.text()
      expect([answer.status, JSON.parse(text).error.code]).toEqual([503, code])
      expect(text).not.toContain('secret')
      expect(lines).toHaveLength(1)
      expect(series(metrics.render(), 'http_requests_total{path="/v1/explain",method="POST",code="503"}')).toBe(1)
    }
  })

  it('of a serving process says nowhere what its settings mask', async () => {
    const settings = { company_name: 'Acme', owner_full_name: 'Owner One' }
    const members = [{ user: 'planted', role: 'billing' }]
    const asked = {
      subject: { type: 'user', id: 'planted' },
      action: { name: 'member:list' },
      resource: { type: 'member', id: '-' },
      tenant: { tenant: 'acme', system: 'filestack', plan: 'free', settings, members },
    }
    const ask = ({ port }: { readonly port: number }) =>
      fetch(`http://127.0.0.1:${port}/v1/explain`, asking(JSON.stringify(asked))).then((answer) => answer.text())
    const plain = await serving(builtBundle(), ask)
    expect([plain.includes('`planted` has the role'), plain.includes('***')]).toEqual([true, false])
    const masked = await serving(builtBundle(), ask, { mask: ['/request/subject/id'] })
    expect(masked).toBe(plain.replaceAll('planted', '***'))
  })
})
