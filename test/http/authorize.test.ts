import { describe, expect, it } from 'vitest'
import { errorTable, PosternError } from '../../src/pdp/errors.ts'
import { allow, answerOf, apiOver, bodyOf, deny, json, question, series } from './fixture.ts'

const post = (body: unknown, headers: Record<string, string> = json) => ({
  method: 'POST',
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
})

describe('an answer of POST /authorize', () => {
  it('is the decision, with reason, rule, limit and where it came from', async () => {
    const answer = await apiOver().app.request('/authorize', post(question))
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({
      decision: false,
      context: {
        reason: 'full',
        message: '3 of 3 seats of plan `free` are taken',
        rule: 'config/plans.yaml:6',
        limit: { name: 'seats', limit: 3, used: 3, plan: 'free', next_plan: 'start' },
        obligations: [],
        decision_id: 'd-1',
        policy: 'sha256:0123',
        revision: 'v1.7',
        cache: 'miss',
      },
    })
  })

  it('has no limit when none was met, and carries the obligations', async () => {
    const answer = await apiOver(() => answerOf(allow, 'hit')).app.request('/authorize', post(question))
    expect(await answer.text()).toBe(
      '{"decision":true,"context":{"reason":"granted","message":"the role grants it","rule":"config/matrix.yaml:3",' +
        '"obligations":[{"type":"notify","to":"owner"}],"decision_id":"d-1","policy":"sha256:0123",' +
        '"revision":"v1.7","cache":"hit"}}',
    )
  })

  it('differs between two callers of one decision only in what belongs to the caller', async () => {
    let asked = 0
    const { app } = apiOver(() => ({
      decision: deny,
      decisionId: `d"${++asked}`,
      revision: `r\n${asked}`,
      cache: 'hit',
    }))
    const first = await bodyOf(await app.request('/authorize', post(question)))
    const second = await bodyOf(await app.request('/authorize', post(question)))
    expect([first.context.decision_id, first.context.revision]).toEqual(['d"1', 'r\n1'])
    expect(second).toEqual({ ...first, context: { ...first.context, decision_id: 'd"2', revision: 'r\n2' } })
  })

  it('waits for a PDP that answers later', async () => {
    const answer = await apiOver(async () => answerOf(allow)).app.request('/authorize', post(question))
    expect((await bodyOf(answer)).decision).toBe(true)
  })

  it('is never stored by anybody', async () => {
    const { app } = apiOver()
    for (const [path, init] of [
      ['/authorize', post(question)],
      ['/authorize', post('{')],
      ['/livez', {}],
      ['/readyz', {}],
      ['/health', {}],
      ['/metrics', {}],
      ['/nowhere', {}],
      ['/livez', { method: 'POST' }],
    ] as const) {
      const answer = await app.request(path, init)
      expect(answer.headers.get('cache-control'), path).toBe('no-store')
      expect(answer.headers.get('x-request-id'), path).toMatch(/^[\w-]{12}-[0-9a-z]+$/)
    }
  })

  it('hands the PDP the whole question, unknown members included', async () => {
    let asked: unknown
    const full = {
      subject: { type: 'user', id: 'dev', properties: { a: 1 }, more: 1 },
      action: { name: 'member:invite', properties: {} },
      resource: { type: 'member', id: 'm', properties: { email: 'x@y' } },
      context: { tenant: 'acme' },
      evaluations_semantic: 'ignored',
    }
    const { app } = apiOver((request) => {
      asked = request
      return answerOf(deny)
    })
    expect((await app.request('/authorize', post(full))).status).toBe(200)
    expect(asked).toEqual(full)
  })
})

describe('X-Request-ID', () => {
  it.each([['a'], ['abc-123'], ['!~'], ['x'.repeat(128)]])('is echoed: %s', async (id) => {
    const answer = await apiOver().app.request('/authorize', post(question, { ...json, 'X-Request-ID': id }))
    expect(answer.headers.get('x-request-id')).toBe(id)
  })

  it.each([['x'.repeat(129)], ['a b'], ['é'], ['']])(
    'is replaced when it is not 1 to 128 visible ASCII: %s',
    async (id) => {
      const answer = await apiOver().app.request('/authorize', post(question, { ...json, 'X-Request-ID': id }))
      expect(answer.headers.get('x-request-id')).toMatch(/^[\w-]{12}-[0-9a-z]+$/)
    },
  )

  it('is echoed on errors, in header and body', async () => {
    for (const path of ['/authorize', '/nowhere']) {
      const answer = await apiOver().app.request(path, post('{', { ...json, 'X-Request-ID': 'mine' }))
      expect(answer.headers.get('x-request-id')).toBe('mine')
      expect((await bodyOf(answer)).error.request_id).toBe('mine')
    }
  })
})

describe('the media type', () => {
  it.each([['application/json'], ['Application/JSON'], ['application/json; charset=utf-8'], ['application/json ;v=1']])(
    'is taken: %s',
    async (type) => {
      expect((await apiOver().app.request('/authorize', post(question, { 'Content-Type': type }))).status).toBe(200)
    },
  )

  it.each([
    [''],
    ['text/plain'],
    ['application/jsonp'],
    ['application/json, text/plain'],
    ['application/x-www-form-urlencoded'],
    ['text/plain; application/json'],
  ])('is refused: %s', async (type) => {
    const answer = await apiOver().app.request('/authorize', post(question, { 'Content-Type': type }))
    expect(answer.status).toBe(415)
    expect((await bodyOf(answer)).error.code).toBe('unsupported_media_type')
  })
})

describe('the shape of a question', () => {
  const without = (member: string, value?: unknown) => {
    const body = structuredClone(question) as Record<string, unknown>
    const path = member.split('.')
    const last = path.pop() as string
    const parent = path.reduce((at, name) => at[name] as Record<string, unknown>, body)
    if (value === undefined) delete parent[last]
    else parent[last] = value
    return body
  }

  it.each([
    ['', null],
    ['', []],
    ['', '"text"'],
    ['', 7],
    ['/subject', without('subject')],
    ['/subject', without('subject', 'dev')],
    ['/subject', without('subject', null)],
    ['/subject', without('subject', [])],
    ['/subject/type', without('subject.type')],
    ['/subject/type', without('subject.type', '')],
    ['/subject/id', without('subject.id')],
    ['/subject/id', without('subject.id', '')],
    ['/subject/id', without('subject.id', 7)],
    ['/subject/properties', without('subject.properties', [])],
    ['/action', without('action')],
    ['/action', without('action', 'member:invite')],
    ['/action/name', without('action.name')],
    ['/action/name', without('action.name', '')],
    ['/action/name', without('action.name', {})],
    ['/action/properties', without('action.properties', null)],
    ['/resource', without('resource')],
    ['/resource', without('resource', true)],
    ['/resource/type', without('resource.type', '')],
    ['/resource/id', without('resource.id')],
    ['/resource/id', without('resource.id', null)],
    ['/resource/properties', without('resource.properties', 'x')],
    ['/context', without('context', [])],
    ['/context', without('context', null)],
    ['/context', without('context', 'x')],
    ['/tenant', without('tenant', 'acme')],
    ['/tenant', without('tenant', [])],
  ])('is refused at `%s`: %j', async (pointer, body) => {
    const { app } = apiOver(() => {
      throw new Error('must not be asked')
    })
    const answer = await app.request('/authorize', post(body))
    expect(answer.status).toBe(400)
    const { error } = await bodyOf(answer)
    expect(error).toEqual({
      code: 'malformed_request',
      message: errorTable.malformed_request.message,
      detail: expect.stringContaining('must be'),
      pointer,
      remedy: errorTable.malformed_request.remedy,
      request_id: answer.headers.get('x-request-id'),
    })
  })
})

describe('what the PDP throws', () => {
  it.each(Object.entries(errorTable))('leaves as its row of the table: %s', async (code, row) => {
    const { app } = apiOver(() => {
      throw new PosternError(code as keyof typeof errorTable, 'seen here', { pointer: '/context' })
    })
    const answer = await app.request('/authorize', post(question))
    expect(answer.status).toBe(row.status)
    expect(await answer.json()).toEqual({
      error: {
        code,
        message: row.message,
        detail: 'seen here',
        pointer: '/context',
        remedy: row.remedy,
        request_id: answer.headers.get('x-request-id'),
      },
    })
  })

  it('is rejected the same way when it comes later', async () => {
    const { app } = apiOver(() => Promise.reject(new PosternError('unknown_tenant')))
    const answer = await app.request('/authorize', post(question))
    expect(answer.status).toBe(404)
    expect((await bodyOf(answer)).error).not.toHaveProperty('detail')
  })

  it.each([
    [
      'an exception',
      () => {
        throw new TypeError('secret-value of dev')
      },
    ],
    [
      'a string',
      () => {
        throw 'secret-value of dev'
      },
    ],
    ['a rejection', () => Promise.reject(new Error('secret-value of dev'))],
    ['a rejection with a string', () => Promise.reject('secret-value of dev')],
    ['nothing', () => undefined as never],
    ['a decision that is not a boolean', () => answerOf({ ...deny, decision: 'true' as never })],
    ['an answer without a decision', () => ({}) as never],
  ])('closes, counts and logs when it is unforeseen: %s', async (_, decide) => {
    const { app, metrics, lines } = apiOver(decide)
    const answer = await app.request('/authorize', post(question, { ...json, 'X-Request-ID': 'r-1' }))
    const text = await answer.text()
    expect(answer.status).toBe(503)
    expect(JSON.parse(text).error.code).toBe('evaluation_failed')
    expect(text).not.toMatch(/decision"|secret-value|\.ts|at /)
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      level: 'error',
      request_id: 'r-1',
      code: 'evaluation_failed',
    })
    expect(lines[0]).not.toContain('secret-value')
    expect(series(metrics.render(), 'authz_fail_closed_total{cause="unexpected"}')).toBe(1)
    expect(
      series(metrics.render(), 'authz_decisions_total{effect="allow",dialect="authorize",reason_class="grant"}'),
    ).toBe(0)
  })

  it('counts a code of status 503 under its name, and logs it', async () => {
    const { app, metrics, lines } = apiOver(() => {
      throw new PosternError('undecidable')
    })
    await app.request('/authorize', post(question))
    expect(series(metrics.render(), 'authz_fail_closed_total{cause="undecidable"}')).toBe(1)
    expect(JSON.parse(lines[0] as string).code).toBe('undecidable')
  })

  it('is no failure of ours, and not logged, when the request is at fault', async () => {
    const { app, metrics, lines } = apiOver(() => {
      throw new PosternError('unknown_tenant')
    })
    await app.request('/authorize', post(question))
    expect(lines).toEqual([])
    expect(metrics.render()).not.toMatch(/^authz_fail_closed_total.* [1-9]/m)
  })
})
