import { describe, expect, it } from 'vitest'
import { certificateUri } from '../../src/gateway/certificate-uri.ts'
import { createIdentify } from '../../src/gateway/identity.ts'
import { Refusal } from '../../src/gateway/refusals.ts'

const uri = 'spiffe://acme.example/user/dev'

describe('the URI of a client certificate', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    [`By=spiffe://acme.example/envoy;Hash=aa;URI=${uri}`, uri],
    [`Hash=aa;Subject="CN=x;URI=spiffe://acme.example/user/owner,O=\\"y\\"";URI=${uri}`, uri],
    ['Hash=aa;Subject="CN=URI=spiffe://acme.example/user/owner"', undefined],
    ['Hash=aa;URI=', undefined],
  ])('is found in %j', (header, found) => {
    expect(certificateUri(header)).toBe(found)
  })

  it.each([
    `URI=${uri},URI=spiffe://acme.example/user/owner`,
    `URI=spiffe://acme.example/user/owner;URI=${uri}`,
    `Hash=aa;URI=${uri},Hash=bb;URI=${uri}`,
    `Subject="CN=x;URI=${uri}`,
    `Subject="x"y;URI=${uri}`,
    uri,
    `;URI=${uri}`,
  ])('is not guessed from %j', (header) => {
    expect(() => certificateUri(header)).toThrow(Refusal)
  })
})

describe('a client known by its certificate', () => {
  const secret = 'a'.repeat(32)
  const identify = createIdentify(
    {
      jwt_keys: null,
      jwt_issuer: null,
      jwt_audience: null,
      jwt_algorithm: 'RS256',
      trusted_header: null,
      certificate_prefix: 'spiffe://acme.example/user/',
      gateway_token: secret,
    },
    () => undefined,
  )
  const proof = ['X-Postern-Token', secret]

  it('has the rest of the URI for its subject', async () => {
    expect(await identify({ client: [], gateway: proof }, () => uri)).toEqual({
      subject: 'dev',
      sessionIssuedAt: undefined,
    })
  })

  it.each([
    'spiffe://acme.example/user/',
    'spiffe://acme.example/user/a/b',
    'spiffe://acme.example/user/a%2fb',
    'spiffe://acme.example/user/dev ',
    'spiffe://acme.example/User/dev',
    'spiffe://acme.example.evil/user/dev',
    'https://acme.example/user/dev',
    'CN=spiffe://acme.example/user/dev',
    'dev',
  ])('is nobody with %s', async (other) => {
    expect(await identify({ client: [], gateway: proof }, () => other)).toBe('bad_credential')
  })

  it('is nobody without a certificate, or where the gateway has not proved itself', async () => {
    expect(await identify({ client: [], gateway: proof })).toBe('no_credential')
    expect(await identify({ client: [], gateway: proof }, () => undefined)).toBe('no_credential')
    for (const gateway of [[], ['X-Postern-Token', `${secret}x`]])
      expect(await identify({ client: proof, gateway }, () => uri)).toBe('no_credential')
  })
})
