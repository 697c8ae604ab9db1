import { describe, expect, it } from 'vitest'
import { createFailureLimit, type FailureLimit } from '../../src/access/failure-limit.ts'
import { bodyOf, headersOf } from '../../src/gateway/answer.ts'
import { createGatewayApi } from '../../src/gateway/gateway-api.ts'
import { createIdentify, type IdentitySettings } from '../../src/gateway/identity.ts'
import { readRoutes } from '../../src/gateway/read-routes.ts'
import type { Answer, Decision, Pdp } from '../../src/pdp/decision.ts'
import { PosternError } from '../../src/pdp/errors.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { served } from '../http/fixture.ts'
import { project } from '../support/policy.ts'
import { audience, issuer, keySetFile, tokenOf } from '../support/tokens.ts'
import { hostilePaths } from './hostile-paths.ts'

const none: IdentitySettings = {
  jwt_keys: null,
  jwt_issuer: null,
  jwt_audience: null,
  jwt_algorithm: 'RS256',
  trusted_header: null,
  certificate_prefix: null,
  gateway_token: null,
}
const byToken = { ...none, jwt_keys: keySetFile(), jwt_issuer: issuer, jwt_audience: audience }
const secret = 'a'.repeat(32)
const byHeader = { ...none, trusted_header: 'X-User', gateway_token: secret }

const decisionOf = (decision: boolean, obligations: Decision['obligations'] = []): Answer => ({
  decision: { decision, stage: 'x', reason: 'why', message: 'because', rule: 'r:1', obligations, policy: 'p' },
  decisionId: 'd1',
  revision: '0',
  cache: 'miss',
})

function gateway(
  decide: Pdp['decide'] = () => decisionOf(true),
  identity: IdentitySettings = byToken,
  planDenialStatus: 402 | 403 = 403,
  failures: FailureLimit = () => undefined,
) {
  const asked: DecisionRequest[] = []
  const causes: string[] = []
  let ready = true
  const api = createGatewayApi({
    pdp: {
      decide(request) {
        asked.push(request)
        return decide(request)
      },
    },
    routes: readRoutes(project.root),
    identify: createIdentify(identity, failures),
    planDenialStatus,
    readiness: { ready: () => ready },
    metrics: { decided() {}, responded() {}, failedClosed: (cause) => causes.push(cause) },
    log: { error() {} },
  })
  const get = async (target: string, headers: readonly string[] = [], method = 'GET') => {
    const made = await api.answer({ method, target, headers, address: '10.0.0.1' })
    return { status: made.status, reason: made.reason, headers: headersOf(made), body: made.body, text: bodyOf(made) }
  }
  return { api, get, asked, causes, unready: () => (ready = false) }
}

const bearer = async (subject: string) => ['Authorization', `Bearer ${await tokenOf(subject, { iat: 1_700_000_000 })}`]
const nginx = (target: string, method = 'GET') => ['X-Original-URI', target, 'X-Original-Method', method]
const forwarded = (target: string, method = 'GET') => ['X-Forwarded-Uri', target, 'X-Forwarded-Method', method]

describe('each dialect', () => {
  it('asks the policy about the request that the gateway names', async () => {
    const { get, asked } = gateway()
    const who = await bearer('dev')
    const answers = [
      await get('/v1/ext-authz/v1/keys/key-site/uses', ['Host', 'x', ...who], 'POST'),
      await get('/v1/auth-request', [...nginx('/v1/keys/key-site/uses', 'POST'), ...who]),
      await get('/v1/forward-auth', [...forwarded('/v1/keys/key-site/uses', 'POST'), ...who]),
      await get('/v1/forward-auth?x=/v1/members', [...forwarded('/v1/keys/key-site/uses', 'POST'), ...who]),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const question = {
      subject: { type: 'user', id: 'dev' },
      action: { name: 'api_key:use' },
      resource: { type: 'api_key', id: 'key-site' },
      context: { tenant: 'acme-filestack', session_issued_at: '2023-11-14T22:13:20.000Z' },
    }
    expect(asked).toEqual([question, question, question, question])
  })

  it('tells the policy which tenants a token is for', async () => {
    const { get, asked } = gateway()
    const token = await tokenOf('dev', { iat: 1_700_000_000, token_scopes: ['acme-filestack'] })
    await get('/v1/auth-request', [...nginx('/v1/keys/key-site/uses', 'POST'), 'Authorization', `Bearer ${token}`])
    expect(asked[0]?.context).toEqual({
      tenant: 'acme-filestack',
      session_issued_at: '2023-11-14T22:13:20.000Z',
      token_scopes: ['acme-filestack'],
    })
  })

  it('answers what the forward-auth plugin of APISIX sends, with the headers that it can be told to pass on', async () => {
    const { get, asked } = gateway()
    const sent = [
      ...['X-Forwarded-Proto', 'http', 'X-Forwarded-Method', 'POST', 'X-Forwarded-Host', '127.0.0.1:9080'],
      ...['X-Forwarded-Uri', '/v1/keys/key-site/uses?a=b', 'X-Forwarded-For', '127.0.0.1'],
    ]
    const answer = await get('/v1/forward-auth', ['Host', '127.0.0.1:8182', ...sent, ...(await bearer('dev'))])
    expect([answer.status, asked[0]?.action.name, asked[0]?.resource.id]).toEqual([200, 'api_key:use', 'key-site'])
    expect(answer.headers).toMatchObject({ 'X-Postern-Subject': 'dev', 'X-Postern-Decision-Id': 'd1' })
    // It is configured with `request_headers: [Authorization]`; without that everybody is a 401.
    expect((await get('/v1/forward-auth', sent)).status).toBe(401)
  })

  it('reads no header of another, and none twice', async () => {
    const { get, asked } = gateway()
    const who = await bearer('dev')
    const reasons = [
      await get('/v1/auth-request', [...forwarded('/v1/members'), ...who]),
      await get('/v1/forward-auth', [...nginx('/v1/members'), ...who]),
      await get('/v1/auth-request', ['X_Original_URI', '/v1/members', 'X-Original-Method', 'GET', ...who]),
      await get('/v1/auth-request', [...nginx('/v1/members'), 'x-original-uri', '/v1/members', ...who]),
      await get('/v1/forward-auth', [...forwarded('/v1/members'), 'X-Forwarded-Method', 'GET', ...who]),
      await get('/v1/auth-request', [...nginx('/v1/members'), ...who, ...who]),
      await get('/v1/auth-request', ['X-Original-URI', '', 'X-Original-Method', 'GET', ...who]),
    ].map(({ status, reason }) => `${status} ${reason}`)
    expect(reasons).toEqual([
      '403 header_missing',
      '403 header_missing',
      '403 header_missing',
      '403 header_repeated',
      '403 header_repeated',
      '403 header_repeated',
      '403 header_missing',
    ])
    expect(asked).toEqual([])
  })

  it('denies every hostile path without asking the policy', async () => {
    const { get, asked } = gateway()
    const who = await bearer('dev')
    for (const target of hostilePaths) {
      const statuses = [
        await get(`/v1/ext-authz${target}`, ['Host', 'x', ...who]),
        await get('/v1/auth-request', [...nginx(target), ...who]),
        await get('/v1/forward-auth', [...forwarded(target), ...who]),
      ].map(({ status }) => status)
      // What does not start with a slash is not below the prefix, so for Envoy it is no path of this listener.
      expect(statuses, target.slice(0, 60)).toEqual([target.startsWith('/') || target === '' ? 403 : 404, 403, 403])
    }
    expect(asked).toEqual([])
  })

  it('answers nothing but its exact path', async () => {
    const { get } = gateway()
    const paths = [
      '/',
      '/authorize',
      '/metrics',
      '/v1/auth-request/',
      '/v1/auth-request?x',
      '/livez/',
      '/livez?x',
      '//livez',
    ]
    for (const path of [...paths, '/v1/ext-authzx', 'http://x/v1/auth-request', '/v1/ext-authz/../../livez'])
      expect([path, (await get(path, nginx('/v1/members'))).status]).toEqual([path, path.includes('..') ? 403 : 404])
    expect((await get('/v1/auth-request', nginx('/v1/members'), 'POST')).headers.Allow).toBe('GET')
  })
})

describe('an answer', () => {
  it('is 200 for an allow and 403 for a denial, with every header each time', async () => {
    const who = await bearer('a%é b')
    const always = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }
    const about = { 'X-Postern-Subject': 'a%25%C3%A9%20b', 'X-Postern-Decision-Id': 'd1', 'X-Postern-Obligations': '' }
    const headers = { ...always, ...about, 'X-Postern-Reason': 'why' }
    for (const [decision, status] of [
      [true, 200],
      [false, 403],
    ] as const)
      expect(
        await gateway(() => decisionOf(decision)).get('/v1/auth-request', [...nginx('/v1/members'), ...who]),
      ).toEqual({
        status,
        reason: 'why',
        headers,
        body: { decision, reason: 'why', message: 'because', decision_id: 'd1' },
        text: `{"decision":${decision},"reason":"why","message":"because","decision_id":"d1"}`,
      })
    expect((await gateway().get('/v1/auth-request', [...nginx('/nope'), ...who])).headers).toEqual({
      ...always,
      'X-Postern-Subject': '',
      'X-Postern-Decision-Id': '',
      'X-Postern-Reason': 'no_route',
      'X-Postern-Obligations': '',
    })
  })

  it('is 402 for want of seats or a plan where that is set, but to nginx, which makes a 500 of it', async () => {
    const who = await bearer('dev')
    const denied = (more: Partial<Decision>): Answer => {
      const given = decisionOf(false)
      return { ...given, decision: { ...given.decision, ...more } }
    }
    const seats = { name: 'seats', limit: 3, used: 3 }
    const statuses = async (answer: Answer, set: 402 | 403) => {
      const { get } = gateway(() => answer, byToken, set)
      return [
        (await get('/v1/ext-authz/v1/members', ['Host', 'x', ...who])).status,
        (await get('/v1/forward-auth', [...forwarded('/v1/members'), ...who])).status,
        (await get('/v1/auth-request', [...nginx('/v1/members'), ...who])).status,
      ]
    }
    for (const more of [
      { limit: { ...seats, plan: 'free' } },
      { reason: 'role_not_on_plan' },
      { reason: 'plan_not_eligible' },
    ]) {
      expect(await statuses(denied(more), 402)).toEqual([402, 402, 403])
      expect(await statuses(denied(more), 403)).toEqual([403, 403, 403])
    }
    expect(await statuses(denied({ limit: seats }), 402)).toEqual([403, 403, 403])
    expect(await statuses(decisionOf(false), 402)).toEqual([403, 403, 403])
    const allowed = decisionOf(true)
    const odd = { ...allowed.decision, reason: 'role_not_on_plan', limit: { ...seats, plan: 'free' } }
    expect(await statuses({ ...allowed, decision: odd }, 402)).toEqual([200, 200, 200])
  })

  it('is a page for a browser: escaped, and nothing in it runs or is kept', async () => {
    const who = await bearer('dev')
    const given = decisionOf(false)
    const decision = { ...given.decision, message: `<script>alert("x")</script> & 'y'` }
    const { get } = gateway(() => ({ ...given, decision, decisionId: '<b>' }))
    const ask = (accept: string) => get('/v1/forward-auth', [...forwarded('/v1/members'), ...who, 'ACCEPT', accept])
    const page = await ask('text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8')
    expect(page.text).toBe(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Not allowed</title>
<h1>Not allowed</h1>
<p>&#60;script&#62;alert(&#34;x&#34;)&#60;/script&#62; &#38; &#39;y&#39;</p>
<p>Reference: <code>&#60;b&#62;</code></p>
</html>
`)
    expect(page.headers).toMatchObject({
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
      'X-Postern-Reason': 'why',
    })
    for (const accept of ['*/*', '', 'application/json', 'text/html, application/problem+json', 'text/plain'])
      expect([accept, (await ask(accept)).headers['Content-Type']]).toEqual([accept, 'application/json'])
    const challenged = await get('/v1/forward-auth', [...forwarded('/v1/members'), 'Accept', 'text/html'])
    expect([challenged.status, challenged.headers['WWW-Authenticate']]).toEqual([401, 'Bearer realm="postern"'])
    expect(challenged.text).toContain('<h1>Sign in first</h1>\n<p>no valid credential was sent</p>\n</html>')
    const allowed = await gateway().get('/v1/forward-auth', [
      ...forwarded('/v1/members'),
      ...who,
      'Accept',
      'text/html',
    ])
    expect([allowed.status, allowed.headers['Content-Type']]).toEqual([200, 'application/json'])
  })

  it('is a denial where an obligation of the allow would be lost', async () => {
    const who = await bearer('dev')
    const { get } = gateway(() => decisionOf(true, [{ type: 'filter_api_keys', keys: ['é'] }]))
    const kept = await get('/v1/auth-request', [...nginx('/v1/keys'), ...who])
    expect([kept.status, kept.headers['X-Postern-Obligations']]).toEqual([
      200,
      '[{"type":"filter_api_keys","keys":["\\u00e9"]}]',
    ])
    const lost = await get('/v1/auth-request', [...nginx('/v1/members'), ...who])
    expect([lost.status, lost.reason, lost.headers['X-Postern-Obligations']]).toEqual([403, 'obligation_unmet', ''])
  })

  it('is 503 where nothing can be decided, and 403 where the request is to blame', async () => {
    const who = await bearer('dev')
    const failing = async (error: unknown) => {
      const { get, causes } = gateway(() => Promise.reject(error))
      const { status, reason } = await get('/v1/auth-request', [...nginx('/v1/members'), ...who])
      return [status, reason, ...causes]
    }
    expect(await failing(new PosternError('undecidable'))).toEqual([503, 'undecidable', 'undecidable'])
    expect(await failing(new PosternError('not_ready'))).toEqual([503, 'not_ready', 'not_ready'])
    expect(await failing(new Error('x'))).toEqual([503, 'evaluation_failed', 'unexpected'])
    expect(await failing(new PosternError('unknown_tenant'))).toEqual([403, 'unknown_tenant'])
  })

  it('of the probes follows readiness', async () => {
    const { get, unready } = gateway()
    expect([(await get('/livez')).status, (await get('/readyz')).status]).toEqual([200, 200])
    unready()
    expect([(await get('/livez')).status, (await get('/readyz')).status]).toEqual([200, 503])
  })
})

describe('who asks', () => {
  const statusOf = async (identity: IdentitySettings, headers: readonly string[]) => {
    const { get, asked } = gateway(undefined, identity)
    const { status, headers: sent } = await get('/v1/auth-request', [...nginx('/v1/members'), ...headers])
    return [status, asked[0]?.subject.id ?? sent['WWW-Authenticate']]
  }

  it('is told by a bearer token; without one the answer is 401 with a challenge', async () => {
    const token = await tokenOf('dev')
    expect(await statusOf(byToken, ['authorization', `bearer ${token}`])).toEqual([200, 'dev'])
    expect(await statusOf(byToken, [])).toEqual([401, 'Bearer realm="postern"'])
    for (const wrong of [
      `Basic ${token}`,
      token,
      'Bearer',
      `Bearer ${token}x`,
      `Bearer ${token} x`,
      `Bearer ${token},x`,
    ])
      expect(await statusOf(byToken, ['Authorization', wrong])).toEqual([
        401,
        'Bearer realm="postern", error="invalid_token"',
      ])
    expect((await statusOf(byToken, ['X-User', 'dev', 'X-Postern-Token', secret]))[0]).toBe(401)
  })

  it('is told by a header of a gateway that proves itself, and by no other', async () => {
    expect(await statusOf(byHeader, ['X-User', 'dev', 'X-Postern-Token', secret])).toEqual([200, 'dev'])
    for (const headers of [
      ['X-User', 'dev'],
      ['X-User', 'dev', 'X-Postern-Token', `${secret}a`],
      ['X-Postern-Token', secret],
    ])
      expect((await statusOf(byHeader, headers))[0]).toBe(401)
    expect((await statusOf(byHeader, ['X-User', 'dev', 'X-User', 'bill', 'X-Postern-Token', secret]))[0]).toBe(403)
    expect((await statusOf(byHeader, ['Authorization', `Bearer ${await tokenOf('dev')}`]))[0]).toBe(401)
  })

  it('is asked of no gateway that does not prove itself where there is a secret, beside the tokens of clients too', async () => {
    const both = { ...byToken, gateway_token: secret }
    const client = await bearer('dev')
    expect(await statusOf(both, [...client, 'X-Postern-Token', secret])).toEqual([200, 'dev'])
    expect((await statusOf(both, client))[0]).toBe(401)
    expect((await statusOf(both, [...client, 'X-Postern-Token', `${secret}a`]))[0]).toBe(401)
    expect((await statusOf(both, ['X-Postern-Token', secret]))[0]).toBe(401)
  })

  it('is nobody where no identity is configured', async () => {
    expect((await statusOf(none, ['Authorization', `Bearer ${await tokenOf('dev')}`]))[0]).toBe(401)
  })

  it('is a 503 where the keys cannot be fetched', async () => {
    const unreachable = { ...byToken, jwt_keys: 'http://127.0.0.1:1/' }
    expect((await statusOf(unreachable, ['Authorization', `Bearer ${await tokenOf('dev')}`]))[0]).toBe(503)
  })
})

describe('a gateway whose secret is wrong', () => {
  const wrong = ['X-User', 'dev', 'X-Postern-Token', `${secret}a`]
  const right = ['X-User', 'dev', 'X-Postern-Token', secret]

  it('is a 429 after some attempts, and one whose secret is right passes beside it', async () => {
    const addresses: string[] = []
    const failures = createFailureLimit({ attempts: 2, report: ({ address }) => addresses.push(address) })
    const { get, asked, causes } = gateway(undefined, byHeader, 403, failures)
    const forward = (headers: readonly string[]) => get('/v1/forward-auth', [...forwarded('/v1/members'), ...headers])
    expect([(await forward(wrong)).status, (await forward(wrong)).status]).toEqual([401, 401])
    const { status, headers, text } = await forward(wrong)
    expect([status, headers['Retry-After'], JSON.parse(text).error.code]).toEqual([429, '60', 'too_many_failures'])
    // nginx would make a 500 of a 429.
    expect((await get('/v1/auth-request', [...nginx('/v1/members'), ...wrong])).status).toBe(403)
    expect([(await forward(right)).status, asked.length, causes]).toEqual([200, 1, []])
    // Who sends none has guessed nothing.
    expect((await forward(['X-User', 'dev'])).status).toBe(401)
    expect(addresses).toEqual(['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.1'])
  })

  it('is counted by the address of its socket', async () => {
    const failures = createFailureLimit({ attempts: 1, report() {} })
    const { api } = gateway(undefined, byHeader, 403, failures)
    await served(api, async (port) => {
      const headers = { 'X-Forwarded-Method': 'GET', 'X-Forwarded-Uri': '/v1/members', 'X-Postern-Token': 'guess' }
      const statuses = [1, 2].map(
        async () => (await fetch(`http://127.0.0.1:${port}/v1/forward-auth`, { headers })).status,
      )
      expect((await Promise.all(statuses)).sort()).toEqual([401, 429])
    })
    expect(failures('::ffff:127.0.0.1')).toBeDefined()
  })

  it('is not one whose clients send tokens that are not good', async () => {
    const failures: string[] = []
    const { get } = gateway(undefined, byToken, 403, (address) => void failures.push(String(address)))
    const target = [...forwarded('/v1/members'), 'Authorization', 'Bearer wrong']
    expect((await get('/v1/forward-auth', target)).status).toBe(401)
    expect(failures).toEqual([])
  })
})
