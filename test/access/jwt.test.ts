import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createJwtVerifier, KeySetError } from '../../src/access/jwt.ts'
import { audience, issuer, keySet, keySetFile, now, tokenOf } from '../support/tokens.ts'

const options = { keys: keySetFile(), setting: 'identity.jwt_keys', issuer, audience, algorithm: 'RS256' }
const verify = createJwtVerifier(options)

describe('a token', () => {
  it('gives its subject and the time it was issued, and no role', async () => {
    const token = await tokenOf('bill', { iat: 1_700_000_000, exp: now() + 5, role: 'account_owner' })
    expect(await verify(token)).toEqual({ subject: 'bill', issuedAt: '2023-11-14T22:13:20.000Z' })
  })

  it('gives the tenants that it is for', async () => {
    expect(await verify(await tokenOf('bill', { token_scopes: ['acme', 'beta'] }))).toMatchObject({
      subject: 'bill',
      scopes: ['acme', 'beta'],
    })
    expect(await verify(await tokenOf('bill', { token_scopes: [] }))).toMatchObject({ scopes: [] })
  })

  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  it.each([
    ['of another issuer', () => tokenOf('bill', { iss: 'https://evil.example' })],
    ['of no issuer', () => tokenOf('bill', { iss: undefined as never })],
    ['for another audience', () => tokenOf('bill', { aud: 'other' })],
    ['for no audience', () => tokenOf('bill', { aud: undefined as never })],
    ['that has expired', () => tokenOf('bill', { exp: now() - 60 })],
    ['that never expires', () => tokenOf('bill', { exp: undefined as never })],
    ['that is not valid yet', () => tokenOf('bill', { nbf: now() + 120 })],
    ['from the future', () => tokenOf('bill', { iat: now() + 120 })],
    ['without a time', () => tokenOf('bill', { iat: undefined as never })],
    ['without a subject', () => tokenOf(undefined)],
    ['with an empty subject', () => tokenOf('')],
    ['with scopes that are no list', () => tokenOf('bill', { token_scopes: 'acme' })],
    ['with a scope that is no text', () => tokenOf('bill', { token_scopes: ['acme', 7] })],
    ['with half a character', () => tokenOf('\ud800')],
    ['signed by another key', () => tokenOf('bill', {}, other)],
    ['that is none', async () => 'a.b.c'],
    [
      'signed with the public key as a secret',
      () =>
        new SignJWT({ sub: 'bill', iss: issuer, aud: audience, iat: now(), exp: now() + 60 })
          .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
          .sign(new TextEncoder().encode(JSON.stringify(keySet.keys[0]))),
    ],
    [
      'that is not signed',
      async () => {
        const [, payload] = (await tokenOf('bill')).split('.')
        return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
      },
    ],
  ])('%s is not valid', async (_, make) => {
    expect(await verify(await make())).toBe(undefined)
  })

  it('of another algorithm than the pinned one is not valid', async () => {
    expect(await createJwtVerifier({ ...options, algorithm: 'PS256' })(await tokenOf('bill'))).toBe(undefined)
  })
})

describe('the key set', () => {
  it('of a URL is fetched once for many tokens', async () => {
    let fetched = 0
    const server = createServer((_, outgoing) => {
      fetched++
      outgoing.end(JSON.stringify(keySet))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const remote = createJwtVerifier({
      ...options,
      keys: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    })
    for (const subject of ['a', 'b']) expect((await remote(await tokenOf(subject)))?.subject).toBe(subject)
    expect(fetched).toBe(1)
    server.closeAllConnections()
    server.close()
  })

  it('that cannot be fetched is an error, not an invalid token', async () => {
    const remote = createJwtVerifier({ ...options, keys: 'http://127.0.0.1:1/' })
    await expect(remote(await tokenOf('bill'))).rejects.toThrow()
  })

  it('of a file has to be one', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'postern-keys-')), 'x.json')
    expect(() => createJwtVerifier({ ...options, keys: file })).toThrow(KeySetError)
    expect(() => createJwtVerifier({ ...options, keys: file })).toThrow(
      /of `identity.jwt_keys`: the file does not exist$/,
    )
    writeFileSync(file, '{}')
    expect(() => createJwtVerifier({ ...options, keys: file })).toThrow(/: no JSON Web Key Set$/)
  })
})
