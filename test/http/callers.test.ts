import { describe, expect, it } from 'vitest'
import { createFailureLimit } from '../../src/access/failure-limit.ts'
import { createBearer, type FindGrant } from '../../src/http/bearer.ts'
import { createCallers } from '../../src/http/callers.ts'
import { decisionRoutes, metadataPath } from '../../src/http/routes.ts'
import { type Grant, type Rights, type TokenScope, tokenScopes } from '../../src/pdp/access-token.ts'
import { allow, answerOf, apiOver, bodyOf, explanation, json, question, served } from './fixture.ts'

const grantOf = (grant: Partial<Grant>): Grant => ({ scope: 'decide', tenant: null, expires: null, ...grant })

interface Options {
  readonly find?: FindGrant
  readonly unasked?: Rights
}

/** A decision API whose callers need a token, with what was asked behind it. */
function guarded(grants: Readonly<Record<string, Grant>>, { find, unasked }: Options = {}) {
  const asked: unknown[] = []
  const at = { now: 1_000 }
  const failed: boolean[] = []
  const failures = createFailureLimit({
    attempts: 3,
    report: ({ throttled }) => failed.push(throttled),
    now: () => at.now,
  })
  const bearer = createBearer({ find: find ?? ((secret) => grants[secret]), failures, now: () => at.now })
  const decide = (request: unknown) => {
    asked.push(request)
    return answerOf(allow)
  }
  const snapshot = () => ({ decide, open: () => ({ id: 't', candidates: () => [], actions: () => [] }) })
  const api = apiOver(
    decide,
    undefined,
    async (request) => {
      asked.push(request)
      return explanation
    },
    { callers: createCallers({ unasked, bearer, defaultTenant: 'acme' }), snapshot },
  )
  const ask = async (path: string, secret?: string, body: unknown = question, address = '10.0.0.1') => {
    const headers = secret === undefined ? json : { ...json, authorization: `Bearer ${secret}` }
    const init = body === null ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
    const answer = await api.app.request(path, init, { address })
    return { status: answer.status, headers: answer.headers, text: await answer.text() }
  }
  const statusOf = async (...sent: Parameters<typeof ask>) => (await ask(...sent)).status
  return { ...api, ask, statusOf, asked, failed, at }
}

const inTenant = (tenant: string) => ({ ...question, context: { tenant } })
const bringing = (tenant: string) => ({ ...question, tenant: { tenant, system: 's' } })

/** Every way to ask, with a body that it takes; null: GET. */
const ways = (about: object = question): readonly (readonly [string, string, unknown])[] => [
  ['/authorize', '/authorize', about],
  ['/v1/explain', '/v1/explain', about],
  ['/v1/data/{path}', '/v1/data/authz/allow', { input: about }],
  ['/v1/data/{path}', `/v1/data/authz/decision?input=${encodeURIComponent(JSON.stringify(about))}`, null],
  ['/', '/', about],
  ...['evaluation', 'evaluations', 'search/subject', 'search/resource', 'search/action'].map(
    (api) => ['/access/v1/{api}', `/access/v1/${api}`, about] as const,
  ),
]
const reads = [
  ['/v1/status', '/v1/status', null],
  ['/metrics', '/metrics', null],
] as const
const ofTenant = [[metadataPath, `${metadataPath}/t/acme`, null]] as const
const everyWay = [...ways(), ...reads, ...ofTenant]

describe('where callers need a token', () => {
  it('each path that has a scope asks for it, and no other does', async () => {
    const grants = Object.fromEntries(tokenScopes.map((scope) => [scope, grantOf({ scope })]))
    const { statusOf, ask, failed } = guarded(grants)
    const covers: Readonly<Record<string, readonly TokenScope[]>> = {
      decide: ['decide', 'simulate'],
      read: ['read', 'manage'],
    }
    for (const { path, ...route } of decisionRoutes.filter((one) => 'scope' in one)) {
      const those = everyWay.filter(([name]) => name === path)
      expect(those.length, path).toBeGreaterThan(0)
      for (const [, target, body] of those) {
        const refused = await ask(target, undefined, body)
        expect([target, refused.status, refused.headers.get('www-authenticate')]).toEqual([
          target,
          401,
          'Bearer realm="postern"',
        ])
        for (const scope of tokenScopes)
          expect([target, scope, await statusOf(target, scope, body)]).toEqual([
            target,
            scope,
            covers[(route as { scope: string }).scope]?.includes(scope) ? 200 : 403,
          ])
      }
    }
    const open = decisionRoutes.filter((one) => !('scope' in one)).map(({ path }) => path as string)
    for (const path of [...open, metadataPath])
      expect([path, await statusOf(path, undefined, null)]).toEqual([path, 200])
    // Nobody guessed.
    expect(failed).toEqual([])
  })

  it('nothing is asked of the policy for who may not', async () => {
    const { ask, asked } = guarded({ read: grantOf({ scope: 'read' }), beta: grantOf({ tenant: 'beta' }) })
    for (const [, target, body] of ways())
      for (const secret of [undefined, 'wrong', 'beta']) await ask(target, secret, body, `${target} ${secret}`)
    expect(asked).toEqual([])
  })

  it('a token of one tenant is good for questions about that one alone', async () => {
    const { statusOf } = guarded({
      acme: grantOf({ tenant: 'acme' }),
      beta: grantOf({ tenant: 'beta' }),
      reader: grantOf({ tenant: 'beta', scope: 'read' }),
    })
    const statuses = async (secret: string, about: object) => {
      const asked = ways(about).filter(([name]) => name !== '/v1/explain')
      return new Set(await Promise.all(asked.map(([, target, body]) => statusOf(target, secret, body))))
    }
    // The default tenant is `acme`.
    expect(await statuses('acme', question)).toEqual(new Set([200]))
    expect(await statuses('acme', inTenant('beta'))).toEqual(new Set([403]))
    expect(await statuses('beta', inTenant('beta'))).toEqual(new Set([200]))
    expect(await statuses('beta', question)).toEqual(new Set([403]))
    expect(await statuses('beta', { ...question, context: { tenant: ['beta'] } })).toEqual(new Set([403]))
    for (const [target, status] of [
      ['/t/beta/access/v1/evaluation', 200],
      ['/t/acme/access/v1/evaluation', 403],
      ['/t/beta/access/v1/search/subject', 200],
      ['/t/acme/access/v1/search/subject', 403],
    ] as const)
      expect([target, await statusOf(target, 'beta')]).toEqual([target, status])
    expect(await statusOf('/v1/explain', 'reader', inTenant('beta'))).toBe(200)
    expect(await statusOf('/v1/explain', 'reader')).toBe(403)
    expect(await statusOf('/metrics', 'reader', null)).toBe(403)
    expect(await statusOf(`${metadataPath}/t/beta`, 'beta', null)).toBe(200)
    expect(await statusOf(`${metadataPath}/t/acme`, 'beta', null)).toBe(403)
  })

  it('a tenant that the request brings takes the scope `simulate`, also for an explanation', async () => {
    const { statusOf } = guarded({
      decide: grantOf({}),
      read: grantOf({ scope: 'manage' }),
      simulate: grantOf({ scope: 'simulate' }),
      beta: grantOf({ scope: 'simulate', tenant: 'beta' }),
    })
    const taking = ['/authorize', '/v1/explain', '/', '/access/v1/evaluations']
    const statuses = (secret: string, body: object) =>
      Promise.all(taking.map((target) => statusOf(target, secret, { ...body, ...(target.endsWith('s') && items) })))
    const items = { evaluations: [{}] }
    for (const secret of ['decide', 'read', 'beta'])
      expect(await statuses(secret, bringing('acme'))).toEqual([403, 403, 403, 403])
    for (const secret of ['simulate', 'beta'])
      expect(await statuses(secret, bringing('beta'))).toEqual([200, 200, 200, 200])
  })

  it('in a batch each question has its own tenant', async () => {
    const { ask } = guarded({ beta: grantOf({ tenant: 'beta' }) })
    const evaluations = ['beta', 'acme', 'beta'].map((tenant) => ({ context: { tenant } }))
    const { text } = await ask('/access/v1/evaluations', 'beta', { ...question, evaluations })
    const message = 'this token is good for the tenant `beta` alone'
    expect(JSON.parse(text).evaluations).toEqual([
      { decision: true },
      { decision: false, context: { error: { status: 403, message } } },
      { decision: true },
    ])
  })

  it('the store may take its time', async () => {
    const later: FindGrant = async (secret) => (secret === 'good' ? grantOf({}) : undefined)
    const { statusOf } = guarded({}, { find: later })
    for (const [name, target, body] of ways().filter(([name]) => name !== '/v1/explain'))
      expect([name, await statusOf(target, 'good', body), await statusOf(target, 'bad', body, target)]).toEqual([
        name,
        200,
        401,
      ])
  })

  it('a store that fails is a 503, as OPA has it too', async () => {
    const failing: FindGrant = () => {
      throw new Error('no disk')
    }
    const { ask } = guarded({}, { find: failing })
    for (const [, target, body] of ways()) {
      const { status, text } = await ask(target, 'good', body)
      expect([target, status]).toEqual([target, 503])
      expect(text).not.toContain('no disk')
    }
  })

  it('one that ran out is as good as none', async () => {
    const { statusOf, at } = guarded({ good: grantOf({ expires: 2_000 }) })
    expect(await statusOf('/authorize', 'good')).toBe(200)
    at.now = 2_000
    expect(await statusOf('/authorize', 'good')).toBe(401)
  })

  it('a certificate is enough for stored tenants and to read; a token that is sent beside it is judged', async () => {
    const certified = { scopes: ['decide', 'read'], tenant: null } as const
    const { statusOf } = guarded({ beta: grantOf({ tenant: 'beta' }) }, { unasked: certified })
    expect(await statusOf('/authorize')).toBe(200)
    expect(await statusOf('/v1/explain')).toBe(200)
    expect(await statusOf('/metrics', undefined, null)).toBe(200)
    expect(await statusOf('/authorize', undefined, bringing('acme'))).toBe(403)
    expect(await statusOf('/authorize', 'beta')).toBe(403)
    expect(await statusOf('/authorize', 'wrong')).toBe(401)
  })
})

describe('a credential that is not good', () => {
  it.each(['Bearer', 'Bearer ', 'Basic Z29vZA==', 'good', 'Bearer good, Bearer good', 'Bearer "good"', ''])(
    'may be %j',
    async (authorization) => {
      const { app } = guarded({ good: grantOf({}) })
      const init = { method: 'POST', headers: { ...json, authorization }, body: JSON.stringify(question) }
      const answer = await app.request('/authorize', init)
      expect([answer.status, (await bodyOf(answer)).error.code]).toEqual([401, 'unauthenticated'])
    },
  )

  it('is a 429 once its address sent too many, while one that is good passes', async () => {
    const { ask, statusOf, failed, at } = guarded({ good: grantOf({}), read: grantOf({ scope: 'read' }) })
    for (const target of ['/authorize', '/v1/explain', '/access/v1/evaluation'])
      expect(await statusOf(target, 'bad')).toBe(401)
    for (const [, target, body] of everyWay) {
      const { status, headers, text } = await ask(target, 'bad', body)
      expect([target, status, headers.get('retry-after')]).toEqual([target, 429, '60'])
      expect(text).toContain('too_many_failures')
      expect(text).not.toContain('bad')
    }
    expect(await statusOf('/authorize', 'good')).toBe(200)
    // Who may not is known; who sends nothing has guessed nothing.
    expect(await statusOf('/authorize', 'read')).toBe(403)
    expect(await statusOf('/authorize')).toBe(401)
    expect(await statusOf('/authorize', 'bad', question, '10.0.0.2')).toBe(401)
    at.now += 60_000
    expect(await statusOf('/authorize', 'bad')).toBe(401)
    expect(failed.filter((throttled) => throttled)).toHaveLength(everyWay.length)
  })

  it('is counted by the address of its socket, over the short way too', async () => {
    const { app, metrics } = guarded({ good: grantOf({}) })
    await served(app, async (port) => {
      const send = async (path: string, secret: string) => {
        const headers = { ...json, authorization: `Bearer ${secret}` }
        return (
          await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body: JSON.stringify(question) })
        ).status
      }
      const statuses: number[] = []
      for (const path of ['/authorize', '/v1/explain', '/authorize', '/authorize', '/v1/explain'])
        statuses.push(await send(path, 'bad'))
      expect(statuses).toEqual([401, 401, 401, 429, 429])
      expect(await send('/authorize', 'good')).toBe(200)
    })
    const text = metrics.render()
    expect(text).toContain('http_requests_total{path="other",method="_OTHER",code="401"} 3\n')
    expect(text).toContain('http_requests_total{path="other",method="_OTHER",code="429"} 2\n')
  })
})
