import { describe, expect, it } from 'vitest'
import { createFailureLimit } from '../../src/access/failure-limit.ts'
import { consoleOf } from '../support/console.ts'
import { backends, directoryOf } from '../support/stored-tenants.ts'

const created = { name: 'shop', scope: 'decide', tenant: null, expires_at: null, created_at: expect.any(String) }

describe.each(backends)('the tokens of the management API on $name', ({ directoryOf }) => {
  it('are created with a secret that is shown once, listed, and revoked', async () => {
    const { ask, directory } = await consoleOf(directoryOf, 'filestack')
    const made = await ask('POST', '/v1/tokens', {}, { name: 'shop', scope: 'decide' })
    const { token, ...rest } = made.body as unknown as { token: string }
    expect([made.status, rest]).toEqual([200, created])
    expect(made.headers.get('cache-control')).toBe('no-store')
    expect(token).toMatch(/^postern_[\w-]{43}$/)
    expect(await directory.tokens.find(token)).toEqual({ scope: 'decide', tenant: null, expires: null })

    const listed = await ask('GET', '/v1/tokens', {})
    expect(listed.body).toEqual({ tokens: [created] })
    expect(await ask('DELETE', '/v1/tokens/shop', {})).toMatchObject({ status: 200, body: { name: 'shop' } })
    expect(await directory.tokens.find(token)).toBeUndefined()
    expect((await ask('GET', '/v1/tokens', {})).body).toEqual({ tokens: [] })
    expect(await ask('DELETE', '/v1/tokens/shop', {})).toMatchObject({
      status: 404,
      body: { error: { code: 'unknown_token', detail: 'no token `shop`' } },
    })
  })

  it('may be of one tenant, and for some days', async () => {
    const { ask } = await consoleOf(directoryOf, 'filestack')
    const { body } = await ask('POST', '/v1/tokens', {}, { name: 'a.b-c', scope: 'manage', tenant: 'acme', days: 90 })
    const { tenant, expires_at, created_at } = body as unknown as Record<string, string>
    expect(tenant).toBe('acme')
    expect(Date.parse(expires_at as string) - Date.parse(created_at as string)).toBe(90 * 86_400_000)
    expect((await ask('DELETE', '/v1/tokens/a.b-c', {})).status).toBe(200)
  })

  it('are changed by a second one that takes over before the first is revoked', async () => {
    const { ask, tenant } = await consoleOf(directoryOf, 'filestack')
    const secretOf = async (name: string) => {
      const { body } = await ask('POST', '/v1/tokens', {}, { name, scope: 'read' })
      return (body as unknown as { token: string }).token
    }
    const [first, second] = [await secretOf('one'), await secretOf('two')]
    const reads = async (secret: string) =>
      (await ask('GET', `/v1/tenants/${tenant}`, { authorization: `Bearer ${secret}` })).status
    expect([await reads(first), await reads(second)]).toEqual([200, 200])
    await ask('DELETE', '/v1/tokens/one', {})
    expect([await reads(first), await reads(second)]).toEqual([401, 200])
  })

  it.each([
    [{ scope: 'read' }, '/name'],
    [{ name: '', scope: 'read' }, '/name'],
    [{ name: '..', scope: 'read' }, '/name'],
    [{ name: 'a/b', scope: 'read' }, '/name'],
    [{ name: 'a'.repeat(101), scope: 'read' }, '/name'],
    [{ name: 1, scope: 'read' }, '/name'],
    [{ name: 'a' }, '/scope'],
    [{ name: 'a', scope: 'write' }, '/scope'],
    [{ name: 'a', scope: ['read'] }, '/scope'],
    [{ name: 'a', scope: 'read', tenant: '' }, '/tenant'],
    [{ name: 'a', scope: 'read', tenant: 1 }, '/tenant'],
    [{ name: 'a', scope: 'read', days: 0 }, '/days'],
    [{ name: 'a', scope: 'read', days: 1.5 }, '/days'],
    [{ name: 'a', scope: 'read', days: 10_000 }, '/days'],
    [{ name: 'a', scope: 'read', days: '9' }, '/days'],
    [{ name: 'a', scope: 'read', expires: 1 }, ''],
    [[], ''],
  ])('are not made of %j', async (body, pointer) => {
    const { ask, directory } = await consoleOf(directoryOf, 'filestack')
    expect(await ask('POST', '/v1/tokens', {}, body)).toMatchObject({
      status: 400,
      body: { error: { code: 'malformed_request', pointer } },
    })
    expect(await directory.tokens.list()).toEqual([])
  })

  it('have each a name of its own', async () => {
    const { ask, directory } = await consoleOf(directoryOf, 'filestack')
    await ask('POST', '/v1/tokens', {}, { name: 'shop', scope: 'decide' })
    expect(await ask('POST', '/v1/tokens', {}, { name: 'shop', scope: 'manage' })).toMatchObject({
      status: 409,
      body: { error: { code: 'token_exists' } },
    })
    expect((await directory.tokens.list()).map(({ scope }) => scope)).toEqual(['decide'])
  })
})

it('credentials that are not good are a 429 after some, and the good one is taken all the same', async () => {
  const throttled: boolean[] = []
  const failures = createFailureLimit({ attempts: 2, report: (failure) => throttled.push(failure.throttled) })
  const { ask } = await consoleOf(directoryOf, 'filestack', { failures })
  const sent = (authorization: string) => ask('GET', '/v1/tenants', { authorization })
  expect((await sent('Bearer wrong')).status).toBe(401)
  expect((await sent('Bearer a.b.c')).status).toBe(401)
  const { status, headers, body } = await sent('Bearer wrong')
  expect([status, headers.get('retry-after'), body.error.code]).toEqual([429, '60', 'too_many_failures'])
  expect((await ask('GET', '/v1/tenants', {})).status).toBe(200)
  expect(throttled).toEqual([false, false, true])
})
