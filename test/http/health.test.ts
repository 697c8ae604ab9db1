import { describe, expect, it } from 'vitest'
import { decisionRoutes } from '../../src/http/routes.ts'
import { apiOver, bodyOf, json, question, series } from './fixture.ts'

describe('/livez', () => {
  it('answers as long as the event loop turns, policy or not', async () => {
    const { app, state, readiness } = apiOver()
    state.policy = false
    readiness.startDraining()
    const answer = await app.request('/livez')
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'live' }])
  })
})

describe('/readyz', () => {
  it('is 200 when a policy is active', async () => {
    const answer = await apiOver().app.request('/readyz')
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'ready' }])
  })

  it('is 503 not_ready without a policy, and while draining', async () => {
    const first = apiOver()
    first.state.policy = false
    const second = apiOver()
    second.readiness.startDraining()
    for (const { app } of [first, second]) {
      const answer = await app.request('/readyz')
      expect(answer.status).toBe(503)
      expect((await bodyOf(answer)).error.code).toBe('not_ready')
    }
  })

  it('lists its checks when asked', async () => {
    const { app, readiness } = apiOver()
    const checks = (policy: boolean, not_draining: boolean) => [
      { name: 'policy', ok: policy },
      { name: 'not_draining', ok: not_draining },
    ]
    const ready = await app.request('/readyz?verbose')
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', checks: checks(true, true) }])
    readiness.startDraining()
    const draining = await app.request('/readyz?verbose')
    expect([draining.status, await draining.json()]).toEqual([
      503,
      { status: 'not_ready', checks: checks(true, false) },
    ])
  })
})

describe('/health', () => {
  it('answers like OPA', async () => {
    const { app, state } = apiOver()
    const good = await app.request('/health?bundles')
    expect([good.status, await good.text()]).toEqual([200, '{}'])
    state.policy = false
    const bad = await app.request('/health')
    expect([bad.status, await bad.text()]).toEqual([500, '{}'])
  })
})

describe('/metrics', () => {
  it('is Prometheus text that counts answers, decisions and cache results', async () => {
    const { app } = apiOver()
    const ask = { method: 'POST', headers: json, body: JSON.stringify(question) }
    await app.request('/authorize', ask)
    await app.request('/authorize', { ...ask, body: '{' })
    const answer = await app.request('/metrics')
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const text = await answer.text()
    expect(series(text, 'http_requests_total{path="/authorize",method="POST",code="200"}')).toBe(1)
    expect(series(text, 'http_requests_total{path="/authorize",method="POST",code="400"}')).toBe(1)
    expect(series(text, 'authz_decisions_total{effect="deny",dialect="authorize",reason_class="capacity"}')).toBe(1)
    expect(series(text, 'authz_cache_requests_total{result="miss"}')).toBe(1)
    expect(series(text, 'authz_decision_duration_seconds_count{dialect="authorize",cache="miss"}')).toBe(1)
  })

  it('is a 503 with a code when it cannot be made', async () => {
    const { app, metrics } = apiOver()
    metrics.render = () => {
      throw new Error('no')
    }
    const answer = await app.request('/metrics')
    expect(answer.status).toBe(503)
    expect((await bodyOf(answer)).error.code).toBe('evaluation_failed')
  })
})

describe('methods and paths', () => {
  it.each(decisionRoutes.map(({ path, methods }) => [path.replace('{api}', 'evaluation'), methods.join(', ')]))(
    '%s takes %s alone',
    async (path, allow) => {
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PURGE']) {
        const answer = await apiOver().app.request(path, { method })
        if (allow.split(', ').includes(method)) {
          expect([200, path.startsWith('/access') ? 400 : 415], method).toContain(answer.status)
          expect(answer.headers.get('allow')).toBeNull()
        } else {
          expect(answer.status, method).toBe(405)
          expect(answer.headers.get('allow')).toBe(allow)
          if (method !== 'HEAD') expect((await bodyOf(answer)).error.code).toBe('method_not_allowed')
        }
      }
    },
  )

  it('answer HEAD with the status and headers of GET and no body', async () => {
    for (const path of ['/livez', '/readyz', '/health', '/metrics']) {
      const answer = await apiOver().app.request(path, { method: 'HEAD' })
      expect([answer.status, await answer.text()]).toEqual([200, ''])
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }
  })

  it.each([
    ['/authorize/'],
    ['/Authorize'],
    ['/authorize/x'],
    ['/__proto__'],
    ['/constructor'],
    ['/v1/data'],
    ['/access/v1'],
    ['/access/v1/{api}'],
    ['/t/acme/authorize'],
  ])('%s is not there', async (path) => {
    const answer = await apiOver().app.request(path, { method: 'POST', headers: json, body: '{}' })
    expect(answer.status).toBe(404)
    expect((await bodyOf(answer)).error.code).toBe('not_found')
  })
})
