import { OPAClient } from '@open-policy-agent/opa'
import { describe, expect, it } from 'vitest'
import { PosternError } from '../../src/pdp/errors.ts'
import { allow, answerOf, apiOver, deny, json, question, series, served } from './fixture.ts'

const post = (body: unknown, headers: Record<string, string> = json) => ({
  method: 'POST',
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
})

const { stage: _, ...denied } = deny
const document = { ...denied, revision: 'v1.7' }

describe('POST /v1/data', () => {
  it.each([
    ['authz/decision', document],
    ['authz/allow', false],
  ])('%s is a document whose input is a request', async (path, result) => {
    const answer = await apiOver().app.request(`/v1/data/${path}`, post({ input: question }))
    expect([answer.status, await answer.json()]).toEqual([200, { decision_id: 'd-1', result }])
  })

  it('hands the input to the decision point as it is', async () => {
    const asked: unknown[] = []
    const { app } = apiOver((request) => {
      asked.push(request)
      return answerOf(allow)
    })
    const answer = await app.request('/v1/data/authz/allow', post({ input: question, unknown: true }))
    expect([await answer.json(), asked]).toEqual([{ decision_id: 'd-1', result: true }, [question]])
  })

  it.each([
    'authz',
    'authz/verdicts',
    'authz/decision/',
    'authz/decision/decision',
    'authz%2Fallow',
    'system/main',
    '__proto__',
    'constructor',
  ])('%s is undefined, and nothing is decided', async (path) => {
    const { app } = apiOver(() => {
      throw new Error('it was asked')
    })
    const answer = await app.request(`/v1/data/${path}`, post({ input: question }))
    expect([answer.status, await answer.json()]).toEqual([200, {}])
  })

  it('says where it comes from and how long it took when asked to', async () => {
    const { app } = apiOver()
    const answer = await app.request('/v1/data/authz/allow?provenance&metrics=true&pretty', post({ input: question }))
    const text = await answer.text()
    expect(JSON.parse(text)).toEqual({
      decision_id: 'd-1',
      provenance: { version: '0.0.0', bundles: { postern: { revision: 'sha256:0123' } } },
      metrics: { timer_rego_query_eval_ns: expect.any(Number), timer_server_handler_ns: expect.any(Number) },
      result: false,
    })
    expect(text).toContain('\n  "result": false\n')
    const plain = await app.request('/v1/data/authz/allow?provenance=false&metrics=no', post({ input: question }))
    expect(await plain.text()).toBe('{"decision_id":"d-1","result":false}')
  })

  it.each([
    ['no JSON', '{', json, 400, 'malformed_json: the body is not JSON'],
    ['a list', [], json, 400, 'malformed_request: the body must be an object with the member `input`'],
    ['no input', {}, json, 400, 'malformed_request: `input` is missing'],
    [
      'an input that is no request',
      { input: { subject: 1 } },
      json,
      400,
      'malformed_request: `subject` must be an object',
    ],
    ['no declared JSON', { input: question }, {}, 415, 'unsupported_media_type: the body is not declared as JSON'],
    ['too much', ' '.repeat(65_537), json, 413, 'too_large: the limit is 65536 bytes'],
  ])("refuses %s in OPA's words", async (_, body, headers, status, message) => {
    const answer = await apiOver(() => answerOf(allow)).app.request('/v1/data/authz/allow', post(body, headers))
    expect([answer.status, await answer.json()]).toEqual([status, { code: 'invalid_parameter', message }])
  })
})

describe('what cannot be decided', () => {
  it.each([
    [
      'a policy without a result',
      () => {
        throw new PosternError('undecidable')
      },
      503,
      'internal_error',
      'undecidable: the policy gave no complete result',
    ],
    [
      'a defect',
      () => {
        throw new Error('secret')
      },
      503,
      'internal_error',
      'evaluation_failed: the policy could not be evaluated',
    ],
    [
      'a decision that is no boolean',
      () => answerOf({ ...allow, decision: 'true' as never }),
      503,
      'internal_error',
      'evaluation_failed: the policy could not be evaluated',
    ],
    [
      'an unknown tenant',
      () => Promise.reject(new PosternError('unknown_tenant')),
      404,
      'invalid_parameter',
      'unknown_tenant: no such tenant',
    ],
  ])('%s: an error, never a result', async (_, decide, status, code, message) => {
    const { app, metrics } = apiOver(decide)
    const asked = [
      ['/v1/data/authz/allow', post({ input: question })],
      ['/v1/data/authz/decision', post({ input: question })],
      [`/v1/data/authz/allow?input=${encodeURIComponent(JSON.stringify(question))}`, {}],
      ['/', post(question)],
    ] as const
    for (const [path, init] of asked) {
      const answer = await app.request(path, init)
      expect([answer.status, await answer.json()], path).toEqual([status, { code, message }])
    }
    const of = `path="/v1/data/{path}",method="POST",code="${status}"`
    expect(series(metrics.render(), `http_requests_total{${of}}`)).toBe(2)
  })
})

describe('GET /v1/data', () => {
  it('takes the input as a parameter', async () => {
    const { app } = apiOver()
    const input = encodeURIComponent(JSON.stringify(question))
    const answer = await app.request(`/v1/data/authz/allow?input=${input}`)
    expect([answer.status, await answer.json()]).toEqual([200, { decision_id: 'd-1', result: false }])
  })

  it.each([
    ['', 'malformed_request: `input` is missing'],
    ['?input=%7B', 'malformed_json: the body is not JSON'],
    ['?input=%22%5Cud800%22', 'not_well_formed: a string holds a lone surrogate'],
  ])('refuses `%s`', async (query, message) => {
    const answer = await apiOver().app.request(`/v1/data/authz/allow${query}`)
    expect([answer.status, await answer.json()]).toEqual([400, { code: 'invalid_parameter', message }])
  })
})

describe('POST /', () => {
  it('is the decision, with nothing around question and answer', async () => {
    const { app, metrics } = apiOver()
    const answer = await app.request('/', post(question))
    expect([answer.status, await answer.json()]).toEqual([200, document])
    const counted = 'authz_decisions_total{effect="deny",dialect="opa",reason_class="capacity"}'
    expect(series(metrics.render(), counted)).toBe(1)
  })
})

describe("OPA's own client", () => {
  it('gets decisions, default decisions, undefined documents and errors', async () => {
    const { app } = apiOver((request) => {
      if (request.subject.id === 'broken') throw new PosternError('undecidable')
      return answerOf(request.subject.id === 'dev' ? deny : allow)
    })
    await served(app, async (port) => {
      const opa = new OPAClient(`http://127.0.0.1:${port}`)
      const admin = { ...question, subject: { type: 'user', id: 'admin' } }
      expect(await opa.evaluate('authz/allow', question)).toBe(false)
      expect(await opa.evaluate('authz/allow', admin)).toBe(true)
      expect(await opa.evaluate('authz/decision', question)).toEqual(document)
      expect(await opa.evaluateDefault(question)).toEqual(document)
      expect(await opa.evaluate('authz/none', question)).toBeUndefined()
      const broken = { ...question, subject: { type: 'user', id: 'broken' } }
      await expect(opa.evaluate('authz/allow', broken)).rejects.toThrow()
      await expect(opa.evaluate('authz/allow')).rejects.toThrow()
    })
  })
})
