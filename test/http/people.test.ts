import { describe, expect, it } from 'vitest'
import { createFailureLimit } from '../../src/access/failure-limit.ts'
import { createJwtVerifier } from '../../src/access/jwt.ts'
import { consoleOf } from '../support/console.ts'
import { directoryOf } from '../support/stored-tenants.ts'
import { audience, issuer, keySetFile, now, tokenOf } from '../support/tokens.ts'

const verify = createJwtVerifier({
  keys: keySetFile(),
  setting: 'management.jwt_keys',
  issuer,
  audience,
  algorithm: 'RS256',
})
const bearer = async (...token: Parameters<typeof tokenOf>) => ({ authorization: `Bearer ${await tokenOf(...token)}` })
const invitation = { resource: { email: 'new@example.com', role: 'developer', api_keys: ['key-app'] } }

async function people(attempts = 100) {
  const failures = createFailureLimit({ attempts, report() {} })
  const made = await consoleOf(directoryOf, 'filestack', { verify, failures })
  const { ask, tenant } = made
  const invite = (headers: Record<string, string>, body: object = invitation) =>
    ask('POST', `/v1/tenants/${tenant}/actions/member:invite`, headers, body)
  const codeOf = async (headers: Record<string, string>) => (await invite(headers)).body.error?.code
  return { ...made, invite, codeOf }
}

describe("a person's own token", () => {
  it('says who acts, and nobody else is heard', async () => {
    const { invite, codeOf } = await people()
    const owner = await invite(await bearer('owner'))
    expect([owner.status, owner.body.context.reason]).toEqual([409, 'seat_limit_reached'])
    const other = await invite(await bearer('bill'))
    expect([other.status, other.body.context.reason]).toEqual([403, 'no_permission'])
    expect((await invite(await bearer('stranger'))).body.context.reason).toBe('not_a_member')
    for (const header of ['x-postern-actor', 'x-postern-actor-service', 'x-postern-actor-session'])
      expect([header, await codeOf({ ...(await bearer('bill')), [header]: 'owner' })]).toEqual([header, 'forbidden'])
  })

  it('stands beside the secret of a console, which names whom it asks for', async () => {
    const { invite } = await people()
    expect((await invite({ 'x-postern-actor': 'owner' })).body.context.reason).toBe('seat_limit_reached')
  })

  it('is of a session that began with it', async () => {
    const { invite, ask, tenant } = await people()
    const path = `/v1/tenants/${tenant}`
    const document = (await ask('GET', path, {})).body as unknown as { members: { user: string }[] }
    const sessions_valid_after = new Date((now() - 30) * 1000).toISOString()
    const members = document.members.map((member) => ({ ...member, sessions_valid_after }))
    await ask('PUT', path, {}, { ...document, members })
    const reasonOf = async (iat: number) => (await invite(await bearer('owner', { iat }))).body.context.reason
    expect([await reasonOf(now() - 60), await reasonOf(now() - 10)]).toEqual([
      'session_terminated',
      'seat_limit_reached',
    ])
  })

  it('is good for the tenants that it lists, where it lists any', async () => {
    const { codeOf, tenant } = await people()
    const listing = async (token_scopes: string[]) => codeOf(await bearer('owner', { token_scopes }))
    expect([await listing(['other', tenant]), await listing(['other']), await listing([])]).toEqual([
      undefined,
      'forbidden',
      'forbidden',
    ])
  })

  it('is no word for anything but its claims', async () => {
    const { invite } = await people()
    for (const context of [{ email_verified: true }, { token_scopes: [] }, { session_issued_at: 'x' }])
      expect((await invite(await bearer('owner'), { ...invitation, context })).body.error).toMatchObject({
        code: 'malformed_request',
        pointer: '/context',
      })
  })

  it('is good for actions alone', async () => {
    const { ask, tenant, directory } = await people()
    const headers = await bearer('owner')
    for (const [method, path, body] of [
      ['GET', '/v1/tenants', undefined],
      ['GET', `/v1/tenants/${tenant}`, undefined],
      ['PUT', `/v1/tenants/${tenant}`, {}],
      ['GET', `/v1/tenants/${tenant}/members`, undefined],
      ['GET', '/v1/events', undefined],
      ['POST', '/v1/tokens', { name: 'a', scope: 'manage' }],
    ] as const)
      expect([path, (await ask(method, path, headers, body)).body.error.code]).toEqual([path, 'forbidden'])
    expect(await directory.tokens.list()).toEqual([])
  })

  it('that is not one is a failed attempt', async () => {
    const { codeOf } = await people(5)
    const valid = await tokenOf('owner')
    for (const wrong of [
      await tokenOf('owner', { exp: now() - 100 }),
      await tokenOf('owner', { aud: 'another' }),
      await tokenOf('owner', { iss: 'https://another.example' }),
      await tokenOf(undefined),
      `${valid.slice(0, -4)}AAAA`,
    ])
      expect(await codeOf({ authorization: `Bearer ${wrong}` })).toBe('unauthenticated')
    expect(await codeOf({ authorization: `Bearer ${valid}x` })).toBe('too_many_failures')
    expect(await codeOf({ authorization: `Bearer ${valid}` })).toBeUndefined()
  })

  it('is no credential where no issuer is configured', async () => {
    const { ask, tenant } = await consoleOf(directoryOf, 'filestack')
    const made = await ask('POST', `/v1/tenants/${tenant}/actions/member:invite`, await bearer('owner'), invitation)
    expect(made.body.error.code).toBe('unauthenticated')
  })
})
