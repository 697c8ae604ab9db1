import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { descriptionBytes } from '../../src/gateway/description-body.ts'
import { createGatewayApi } from '../../src/gateway/gateway-api.ts'
import { createIdentify } from '../../src/gateway/identity.ts'
import { pluginReply } from '../../src/gateway/plugin-reply.ts'
import { type Plugin, plugins } from '../../src/gateway/plugins.ts'
import { readRoutes } from '../../src/gateway/read-routes.ts'
import type { Decision } from '../../src/pdp/decision.ts'
import { PosternError } from '../../src/pdp/errors.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { project } from '../support/policy.ts'
import { audience, issuer, keySetFile, tokenOf } from '../support/tokens.ts'
import { hostilePaths } from './hostile-paths.ts'

const secret = 's'.repeat(32)
const byToken = {
  jwt_keys: keySetFile(),
  jwt_issuer: issuer,
  jwt_audience: audience,
  jwt_algorithm: 'RS256',
  trusted_header: null,
  certificate_prefix: null,
  gateway_token: null,
}
const byHeader = { ...byToken, jwt_keys: null, trusted_header: 'X-User', gateway_token: secret }

const allow: Decision = {
  decision: true,
  stage: 'x',
  reason: 'why',
  message: 'because',
  rule: 'r:1',
  obligations: [],
  policy: 'p',
}
const deny: Decision = { ...allow, decision: false }
const tooFew = { ...deny, reason: 'plan_not_eligible' }

const json = ['Content-Type', 'application/json']

function gateway(decide: () => Decision = () => allow, identity: Parameters<typeof createIdentify>[0] = byToken) {
  const asked: DecisionRequest[] = []
  const api = createGatewayApi({
    pdp: {
      async decide(request) {
        asked.push(request)
        return { decision: decide(), decisionId: 'd1', revision: '0', cache: 'miss' }
      },
    },
    routes: readRoutes(project.root),
    identify: createIdentify(identity, () => undefined),
    planDenialStatus: 402,
    readiness: { ready: () => true },
    metrics: { decided() {}, responded() {}, failedClosed() {} },
    log: { error() {} },
  })
  const send = async (plugin: Plugin, body: string | Buffer, headers: readonly string[] = json) => {
    const made = await api.answer({
      method: 'POST',
      target: `/v1/data/postern/${plugin}`,
      headers,
      body: chunks(Buffer.from(body)),
    })
    expect(made.plugin).toBe(plugin)
    return { reason: made.reason, ...JSON.parse(pluginReply(plugin, made)) } as { reason: string; result: Result }
  }
  const ask = (plugin: Plugin, request: Described, headers?: readonly string[]) =>
    send(plugin, JSON.stringify(plugin === 'kong' ? kong(request) : apisix(request)), headers)
  return { api, send, ask, asked }
}

interface Result {
  readonly allow: unknown
  readonly status?: number
  readonly status_code?: number
}

interface Described {
  readonly method?: unknown
  /** As the client sent it, up to the query. */
  readonly path: unknown
  /** As the gateway tells it; that of `path` otherwise. */
  readonly cleaned?: unknown
  readonly query?: unknown
  readonly headers?: unknown
}

async function* chunks(body: Buffer) {
  for (let index = 0; index < body.length; index += 65_536) yield body.subarray(index, index + 65_536)
}

/** What Kong's plugin documents that it sends, with each of the parts that it can be told to add. */
function kong({ method = 'GET', path, query = {}, headers = {} }: Described) {
  const http = {
    ...{ host: 'api.example', port: '8000', tls: {}, method, scheme: 'http', path, querystring: query, headers },
    uri_captures: { named: {}, unnamed: [] },
  }
  const service = { host: 'service.example', id: 'e6fd8b19', protocol: 'http', name: 'keys', port: 80 }
  const route = { id: 'bc6d8617', paths: ['/'], strip_path: false, path_handling: 'v0' }
  return { input: { request: { http }, client_ip: '127.0.0.1', service, route, consumer: { username: 'owner' } } }
}

/** What APISIX's plugin documents that it sends, and the header that the example configuration sets before. */
function apisix({ method = 'GET', path, cleaned = path, query = {}, headers = {} }: Described) {
  const set = typeof headers === 'object' ? { ...headers, 'x-postern-target': path } : headers
  const request = { scheme: 'http', path: cleaned, headers: set, query, port: 9080, method, host: 'api.example' }
  const about = { timestamp: 1_701_234_567, server_addr: '127.0.0.1', server_port: '9080', remote_port: '41000' }
  return {
    input: { type: 'http', request, var: { ...about, remote_addr: '127.0.0.1' }, route: {}, service: {}, consumer: {} },
  }
}

const bearer = async (subject: string) => ({
  authorization: `Bearer ${await tokenOf(subject, { iat: 1_700_000_000 })}`,
})
const both = ['kong', 'apisix'] as const
const statusOf = ({ result }: { readonly result: Result }) => result.status ?? result.status_code

describe('a plugin', () => {
  it('is told of an allow strictly, with what the service gets to know, and asks what every dialect asks', async () => {
    const { ask, asked } = gateway()
    const request = { method: 'POST', path: '/v1/keys/key-site/uses', headers: await bearer('dev') }
    const headers = {
      'X-Postern-Subject': 'dev',
      'X-Postern-Decision-Id': 'd1',
      'X-Postern-Reason': 'why',
      'X-Postern-Obligations': '',
    }
    for (const plugin of both)
      expect(await ask(plugin, request)).toEqual({ reason: 'why', result: { allow: true, headers } })
    const question = {
      subject: { type: 'user', id: 'dev' },
      action: { name: 'api_key:use' },
      resource: { type: 'api_key', id: 'key-site' },
      context: { tenant: 'acme-filestack', session_issued_at: '2023-11-14T22:13:20.000Z' },
    }
    expect(asked).toEqual([question, question])
  })

  it('is told of a denial strictly, with the status and the words for the client but not who it is', async () => {
    const request = { path: '/v1/members', headers: { ...(await bearer('dev')), accept: 'text/html' } }
    const headers = {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      'X-Postern-Decision-Id': 'd1',
      'X-Postern-Reason': 'why',
    }
    const said = { decision: false, reason: 'why', message: 'because', decision_id: 'd1' }
    const { ask } = gateway(() => deny)
    expect(await ask('kong', request)).toEqual({
      reason: 'why',
      result: { allow: false, status: 403, headers, message: said },
    })
    expect(await ask('apisix', request)).toEqual({
      reason: 'why',
      result: { allow: false, status_code: 403, headers, reason: said },
    })
    for (const plugin of both) expect(statusOf(await gateway(() => tooFew).ask(plugin, request))).toBe(402)
  })

  it('is told 401 with a challenge where there is no good credential', async () => {
    const { ask, asked } = gateway()
    const challenged = (made: { readonly result: Result }) => [made.result.allow, statusOf(made), made.result]
    for (const plugin of both) {
      expect(challenged(await ask(plugin, { path: '/v1/members' }))).toEqual([
        false,
        401,
        expect.objectContaining({
          headers: {
            'Content-Type': 'application/json',
            'Cache-Control': 'no-store',
            'X-Postern-Decision-Id': '',
            'X-Postern-Reason': 'unauthenticated',
            'WWW-Authenticate': 'Bearer realm="postern"',
          },
        }),
      ])
      const bad = await ask(plugin, { path: '/v1/members', headers: { authorization: 'Bearer x.y.z' } })
      expect([bad.result.allow, statusOf(bad)]).toEqual([false, 401])
    }
    expect(asked).toEqual([])
  })

  it('is told 503 where nothing can be decided', async () => {
    const headers = await bearer('dev')
    for (const error of [new PosternError('undecidable'), new PosternError('not_ready'), new Error('x')])
      for (const plugin of both) {
        const failing = gateway(() => {
          throw error
        })
        const made = await failing.ask(plugin, { path: '/v1/members', headers })
        expect([made.result.allow, statusOf(made)]).toEqual([false, 503])
      }
  })

  it('is told a denial of every hostile path, and the policy is not asked', async () => {
    const { ask, asked } = gateway()
    const headers = await bearer('dev')
    for (const path of hostilePaths) {
      const made = [
        await ask('kong', { path, headers }),
        await ask('apisix', { path, headers }),
        // What APISIX makes of them before it asks can look innocent.
        await ask('apisix', { path, cleaned: '/v1/members', headers }),
      ]
      expect(
        made.map((one) => [one.result.allow, statusOf(one)]),
        path.slice(0, 60),
      ).toEqual([
        [false, 403],
        [false, 403],
        [false, 403],
      ])
    }
    expect(asked).toEqual([])
  })

  it('is not led by a header that says it is another request, another client or the gateway', async () => {
    const spoofed = {
      'x-original-uri': '/v1/members',
      'x-original-method': 'GET',
      'x-forwarded-uri': '/v1/members',
      'x-forwarded-method': 'GET',
      'x-forwarded-host': 'other.example',
      'x-forwarded-client-cert': 'URI=owner',
      'x-user': 'owner',
      'x-postern-token': secret,
      'x-postern-subject': 'owner',
    }
    const { ask, asked } = gateway()
    for (const plugin of both) {
      const headers = { ...spoofed, ...(await bearer('dev')) }
      expect((await ask(plugin, { path: '/v1/keys/key-site', headers })).result.allow).toBe(true)
      // The token of whoever sends the description is not the client's.
      const sender = [...json, 'Authorization', (await bearer('owner')).authorization]
      expect(statusOf(await ask(plugin, { path: '/v1/members' }, sender))).toBe(401)
      const trusting = gateway(undefined, byHeader)
      expect(statusOf(await trusting.ask(plugin, { path: '/v1/members', headers: spoofed }))).toBe(401)
      const proven = await trusting.ask(plugin, { path: '/v1/members', headers: spoofed }, [
        ...json,
        ...['X-Postern-Token', secret],
      ])
      expect([proven.result.allow, trusting.asked.map(({ subject }) => subject.id)]).toEqual([true, ['owner']])
    }
    expect(asked.map(({ subject, action, resource }) => [subject.id, action.name, resource.id])).toEqual([
      ['dev', 'api_key:view', 'key-site'],
      ['dev', 'api_key:view', 'key-site'],
    ])
  })

  it('gets no allow where a header that decides came twice, or the map of headers may have been cut', async () => {
    const { authorization } = await bearer('dev')
    const { ask, asked } = gateway()
    const many = Object.fromEntries(Array.from({ length: 99 }, (_, index) => [`x-${index}`, '']))
    const reasonOf = async (plugin: Plugin, headers: unknown) => {
      const made = await ask(plugin, { path: '/v1/members', headers })
      return `${made.result.allow} ${statusOf(made)} ${made.reason}`
    }
    for (const plugin of both) {
      expect(await reasonOf(plugin, { authorization: [authorization, authorization] })).toBe(
        'false 403 header_repeated',
      )
      expect(await reasonOf(plugin, { authorization, Authorization: authorization })).toBe('false 403 header_repeated')
      expect(await reasonOf(plugin, { ...many, authorization })).toBe('false 403 description_cut')
      expect(await reasonOf(plugin, { authorization: true })).toBe('false 403 description_malformed')
    }
    expect(asked).toEqual([])
  })

  it('gets no allow for what is no description of a request, whose place is named', async () => {
    const { send, ask, asked } = gateway()
    const headers = await bearer('dev')
    const said = async (made: ReturnType<typeof send>) => {
      const { reason, result } = await made
      expect([result.allow, statusOf({ result })]).toEqual([false, 403])
      const { message, reason: other } = result as { message?: unknown; reason?: unknown }
      return `${reason}: ${((message ?? other) as { error: { message: string } }).error.message}`
    }
    for (const plugin of both) {
      const at = plugin === 'kong' ? '/input/request/http' : '/input/request'
      expect(await said(send(plugin, '{'))).toBe('malformed_json: the body is not JSON')
      expect(await said(send(plugin, Buffer.from([0x22, 0xff, 0x22])))).toBe('malformed_json: the body is not JSON')
      expect(await said(send(plugin, '[]'))).toBe('description_malformed: the body is not an object')
      expect(await said(send(plugin, '{}'))).toBe('description_malformed: `/input` is not an object')
      expect(await said(send(plugin, '{"input":{"request":[]}}'))).toMatch(/^description_malformed: `\/input\/request`/)
      expect(await said(send(plugin, '{}', []))).toMatch(/^unsupported_media_type/)
      expect(await said(send(plugin, '{}', ['Content-Type', 'application/jsonp']))).toMatch(/^unsupported_media_type/)
      expect(await said(send(plugin, ' '.repeat(descriptionBytes + 1)))).toMatch(/^too_large/)
      expect(await said(ask(plugin, { path: '/v1/members', headers: 'x' }))).toBe(
        `description_malformed: \`${at}/headers\` is not an object`,
      )
      expect(await said(ask(plugin, { path: '/v1/members', method: 1, headers }))).toBe(
        `description_malformed: \`${at}/method\` is not a text`,
      )
      expect(await said(ask(plugin, { path: '/nope', headers }))).toMatch(/^no_route/)
    }
    const streamed = { ...apisix({ path: '/v1/members', headers }).input, type: 'stream' }
    expect(await said(send('apisix', JSON.stringify({ input: streamed })))).toBe(
      'description_malformed: `/input/type` is not `http`',
    )
    expect(asked).toEqual([])
  })

  it('is asked by POST on its exact path, and reads a description of itself alone', async () => {
    const { api, send, asked } = gateway()
    const at = (target: string, method: string) =>
      api.answer({ method, target, headers: json, body: chunks(Buffer.from('{}')) })
    for (const plugin of both) {
      const target = `/v1/data/postern/${plugin}`
      expect(await at(target, 'GET')).toMatchObject({ status: 405, more: { Allow: 'POST' } })
      for (const other of [`${target}/`, `${target}?pretty`, `/${target}`, '/v1/data/postern'])
        expect([other, (await at(other, 'POST')).status]).toEqual([other, 404])
    }
    const request = { path: '/v1/members', headers: await bearer('dev') }
    expect((await send('kong', JSON.stringify(apisix(request)))).reason).toBe('description_malformed')
    expect((await send('apisix', JSON.stringify(kong(request)))).reason).toBe('description_malformed')
    expect(asked).toEqual([])
  })
})

describe('the query', () => {
  const keyAsked = async (plugin: Plugin, request: Described) => {
    const { ask, asked } = gateway()
    const made = await ask(plugin, { ...request, headers: await bearer('dev') })
    return made.result.allow === true ? asked[0]?.resource.properties : made.reason
  }

  it('of Kong, which has taken it apart, is read where no other reading of it is possible', async () => {
    const path = '/v1/analytics'
    const asking = (query: unknown) => keyAsked('kong', { path, query })
    expect(await asking({ key: 'é&=#+?/', other: true, more: 'x y' })).toEqual({ api_key: 'é&=#+?/' })
    expect(await asking({ key: true })).toEqual({ api_key: '' })
    expect(await asking({})).toBeUndefined()
    for (const query of [
      { key: ['a', 'a'] },
      { key: 'a b' },
      { key: 'a;key=b' },
      { 'x;key': 'b', key: 'a' },
      { key: 'a%zz' },
      { key: 'a\ud800' },
      { key: 'a\n' },
    ])
      expect([query, await asking(query)]).toEqual([query, 'query_ambiguous'])
    const many = Object.fromEntries(Array.from({ length: 99 }, (_, index) => [`q${index}`, 'x']))
    expect(await asking({ ...many, key: 'a' })).toBe('description_cut')
    expect(await asking({ key: 1 })).toBe('description_malformed')
    expect(await keyAsked('kong', { path: `${path}?key=a` })).toBe('path_ambiguous')
  })

  it('of APISIX is that of the target as the client sent it, whatever else is said of it', async () => {
    const asking = (query: string) =>
      keyAsked('apisix', { path: `/v1/analytics${query}`, cleaned: '/v1/analytics', query: { key: 'other' } })
    expect(await asking('?key=a')).toEqual({ api_key: 'a' })
    expect(await asking('')).toBeUndefined()
    expect(await asking('?key=a&key=b')).toBe('query_ambiguous')
  })
})

describe('the target that APISIX is configured to tell', () => {
  it('must be there, and must be of the path that APISIX matched', async () => {
    const { send, asked } = gateway()
    const headers = await bearer('dev')
    const untold = apisix({ path: '/v1/keys/key%20a', cleaned: '/v1/keys/key a', headers })
    expect((await send('apisix', JSON.stringify(untold))).result.allow).toBe(true)
    for (const [told, reason] of [
      [{}, 'header_missing'],
      [{ 'x-postern-target': '' }, 'header_missing'],
      [{ 'x-postern-target': ['/v1/keys/key%20a', '/v1/members'] }, 'header_repeated'],
      [{ 'x-postern-target': '/v1/members' }, 'path_ambiguous'],
      [{ 'x-postern-target': '/v1/keys/key%2520a' }, 'path_ambiguous'],
    ] as const) {
      const request = { ...untold.input.request, headers: { ...headers, ...told } }
      const made = await send('apisix', JSON.stringify({ input: { ...untold.input, request } }))
      expect([made.result.allow, made.reason]).toEqual([false, reason])
    }
    expect(asked.map(({ resource }) => resource.id)).toEqual(['key a'])
  })
})

describe('over HTTP', () => {
  const { api, asked } = gateway()
  const server = createServer(api.handle)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterAll(() => {
    agent.destroy()
    server.close()
  })
  const post = async (path: string, body: string) => {
    const { port } = server.address() as AddressInfo
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }
    const sent = httpRequest({ agent, host: '127.0.0.1', port, path, method: 'POST', headers })
    sent.on('error', () => {}).end(body)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    const text = Buffer.concat(await answer.toArray()).toString()
    return { status: answer.statusCode, connection: answer.headers.connection, body: JSON.parse(text) }
  }

  it('the status is 200 with a result, an allow or not, and the connection is kept for the next', async () => {
    const headers = await bearer('dev')
    const allowed = JSON.stringify(kong({ path: '/v1/members', headers }))
    const denied = JSON.stringify(kong({ path: '/nope', headers }))
    for (const [sent, allow] of [
      [allowed, true],
      [denied, false],
      [allowed, true],
    ] as const) {
      const { status, connection, body } = await post('/v1/data/postern/kong', sent)
      expect([status, connection, body.result.allow]).toEqual([200, 'keep-alive', allow])
    }
    expect(asked).toHaveLength(2)
  })

  it('a description that is too long gets a denial, and is not read to its end', async () => {
    const { status, connection, body } = await post('/v1/data/postern/apisix', ' '.repeat(4 * descriptionBytes))
    expect([status, connection, body.result.allow, body.result.status_code]).toEqual([200, 'close', false, 403])
  })
})

describe('the example configuration', () => {
  const shipped = (file: string) => readFileSync(join(project.root, 'config/gateways', file), 'utf8')

  it('asks on the path of its plugin, and passes on every header that an allow has', async () => {
    const [ofKong, ofApisix] = [shipped('kong/kong.yaml'), shipped('apisix/apisix.yaml')]
    const path = /opa_path: (\S+)/.exec(ofKong)?.[1] ?? ''
    const policy = /policy: (\S+)/.exec(ofApisix)?.[1] ?? ''
    expect([plugins.get(path), plugins.get(`/v1/data/${policy}`)]).toEqual(['kong', 'apisix'])
    const { result } = await gateway().ask('apisix', { path: '/v1/members', headers: await bearer('dev') })
    const listed = [...ofApisix.matchAll(/- (X-Postern-\S+)/g)].map(([, name]) => name)
    expect(listed).toEqual(Object.keys((result as { headers?: object }).headers ?? {}))
  })
})
