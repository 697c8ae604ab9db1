import { describe, expect, it } from 'vitest'
import type { Grant } from '../../src/pdp/access-token.ts'
import { at, consoleOf } from '../support/console.ts'
import { backends, type DirectoryOf } from '../support/stored-tenants.ts'

const tenant = 'acme-filestack'
const reads = [
  '/v1/tenants',
  `/v1/tenants/${tenant}`,
  `/v1/tenants/${tenant}/members`,
  `/v1/tenants/${tenant}/activity`,
  `/v1/tenants/${tenant}/members/dev/sessions`,
  '/v1/outbox',
]
const ofTokens = ['GET /v1/tokens', 'POST /v1/tokens', 'DELETE /v1/tokens/made']
const ofAll = ['/v1/tenants', '/v1/outbox', 'POST /v1/outbox/none/retry', ...ofTokens]
const writes: readonly (readonly [string, string, unknown])[] = [
  ['PUT', `/v1/tenants/${tenant}`, { tenant, system: 'filestack', members: [{ user: 'dev' }] }],
  ['POST', `/v1/tenants/${tenant}/actions/member:list`, {}],
  ['POST', `/v1/tenants/${tenant}/sessions`, { id: 's', user: 'dev' }],
  ['DELETE', `/v1/tenants/${tenant}/sessions/s`, undefined],
  ['POST', '/v1/outbox/none/retry', undefined],
  ['GET', '/v1/tokens', undefined],
  ['POST', '/v1/tokens', { name: 'made', scope: 'read' }],
  ['DELETE', '/v1/tokens/made', undefined],
]

/** The codes that a token of this grant gets; undefined where the call came through. */
async function codesOf(directoryOf: DirectoryOf, grant: Partial<Grant>) {
  const { app, ask, directory } = await consoleOf(directoryOf, 'filestack')
  const stored = { scope: 'read', tenant: null, expires: null, ...grant } as const
  const secret = (await directory.tokens.create({ name: 'test', created: 0, ...stored })) as string
  const headers = { authorization: `Bearer ${secret}` }
  const events = async (query: string) => {
    const response = await app.request(`/v1/events${query}`, { headers })
    if (response.status !== 200) return ((await response.json()) as { error: { code: string } }).error.code
    await response.body?.cancel()
    return undefined
  }
  const asked: Record<string, string | undefined> = {}
  for (const path of reads) asked[path] = (await ask('GET', path, headers)).body.error?.code
  for (const query of ['', `?tenant=${tenant}`]) asked[`/v1/events${query}`] = await events(query)
  for (const [method, path, body] of writes) {
    const by = { ...headers, 'x-postern-actor': 'owner' }
    const { code } = (await ask(method, path, by, body)).body.error ?? {}
    // There is no message, which is said only to those who may ask for one.
    asked[`${method} ${path}`] = code === 'unknown_message' ? undefined : code
  }
  const codes = Object.values(asked)
  const expected = (code: (path: string) => string | undefined) =>
    Object.fromEntries(Object.keys(asked).map((path) => [path, code(path)]))
  return { asked, codes, expected }
}

/** What `read` is not for. */
const isWrite = (path: string) => path.includes(' ')
const isOfAll = (path: string) => [...ofAll, '/v1/events'].includes(path)

describe.each(backends)('an access token on $name', ({ directoryOf }) => {
  it('to read reads everything and changes nothing', async () => {
    const { asked, expected } = await codesOf(directoryOf, {})
    expect(asked).toEqual(expected((path) => (isWrite(path) ? 'forbidden' : undefined)))
  })

  it('to manage does both', async () => {
    const { asked, expected } = await codesOf(directoryOf, { scope: 'manage', expires: at.now.getTime() + 1 })
    expect(asked).toEqual(expected(() => undefined))
  })

  it.each(['decide', 'simulate'] as const)('to %s does neither', async (scope) => {
    const { codes } = await codesOf(directoryOf, { scope })
    expect(new Set(codes)).toEqual(new Set(['forbidden']))
  })

  it('of one tenant is good for that one alone', async () => {
    const own = await codesOf(directoryOf, { scope: 'manage', tenant })
    expect(own.asked).toEqual(own.expected((path) => (isOfAll(path) ? 'forbidden' : undefined)))
    const other = await codesOf(directoryOf, { scope: 'manage', tenant: 'other' })
    expect(new Set(other.codes)).toEqual(new Set(['forbidden']))
  })

  it('that ran out is no credential', async () => {
    const { codes } = await codesOf(directoryOf, { scope: 'manage', expires: at.now.getTime() })
    expect(new Set(codes)).toEqual(new Set(['unauthenticated']))
  })

  it('that was revoked, cut short or written otherwise is no credential', async () => {
    const { ask, directory } = await consoleOf(directoryOf, 'filestack')
    const token = { name: 'a', scope: 'read', tenant: null, expires: null, created: 0 } as const
    const secret = (await directory.tokens.create(token)) as string
    const codeOf = async (authorization: string) =>
      (await ask('GET', '/v1/tenants', { authorization })).body.error?.code
    expect(await codeOf(`Bearer ${secret}`)).toBeUndefined()
    for (const wrong of [secret, `Bearer ${secret.slice(0, -1)}`, `Bearer ${secret} `.repeat(2), 'Bearer ', 'Bearer a'])
      expect(await codeOf(wrong)).toBe('unauthenticated')
    await directory.tokens.revoke('a')
    expect(await codeOf(`Bearer ${secret}`)).toBe('unauthenticated')
  })
})
