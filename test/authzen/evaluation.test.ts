import { describe, expect, it } from 'vitest'
import { PosternError } from '../../src/pdp/errors.ts'
import { allow, answerOf, apiOver, question, series, served } from '../http/fixture.ts'
import { asked, refused } from './asked.ts'
import { demoApi } from './demo-api.ts'

const path = '/access/v1/evaluation'

const list = (user: string, context: object = {}) => ({
  subject: { type: 'user', id: user },
  action: { name: 'member:list' },
  resource: { type: 'member', id: '-' },
  context,
})

/** An API whose decision point says yes, with the questions that reached it. */
function yes() {
  const questions: unknown[] = []
  const made = apiOver((request) => {
    questions.push(request)
    return answerOf(allow)
  })
  return { ...made, questions }
}

describe('POST /access/v1/evaluation', () => {
  it('answers the decision and nothing else, with its id in a header', async () => {
    const { app } = demoApi()
    const allowed = await asked(app, path, list('owner'))
    expect([allowed.status, allowed.text]).toEqual([200, '{"decision":true}'])
    expect(allowed.headers.get('content-type')).toBe('application/json')
    expect(allowed.headers.get('x-postern-decision-id')).toMatch(/^[0-9a-f]{32}$/)
    const denied = await asked(app, path, list('nobody'))
    expect([denied.status, denied.text]).toEqual([200, '{"decision":false}'])
  })

  it('answers as /authorize where the context is asked for', async () => {
    const { app } = yes()
    const full = await asked(app, path, question, { 'X-Postern-Context': 'full' })
    expect(full.text).toBe((await asked(app, '/authorize', question)).text)
    expect((await asked(app, path, question, { 'X-Postern-Context': 'none' })).text).toBe('{"decision":true}')
  })

  it.each([
    ['subject', { ...list('owner'), subject: { type: 'robot', id: 'r2' } }],
    ['action', { ...list('owner'), action: { name: 'member:levitate' } }],
    ['action without a colon, and whatever type', { ...list('owner'), action: { name: 'levitate' } }],
    ['resource type', { ...list('owner'), action: { name: 'saucer:fly' }, resource: { type: 'saucer', id: '1' } }],
  ])('denies an unknown %s', async (_what, body) => {
    const { status, text } = await asked(demoApi().app, path, body)
    expect([status, text]).toEqual([200, '{"decision":false}'])
  })

  it('needs no context, and any order of members, and ignores what it does not know at every level', async () => {
    const { app, questions } = yes()
    const body = `{"x":1,"resource":{"id":"","y":[],"type":"member"},"action":{"name":"member:invite","z":null},
      "subject":{"id":"dev","type":"user","_note":"?"}}`
    const { status, text } = await asked(app, path, body, { 'Content-Type': 'Application/JSON ; charset=UTF-8' })
    expect([status, text]).toEqual([200, '{"decision":true}'])
    expect(questions).toHaveLength(1)
  })

  it.each([
    ['a body of another type', question, ['unsupported_media_type'], { 'Content-Type': 'text/plain' }],
    ['a body of a longer type', question, ['unsupported_media_type'], { 'Content-Type': 'application/jsonl' }],
    ['an empty body', '', ['malformed_json'], {}],
    ['a body that is no JSON', '{"subject":', ['malformed_json'], {}],
    ['a list', [question], ['malformed_request', ''], {}],
    ['a text', '"member:list"', ['malformed_request', ''], {}],
    ['null', 'null', ['malformed_request', ''], {}],
    ['no subject', { ...question, subject: undefined }, ['malformed_request', '/subject'], {}],
    ['a subject that is a text', { ...question, subject: 'dev' }, ['malformed_request', '/subject'], {}],
    ['no subject type', { ...question, subject: { id: 'dev' } }, ['malformed_request', '/subject/type'], {}],
    [
      'a subject id that is a number',
      { ...question, subject: { type: 'user', id: 1 } },
      ['malformed_request', '/subject/id'],
      {},
    ],
    ['no action', { ...question, action: undefined }, ['malformed_request', '/action'], {}],
    ['no action name', { ...question, action: {} }, ['malformed_request', '/action/name'], {}],
    ['no resource', { ...question, resource: undefined }, ['malformed_request', '/resource'], {}],
    ['no resource id', { ...question, resource: { type: 'member' } }, ['malformed_request', '/resource/id'], {}],
    [
      'a resource type that is a list',
      { ...question, resource: { type: ['member'], id: '' } },
      ['malformed_request', '/resource/type'],
      {},
    ],
    [
      'properties that are a list',
      { ...question, subject: { ...question.subject, properties: [] } },
      ['malformed_request', '/subject/properties'],
      {},
    ],
    [
      'action properties that are a text',
      { ...question, action: { name: 'member:invite', properties: 'x' } },
      ['malformed_request', '/action/properties'],
      {},
    ],
    ['a context that is a text', { ...question, context: 'now' }, ['malformed_request', '/context'], {}],
    ['a tenant document', { ...question, tenant: {} }, ['malformed_request', '/tenant'], {}],
  ])('refuses %s', async (_what, body, error, headers: Record<string, string>) => {
    const { app, questions } = yes()
    expect(await refused(app, path, body, headers)).toEqual([400, ...error])
    expect(questions).toEqual([])
  })

  it('refuses a resource type that is not the part of the action before the colon', async () => {
    const body = { ...list('owner'), resource: { type: 'api_key', id: '-' } }
    expect(await refused(demoApi().app, path, body)).toEqual([400, 'resource_type_mismatch', '/resource/type'])
  })

  it('refuses a body that is too large or that others could read differently', async () => {
    const { app } = yes()
    expect(await refused(app, path, `{"x":"${'x'.repeat(70_000)}"}`)).toEqual([413, 'too_large'])
    expect(await refused(app, path, { ...question, context: { at: '\ud800' } })).toEqual([
      400,
      'not_well_formed',
      '/context/at',
    ])
  })

  it('is about the tenant of the path below /t', async () => {
    const { app, questions } = yes()
    await asked(app, '/t/acme%20one/access/v1/evaluation', { ...question, context: { since: 1 } })
    await asked(app, '/t/acme/access/v1/evaluation', { ...question, context: { tenant: 'acme' } })
    expect(questions).toEqual([
      { ...question, context: { since: 1, tenant: 'acme one' } },
      { ...question, context: { tenant: 'acme' } },
    ])
    const other = { ...question, context: { tenant: 'other' } }
    expect(await refused(app, '/t/acme/access/v1/evaluation', other)).toEqual([
      400,
      'ambiguous_tenant',
      '/context/tenant',
    ])
    expect(questions).toHaveLength(2)
  })

  it('decides upon the tenant that the path names, the context, or the default one', async () => {
    const { app } = demoApi()
    const text = async (at: string, context: object) => (await asked(app, at, list('owner', context))).text
    expect(await text(path, {})).toBe('{"decision":true}')
    expect(await text(path, { tenant: 'acme-filestack' })).toBe('{"decision":true}')
    expect(await text(`/t/acme-filestack${path}`, {})).toBe('{"decision":true}')
    expect(await refused(app, `/t/nowhere${path}`, list('owner'))).toEqual([404, 'unknown_tenant', '/context/tenant'])
  })

  it('fails closed: without a decision there is no 200', async () => {
    const { app, metrics } = apiOver(() => {
      throw new PosternError('undecidable')
    })
    expect(await refused(app, path, question)).toEqual([503, 'undecidable'])
    expect(series(metrics.render(), 'authz_fail_closed_total{cause="undecidable"}')).toBe(1)
    const broken = apiOver(() => answerOf({ ...allow, decision: 'yes' as never }))
    expect(await refused(broken.app, path, question)).toEqual([503, 'evaluation_failed'])
  })

  it('counts what it decided as one dialect, and all its answers as one path', async () => {
    const { app, metrics } = yes()
    await asked(app, path, question)
    await asked(app, `/t/acme${path}`, question)
    await asked(app, path, {})
    const text = metrics.render()
    expect(series(text, 'authz_decisions_total{effect="allow",dialect="authzen",reason_class="grant"}')).toBe(2)
    expect(series(text, 'http_requests_total{path="/access/v1/{api}",method="POST",code="200"}')).toBe(2)
    expect(series(text, 'http_requests_total{path="/access/v1/{api}",method="POST",code="400"}')).toBe(1)
  })

  it('takes POST alone', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await yes().app.request(path, { method })
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
    }
  })
})

describe('X-Request-ID', () => {
  it.each([
    ['short', 'r-1'],
    ['of several words', 'with space and "quotes"'],
    ['long', 'x'.repeat(4_000)],
  ])('comes back unchanged on every status: one that is %s', async (_what, id) => {
    const { app } = demoApi(null)
    const statuses = new Map<number, string | null>()
    const sent = { 'X-Request-ID': id }
    for (const [body, headers] of [
      [question, {}],
      [{}, {}],
      ['', {}],
      [question, { 'Content-Type': 'text/plain' }],
      [`{"x":"${'x'.repeat(70_000)}"}`, {}],
      [{ ...question, context: { tenant: 'nowhere' } }, {}],
    ] as const) {
      const answer = await asked(app, path, body, { ...sent, ...headers })
      statuses.set(answer.status, answer.headers.get('x-request-id'))
    }
    const wrongMethod = await app.request(path, { method: 'GET', headers: sent })
    statuses.set(wrongMethod.status, wrongMethod.headers.get('x-request-id'))
    const noMetadata = await app.request('/.well-known/authzen-configuration', { headers: sent })
    statuses.set(noMetadata.status, noMetadata.headers.get('x-request-id'))
    expect(Object.fromEntries(statuses)).toEqual({ 200: id, 400: id, 404: id, 405: id, 413: id })
  })

  it('is each caller its own when many ask at once', async () => {
    const { app } = demoApi()
    const given = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const { headers } = await asked(app, path, list(index % 2 ? 'owner' : 'nobody'), {
          'X-Request-ID': `r${index}`,
        })
        return headers.get('x-request-id')
      }),
    )
    expect(given).toEqual(Array.from({ length: 50 }, (_, index) => `r${index}`))
  })

  it('comes back unchanged from a socket too, of a body that is too large as well', async () => {
    const id = `${'x'.repeat(4_000)} \t "y"`
    const ids = await served(demoApi().app, (port) =>
      Promise.all(
        [question, { x: 'x'.repeat(70_000) }, 'no question'].map(async (body) => {
          const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json', 'X-Request-ID': id },
            body: JSON.stringify(body),
          })
          return [answer.status, answer.headers.get('x-request-id')]
        }),
      ),
    )
    expect(ids).toEqual([
      [200, id],
      [413, id],
      [400, id],
    ])
  })

  it.each([[{}], [{ 'X-Request-ID': '' }], [{ 'X-Request-ID': 'caf\u00e9' }]])(
    'is made where none was sent that can come back: %j',
    async (headers: Record<string, string>) => {
      expect((await asked(yes().app, path, question, headers)).headers.get('x-request-id')).toMatch(/^[\w-]{8,}$/)
    },
  )
})
