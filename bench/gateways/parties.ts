import { generateKeyPairSync } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exportJWK, SignJWT } from 'jose'
import { repository } from '../paths.ts'
import type { Host, Running } from '../server-process.ts'
import type { Ports } from './gateway.ts'

/** The member of the demo tenant whose token every request carries. */
const member = 'owner'
const issuer = 'https://issuer.example'
const audience = 'bench'

/** All that stands around the gateways. It runs once, whichever gateway is measured. */
export interface Parties {
  readonly ports: Omit<Ports, 'clients'>
  /** `Bearer …`, of a member who may. */
  readonly authorization: string
}

/** Starts the service, Postern with the demo tenants and OPA's server, all on the server core. */
export async function startParties(host: Host, opa: string | undefined): Promise<Parties> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }] })
  const now = Math.floor(Date.now() / 1000)
  const token = await new SignJWT({ sub: member, iss: issuer, aud: audience, iat: now - 60, exp: now + 86_400 })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
    .sign(privateKey)

  const folder = host.folder()
  const keys = join(folder, 'jwks.json')
  writeFileSync(keys, jwks)
  const ports = {
    service: await host.freePort(),
    gateway: await host.freePort(),
    gatewayGrpc: await host.freePort(),
    opa: await host.freePort(),
  }
  const script = fileURLToPath(new URL('./service.js', import.meta.url))
  await host.serve({
    command: process.execPath,
    args: [script, String(ports.service)],
    port: ports.service,
    readyPath: '/',
  })
  await startPostern(host, ports, keys)
  if (opa !== undefined) {
    const data = join(folder, 'data.json')
    const tokens = { cert: jwks, iss: issuer, aud: audience, alg: 'RS256' }
    const members = { [member]: { role: 'owner', status: 'active' } }
    writeFileSync(data, JSON.stringify({ tokens, members, matrix: { owner: { 'api_key:use': true } } }))
    await host.serve({
      command: opa,
      args: [
        ...['run', '--server', '--addr', `127.0.0.1:${ports.opa}`, '--log-level', 'error', '--skip-version-check'],
        ...['--optimize-store-for-read-speed', join(repository, 'bench/gateways/policy.rego'), data],
      ],
      env: { GOMAXPROCS: '1' },
      port: ports.opa,
      readyPath: '/health',
    })
  }
  return { ports, authorization: `Bearer ${token}` }
}

async function startPostern(host: Host, ports: Omit<Ports, 'clients'>, keys: string): Promise<Running> {
  const main = join(repository, 'dist/src/main.js')
  if (!existsSync(main)) throw new Error('no dist/src/main.js: run `npm run compile`')
  const port = await host.freePort()
  return host.serve({
    command: process.execPath,
    args: [main, 'serve'],
    env: {
      POSTERN_LISTEN_DECISION: `127.0.0.1:${port}`,
      POSTERN_LISTEN_GATEWAY: `127.0.0.1:${ports.gateway}`,
      POSTERN_LISTEN_GATEWAY_GRPC: `127.0.0.1:${ports.gatewayGrpc}`,
      POSTERN_IDENTITY_JWT_KEYS: keys,
      POSTERN_IDENTITY_JWT_ISSUER: issuer,
      POSTERN_IDENTITY_JWT_AUDIENCE: audience,
    },
    cwd: repository,
    port,
    readyPath: '/readyz',
  })
}
