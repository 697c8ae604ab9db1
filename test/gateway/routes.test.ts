import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readRoutes } from '../../src/gateway/read-routes.ts'
import { Refusal } from '../../src/gateway/refusals.ts'
import { routeRequest } from '../../src/gateway/route-request.ts'
import { problemsOf } from '../document/problems-of.ts'
import { project } from '../support/policy.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-routes-'))
mkdirSync(join(folder, 'config'))

function routesOf(text: string, actions?: ReadonlySet<string>) {
  writeFileSync(join(folder, 'config/routes.yaml'), `routes:\n${text}`)
  return readRoutes(folder, actions)
}

/** What a request asks, or why it is denied. */
function ask(text: string, method: string, target: string, host?: string, headers: readonly string[] = []) {
  try {
    const { route, ...rest } = routeRequest(routesOf(text), { method, target, host }, headers)
    return { ...rest, place: route.place }
  } catch (error) {
    if (error instanceof Refusal) return error.reason
    throw error
  }
}

describe('a routes file', () => {
  it('is optional, and the shipped one holds', () => {
    expect(readRoutes(mkdtempSync(join(tmpdir(), 'postern-no-routes-')))).toEqual([])
    expect(readRoutes(project.root).map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v1/members',
      'GET /v1/keys',
      'GET /v1/keys/{key}',
      'POST /v1/keys/{key}/uses',
      'GET /v1/analytics',
      'GET /v1/accounts/{account}/plan',
    ])
  })

  it('is refused with the place of each mistake', () => {
    const text = `
  - { method: get, path: /a, action: a:b }
  - { method: GET, path: b, action: a:b }
  - { method: GET, path: /c }
  - { method: GET, path: /d, action: a-b, resource: { id: { segment: x, query: y } } }
`
    expect(problemsOf(() => routesOf(text)).map((line) => line.replace(/: .*/, ''))).toEqual([
      'config/routes.yaml:3:15',
      'config/routes.yaml:4:26',
      'config/routes.yaml:5:5',
      'config/routes.yaml:6:38',
      'config/routes.yaml:6:59',
    ])
  })

  it('takes an action without a colon with the type of its resource, and only such a one', () => {
    const text = `
  - { method: GET, path: '/todos/{todo}', action: GET, resource: { type: route, id: '/todos/{todo}' } }
`
    expect(ask(text, 'GET', '/todos/7')).toEqual({
      action: { name: 'GET' },
      resource: { type: 'route', id: '/todos/{todo}' },
      tenant: undefined,
      place: 'config/routes.yaml:3',
    })
    const wrong = `
  - { method: GET, path: /a, action: GET, resource: { id: x } }
  - { method: GET, path: /b, action: thing:view, resource: { type: thing } }
`
    expect(problemsOf(() => routesOf(wrong))).toEqual([
      'config/routes.yaml:3:38: `GET` names no type of resource; add `resource.type` to the route',
      'config/routes.yaml:4:68: `thing:view` says already that it is about a `thing`; remove it',
    ])
  })

  it('says which two routes take the same requests', () => {
    const text = `
  - { method: GET, path: "/v1/{a}", action: a:b }
  - { method: GET, path: "/v1/{b}", action: a:c }
  - { method: GET, path: "/{v}/x", action: a:b }
  - { method: POST, path: "/v1/{a}", action: a:b }
  - { method: GET, path: "/v1/{a}", host: a.example, action: a:b }
  - { method: GET, path: "/v1/", action: a:b }
`
    expect(problemsOf(() => routesOf(text))).toEqual([
      'config/routes.yaml:4:26: this route is never reached: config/routes.yaml:3 takes the same requests; remove one of them',
      'config/routes.yaml:5:26: this route and config/routes.yaml:3 take the same requests, and neither is the narrower one; add one for those',
      'config/routes.yaml:5:26: this route and config/routes.yaml:4 take the same requests, and neither is the narrower one; add one for those',
    ])
  })

  it('says which route no request can reach, and which part or permission does not exist', () => {
    const text = `
  - { method: GET, path: /a/../b, action: a:b }
  - { method: GET, path: /a%20b, action: a:b }
  - { method: GET, path: "/a/x{b}", action: a:b }
  - { method: GET, path: "/c/{b}/{b}", action: a:b }
  - { method: POST, path: "/{a}/{b}/c", action: a:c, tenant: { segment: t }, resource: { id: { segment: x } } }
`
    expect(problemsOf(() => routesOf(text, new Set(['a:b'])))).toEqual([
      'config/routes.yaml:3:26: no request reaches `/a/../b`: a segment of the path is `.` or `..`; write the path decoded, without what is refused in a request',
      'config/routes.yaml:4:26: no request reaches `/a%20b`, which is escaped or has a query; write the path decoded, without what is refused in a request',
      'config/routes.yaml:5:26: `/a/x{b}` has a brace inside a segment; make the whole segment `{name}`',
      'config/routes.yaml:6:26: a name stands twice in the path; rename one',
      'config/routes.yaml:7:49: no system lists the permission `a:c`; see its matrix.yaml',
      'config/routes.yaml:7:62: the path has no segment `{t}`; add it to `/{a}/{b}/c`',
      'config/routes.yaml:7:94: the path has no segment `{x}`; add it to `/{a}/{b}/c`',
    ])
  })
})

describe('a request', () => {
  const text = `
  - { method: GET, path: "/v1/{a}", action: thing:read, tenant: { segment: a }, resource: { id: { segment: a } } }
  - { method: GET, path: /v1/me, action: thing:me }
  - { method: GET, path: "/v1/{a}", host: a.example, action: host:read }
  - method: POST
    path: /q
    action: thing:find
    resource: { id: one, properties: { q: { query: q }, h: { header: X-H }, l: text } }
`

  it('is taken by the route of its host, then by the literal', () => {
    const placeOf = (target: string, host?: string) => (ask(text, 'GET', target, host) as { place: string }).place
    expect(placeOf('/v1/x')).toBe('config/routes.yaml:3')
    expect(placeOf('/v1/me')).toBe('config/routes.yaml:4')
    expect(placeOf('/v1/me', 'a.example')).toBe('config/routes.yaml:5')
    expect(placeOf('/v1/me', 'b.example')).toBe('config/routes.yaml:4')
  })

  it('gives id, properties and tenant from where the route says', () => {
    expect(ask(text, 'GET', '/v1/a%20b')).toEqual({
      place: 'config/routes.yaml:3',
      action: { name: 'thing:read' },
      resource: { type: 'thing', id: 'a b' },
      tenant: 'a b',
    })
    expect(ask(text, 'POST', '/q?q=1', undefined, ['x-h', 'v'])).toEqual({
      place: 'config/routes.yaml:6',
      action: { name: 'thing:find' },
      resource: { type: 'thing', id: 'one', properties: { q: '1', h: 'v', l: 'text' } },
      tenant: undefined,
    })
    expect(ask(text, 'POST', '/q')).toMatchObject({ resource: { id: 'one', properties: { l: 'text' } } })
  })

  it('that no route takes, or that has two readings, is denied with its reason', () => {
    const deny = (method: string, target: string, headers: readonly string[] = []) =>
      ask(text, method, target, undefined, headers)
    expect(deny('GET', '/v1/')).toBe('no_route')
    expect(deny('GET', '/v1/a/')).toBe('no_route')
    expect(deny('HEAD', '/v1/a')).toBe('no_route')
    expect(deny('get', '/v1/a')).toBe('no_route')
    expect(deny('GET', '/V1/a')).toBe('no_route')
    expect(deny('GET', '/v1//a')).toBe('path_ambiguous')
    expect(deny('POST', '/q?q=1&q=2')).toBe('query_ambiguous')
    expect(deny('POST', '/q', ['X-H', 'a', 'x-h', 'a'])).toBe('header_repeated')
    expect(deny('POST', '/q', ['X-H', 'é'])).toBe('header_malformed')
  })
})
