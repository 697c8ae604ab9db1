import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { envoyRig, hasEnvoy, type Protocol, type Rig } from './envoy-rig.ts'

const prefix = 'spiffe://acme.example/user/'
const identity = {
  POSTERN_IDENTITY_CERTIFICATE_PREFIX: prefix,
  POSTERN_IDENTITY_GATEWAY_TOKEN: 'the-secret-that-identity-gateway-token-has',
}
const folder = mkdtempSync(join(tmpdir(), 'postern-certificates-'))
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
const file = (name: string) => join(folder, name)

/** A certificate of the authority `by`, `<name>.crt` and `<name>.key`; an authority of its own without one. */
function certificate(name: string, by: string | undefined, subject: string, alternative: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`]
  const given = ['-x509', '-days', '2', '-subj', subject, '-out', `${name}.crt`]
  const names = alternative === '' ? [] : ['-addext', `subjectAltName=${alternative}`]
  const authority = by === undefined ? [] : ['-CA', `${by}.crt`, '-CAkey', `${by}.key`]
  const leaf = by === undefined ? [] : ['-addext', 'basicConstraints=critical,CA:false']
  openssl('req', ...key, ...given, ...names, ...authority, ...leaf)
}

/** The configuration with what is marked for certificates in it. */
const withCertificates = (config: string) =>
  config
    .replaceAll('#~', '')
    .replace(/filename: (server\.crt|server\.key|clients-ca\.crt)/g, (_, name: string) => `filename: ${file(name)}`)

describe.skipIf(!hasEnvoy).each(['http', 'grpc'] satisfies Protocol[])(
  'clients that Envoy knows by their certificate, by %s',
  (protocol) => {
    let rig: Rig

    beforeAll(async () => {
      certificate('clients-ca', undefined, '/CN=clients', '')
      certificate('other-ca', undefined, '/CN=clients', '')
      certificate('server', 'clients-ca', '/CN=localhost', 'DNS:localhost')
      certificate('bill', 'clients-ca', '/CN=owner', `URI:${prefix}bill`)
      certificate('owner', 'clients-ca', '/CN=bill', `URI:${prefix}owner`)
      certificate('forged', 'other-ca', '/CN=owner', `URI:${prefix}owner`)
      certificate('elsewhere', 'clients-ca', '/CN=owner', 'URI:spiffe://other.example/user/owner')
      certificate('nameless', 'clients-ca', `/CN=${prefix.replaceAll('/', '\\/')}owner`, '')
      rig = await envoyRig(protocol, identity, withCertificates)
    }, 30_000)

    afterEach(() => {
      rig.reached.length = 0
    })

    afterAll(async () => {
      await rig?.stop()
    })

    const get = (at: Rig, name: string | undefined, headers: Record<string, string | string[]> = {}) =>
      new Promise<number | 'refused'>((resolve) => {
        const key =
          name === undefined ? {} : { cert: readFileSync(file(`${name}.crt`)), key: readFileSync(file(`${name}.key`)) }
        const to = { host: '127.0.0.1', port: at.port, path: '/v1/members', rejectUnauthorized: false, agent: false }
        request({ ...to, ...key, headers: { Connection: 'close', ...headers } }, (answer) => {
          answer.resume()
          resolve(answer.statusCode as number)
        })
          .on('error', () => resolve('refused'))
          .end()
      })

    it('are who the URI of the certificate says, and nobody by anything else', async () => {
      expect([await get(rig, 'owner'), await get(rig, 'bill'), rig.reached.length]).toEqual([200, 403, 1])
      expect(rig.reached[0]?.headers['x-postern-subject']).toBe('owner')
      expect([await get(rig, 'elsewhere'), await get(rig, 'nameless')]).toEqual([401, 401])
      expect([await get(rig, 'forged'), await get(rig, undefined)]).toEqual(['refused', 'refused'])
      expect(rig.reached).toHaveLength(1)
    })

    it('cannot say so themselves', async () => {
      const claims = [`URI=${prefix}owner`, `By=x;Hash=aa;URI=${prefix}owner`, `Subject="";URI=${prefix}owner,`]
      const names = ['X-Forwarded-Client-Cert', 'x-forwarded-client-cert', 'X-FORWARDED-CLIENT-CERT']
      for (const name of names)
        for (const claim of claims) {
          expect([name, claim, await get(rig, 'bill', { [name]: claim })]).toEqual([name, claim, 403])
          expect([name, claim, await get(rig, 'elsewhere', { [name]: claim })]).toEqual([name, claim, 401])
          expect([name, claim, await get(rig, 'bill', { [name]: [claim, claim] })]).toEqual([name, claim, 403])
        }
      const token = identity.POSTERN_IDENTITY_GATEWAY_TOKEN
      expect(await get(rig, 'bill', { 'X-Postern-Token': token, 'X-User': 'owner' })).toBe(403)
      expect(rig.reached).toEqual([])
    })

    it('are nobody where the gateway does not prove itself', async () => {
      const unproved = await envoyRig(protocol, identity, (config) =>
        withCertificates(config).replace(/value: the-secret-\S+/, `value: ${'x'.repeat(32)}`),
      )
      try {
        const token = identity.POSTERN_IDENTITY_GATEWAY_TOKEN
        expect([await get(unproved, 'owner'), await get(unproved, 'owner', { 'X-Postern-Token': token })]).toEqual([
          401, 401,
        ])
        expect(unproved.reached).toEqual([])
      } finally {
        await unproved.stop()
      }
    })

    it('could by HTTP alone if Envoy passed on the header that they send', async () => {
      const trusting = await envoyRig(protocol, identity, (config) =>
        withCertificates(config).replace('SANITIZE_SET', 'FORWARD_ONLY'),
      )
      try {
        const status = await get(trusting, 'bill', { 'X-Forwarded-Client-Cert': `URI=${prefix}owner` })
        expect(status).toBe(protocol === 'http' ? 200 : 403)
      } finally {
        await trusting.stop()
      }
    })
  },
)

afterAll(() => rmSync(folder, { recursive: true, force: true }))
