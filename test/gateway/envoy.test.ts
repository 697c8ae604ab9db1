import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { audience, issuer, keySetFile, tokenOf } from '../support/tokens.ts'
import { envoyRig, hasEnvoy, type Protocol, type Reached, type Rig, type Trouble } from './envoy-rig.ts'
import { hostilePaths } from './hostile-paths.ts'
import { rawRequests } from './raw-requests.ts'

const identity = {
  POSTERN_IDENTITY_JWT_KEYS: keySetFile(),
  POSTERN_IDENTITY_JWT_ISSUER: issuer,
  POSTERN_IDENTITY_JWT_AUDIENCE: audience,
}
const bearer = async (user: string) => ({ Authorization: `Bearer ${await tokenOf(user)}` })

/** What clients write to be taken for somebody, or for asking something else. */
const spoofedNames = [
  ...['X-Original-URI', 'X-Original-Method', 'X-Original-Host', 'X-Original-URL', 'X-Rewrite-URL'],
  ...['X-Forwarded-Uri', 'X-Forwarded-Method', 'X-Forwarded-Host', 'X-Forwarded-Prefix', 'X-Forwarded-Path'],
  ...['X-HTTP-Method-Override', 'X-Method-Override', 'X-Envoy-Original-Path', 'X-Envoy-Original-Method', 'Forwarded'],
  ...['X-Postern-Token', 'X-Postern-Subject', 'X-Postern-Reason', 'X-Postern-Obligations', 'X-User'],
  ...['X-Forwarded-Client-Cert', 'X-Envoy-Auth-Partial-Body', 'X-Envoy-Auth-Headers-To-Remove', 'X-Forwarded-User'],
]
const spellings = (name: string) => [name, name.toLowerCase(), name.toUpperCase()]

describe.skipIf(!hasEnvoy).each(['http', 'grpc'] satisfies Protocol[])('Envoy that asks by %s', (protocol) => {
  let rig: Rig

  beforeAll(async () => {
    rig = await envoyRig(protocol, identity)
  }, 30_000)

  afterEach(() => {
    rig.reached.length = 0
  })

  afterAll(async () => {
    await rig?.stop()
  })

  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    (await fetch(`http://127.0.0.1:${rig.port}${path}`, { method, headers })).status
  const lines = () => rig.reached.map(({ method, url }) => `${method} ${url}`)

  it('passes on what the policy allows, with who asked and why', async () => {
    expect(await get('/v1/members?page=2', await bearer('owner'))).toBe(200)
    expect(lines()).toEqual(['GET /v1/members?page=2'])
    const { headers } = rig.reached[0] as Reached
    const { 'x-postern-subject': subject, 'x-postern-reason': reason, 'x-postern-obligations': due } = headers
    expect([subject, reason, due]).toEqual(['owner', 'role_grant', ''])
    expect(headers['x-postern-decision-id']).toMatch(/^[0-9a-f]{32}$/)
  })

  it.each([
    ['a denial of the policy', 403, '/v1/members', 'bill', 'GET'],
    ['a route that is not listed', 403, '/v1/other', 'owner', 'GET'],
    ['a method that is not listed', 403, '/v1/members', 'owner', 'DELETE'],
    ['no credential', 401, '/v1/members', undefined, 'GET'],
  ])('stops at %s', async (_, status, path, user, method) => {
    expect(await get(path, user === undefined ? {} : await bearer(user), method)).toBe(status)
    expect(rig.reached).toEqual([])
  })

  it('hands a denial to the client, without what is only for the service', async () => {
    const denied = await fetch(`http://127.0.0.1:${rig.port}/v1/members`, { headers: await bearer('bill') })
    const { headers } = denied
    expect(await denied.json()).toMatchObject({ decision: false, reason: headers.get('x-postern-reason') })
    expect([headers.get('content-type'), headers.get('cache-control')]).toEqual(['application/json', 'no-store'])
    expect([headers.get('x-postern-subject'), headers.get('x-postern-obligations')]).toEqual([null, null])
  })

  it('shows a browser a page that runs nothing', async () => {
    const Accept = 'text/html,application/xhtml+xml,*/*;q=0.8'
    const { status, headers, body } = await fetch(`http://127.0.0.1:${rig.port}/v1/members`, {
      headers: { ...(await bearer('bill')), Accept },
    }).then(async (answer) => ({ status: answer.status, headers: answer.headers, body: await answer.text() }))
    expect([status, headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8'])
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(body).toContain(`<p>Reference: <code>${headers.get('x-postern-decision-id')}</code></p>`)
  })

  // Of Postern's answers by HTTP 200 alone allows; what Envoy cannot read as an answer is its own 503.
  const troubles: [Trouble, number][] =
    protocol === 'http'
      ? [
          ...(['down', 'slow', 500, 503] as const).map((how): [Trouble, number] => [how, 503]),
          ...[201, 204, 302, 400, 404, 429].map((how): [Trouble, number] => [how, how]),
        ]
      : [
          ...(['down', 'slow', 503] as const).map((how): [Trouble, number] => [how, 503]),
          ...[0, 201, 204, 302].map((how): [Trouble, number] => [how, 403]),
        ]
  it.each(troubles)('stops where Postern is or answers %s', async (how, status) => {
    const who = await bearer('owner')
    await rig.meet(how)
    try {
      expect(await get('/v1/members', who)).toBe(status)
    } finally {
      await rig.meet('none')
    }
    expect(rig.reached).toEqual([])
  })

  if (protocol === 'grpc')
    it('takes a reply of no bytes for an allow, so Postern must never write one', async () => {
      await rig.meet('empty')
      try {
        expect(await get('/v1/members')).toBe(200)
      } finally {
        await rig.meet('none')
      }
      expect(lines()).toEqual(['GET /v1/members'])
    })

  it('keeps what a client sends under the names of a gateway or of the decision from having any effect', async () => {
    const who = await bearer('bill')
    const spoofed = spoofedNames.flatMap((name) =>
      spellings(name).flatMap((spelt) => ['/v1/accounts/acme-filestack/plan', 'owner'].map((value) => [spelt, value])),
    )
    for (const [name = '', value = ''] of spoofed)
      expect([name, await get('/v1/members', { ...who, [name]: value })]).toEqual([name, 403])
    for (const name of spoofedNames.filter((name) => name.includes('-')).map((name) => name.replaceAll('-', '_')))
      expect([name, await get('/v1/members', { ...(await bearer('owner')), [name]: 'x' })]).toEqual([name, 400])
    expect(rig.reached).toEqual([])
    expect(spoofed.length + spoofedNames.length).toBeGreaterThanOrEqual(60)

    for (const name of ['X-Postern-Subject', 'x-postern-decision-id', 'X-POSTERN-REASON', 'X-Postern-Obligations'])
      expect(await get('/v1/accounts/acme-filestack/plan', { ...who, [name]: 'mine' })).toBe(200)
    for (const { headers } of rig.reached) {
      const { 'x-postern-subject': subject, 'x-postern-reason': reason, 'x-postern-obligations': due } = headers
      expect([subject, reason, due]).toEqual(['bill', 'role_grant', ''])
      expect(headers['x-postern-decision-id']).toMatch(/^[0-9a-f]{32}$/)
    }
    expect(rig.reached).toHaveLength(4)
  })

  it('passes on nothing but the very method and path that the policy allowed, whatever is sent', async () => {
    const { Authorization } = await bearer('owner')
    const [before, allowedBefore] = [await rig.otherAnswers(), await rig.allows()]
    const tail = `HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: ${Authorization}\r\nConnection: close\r\n\r\n`
    const requests = [
      ...hostilePaths.flatMap((path) => [`GET ${path} ${tail}`, `DELETE ${path} ${tail}`, `GET /v1${path} ${tail}`]),
      ...rawRequests.map((text) => text.replaceAll('@', `Authorization: ${Authorization}\r\n`)),
    ]
    for (let at = 0; at < requests.length; at += 64)
      await Promise.all(requests.slice(at, at + 64).map((text) => rig.raw(text)))
    // Whatever Envoy made of it, it is a request that the routes allow the owner, and each was allowed one by one.
    const allowed = /^GET \/v1\/(?:members|accounts\/acme-filestack\/plan)(?:\?|$)/
    expect(lines().filter((line) => !allowed.test(line))).toEqual([])
    expect((await rig.allows()) - allowedBefore).toBe(rig.reached.length)
    expect(requests.length).toBeGreaterThanOrEqual(300)
    expect((await rig.otherAnswers()) - before).toBe(0)
    expect(await get('/v1/members', { Authorization })).toBe(200)
    console.info(
      `Envoy by ${protocol}: ${requests.length} hostile requests, ${rig.reached.length - 1} of them read as an allowed one, 0 mismatches`,
    )
  }, 60_000)
})

describe.skipIf(!hasEnvoy)('what the configuration is there for', () => {
  it('with failure_mode_allow a request would pass while Postern is away', async () => {
    const open = await envoyRig('http', identity, (config) =>
      config.replace('failure_mode_allow: false', 'failure_mode_allow: true'),
    )
    try {
      await open.meet('down')
      expect((await fetch(`http://127.0.0.1:${open.port}/v1/members`)).status).toBe(200)
      expect(open.reached.map(({ url }) => url)).toEqual(['/v1/members'])
    } finally {
      await open.stop()
    }
  })

  it('by gRPC an access log can say who asked and why, of denials too', async () => {
    const log = join(mkdtempSync(join(tmpdir(), 'postern-envoy-log-')), 'access.log')
    const value = (name: string) => `%DYNAMIC_METADATA(envoy.filters.http.ext_authz:${name})%`
    const format = `${['subject', 'reason', 'decision_id'].map(value).join(' ')}\\n`
    const logging = await envoyRig('grpc', identity, (config) =>
      config.replace(
        /^( +)use_remote_address: true\n/m,
        `$&$1access_log: [{ name: file, typed_config: { '@type': type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog, path: ${log}, log_format: { text_format_source: { inline_string: "${format}" } } } }]\n`,
      ),
    )
    try {
      for (const user of ['owner', 'bill'])
        await fetch(`http://127.0.0.1:${logging.port}/v1/members`, { headers: await bearer(user) })
      // Envoy writes its logs out every ten seconds.
      await expect.poll(() => readFileSync(log, 'utf8').split('\n').length, { timeout: 20_000 }).toBe(3)
      expect(readFileSync(log, 'utf8')).toMatch(/^owner role_grant [0-9a-f]{32}\nbill no_permission [0-9a-f]{32}\n$/)
    } finally {
      await logging.stop()
      rmSync(dirname(log), { recursive: true })
    }
  })

  it.each(['http', 'grpc'] as const)(
    'even without the stripping, each answer by %s puts its own headers in the place of what a client sends',
    async (protocol) => {
      const bare = await envoyRig(protocol, identity, (config) => config.replace(/.*- \{ remove: x-postern-.*\n/g, ''))
      try {
        const sent = { ...(await bearer('owner')), 'X-Postern-Subject': 'root', 'X-Postern-Obligations': 'mine' }
        expect((await fetch(`http://127.0.0.1:${bare.port}/v1/members`, { headers: sent })).status).toBe(200)
        const { headers } = bare.reached[0] as Reached
        expect([headers['x-postern-subject'], headers['x-postern-obligations']]).toEqual(['owner', ''])
      } finally {
        await bare.stop()
      }
    },
  )
})

describe.skipIf(!hasEnvoy).each(['http', 'grpc'] satisfies Protocol[])(
  'where plan denials are a 402, by %s',
  (protocol) => {
    let root: string
    let rig: Rig

    beforeAll(async () => {
      root = mkdtempSync(join(tmpdir(), 'postern-envoy-routes-'))
      mkdirSync(join(root, 'config'))
      const route = '{ method: POST, path: /v1/members, action: member:invite, tenant: acme-filestack, resource: '
      const invited = '{ properties: { email: { query: email }, role: { query: role } } } }'
      writeFileSync(join(root, 'config/routes.yaml'), `routes:\n  - ${route}${invited}\n`)
      rig = await envoyRig(protocol, { ...identity, POSTERN_GATEWAY_PLAN_DENIAL_STATUS: '402' }, undefined, root)
    }, 30_000)

    afterAll(async () => {
      await rig?.stop()
      rmSync(root, { recursive: true, force: true })
    })

    const invite = async (user: string, headers: Record<string, string> = {}) => {
      const to = `http://127.0.0.1:${rig.port}/v1/members?email=new@example.com&role=billing`
      return fetch(to, { method: 'POST', headers: { ...(await bearer(user)), ...headers } })
    }

    it('the client of a tenant without a free seat gets it, and others the 403 that they had', async () => {
      const [full, unentitled] = [await invite('owner'), await invite('dev')]
      expect([full.status, full.headers.get('x-postern-reason')]).toEqual([402, 'seat_limit_reached'])
      expect(await full.json()).toMatchObject({ decision: false, reason: 'seat_limit_reached' })
      expect([unentitled.status, unentitled.headers.get('x-postern-reason')]).toEqual([403, 'no_permission'])
      expect(rig.reached).toEqual([])
    })

    it('a browser shows the page of it', async () => {
      const page = await invite('owner', { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' })
      expect([page.status, page.headers.get('content-type')]).toEqual([402, 'text/html; charset=utf-8'])
      expect(await page.text()).toContain(`<p>Reference: <code>${page.headers.get('x-postern-decision-id')}</code></p>`)
      expect(rig.reached).toEqual([])
    })
  },
)
