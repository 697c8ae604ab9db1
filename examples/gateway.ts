import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { exportJWK, SignJWT } from 'jose'
import { commandOf, freePort, gatewayPrograms, isInstalled, startGateway } from './gateway-program.ts'

// `npm run example -- nginx`: a gateway with its configuration of config/gateways, a service behind it and the sidecar,
// all on loopback ports that were free, until Ctrl-C.

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const issuer = 'https://issuer.example'
const audience = 'example'

const children: ChildProcess[] = []
let folder: string | undefined
let ending = false

async function end(status: number, message?: string): Promise<never> {
  ending = true
  if (message !== undefined) process.stderr.write(`example: ${message}\n`)
  // Not SIGKILL: nginx would leave its workers behind.
  const ends = children
    .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
    .map((child) => (child.kill('SIGTERM') ? once(child, 'exit') : undefined))
  await Promise.race([Promise.all(ends), sleep(5_000)])
  for (const child of children) child.kill('SIGKILL')
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  process.exit(status)
}
process.on('SIGINT', () => void end(0))
process.on('SIGTERM', () => void end(0))

/** Keys of an issuer that exists for as long as the example runs. */
async function issuerIn(place: string) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const keys = join(place, 'jwks.json')
  writeFileSync(keys, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256' }] }))
  const tokenOf = (subject: string) =>
    new SignJWT({ sub: subject, iss: issuer, aud: audience })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuedAt()
      .setExpirationTime('12h')
      .sign(privateKey)
  return { keys, tokenOf }
}

async function startSidecar(gatewayPort: number, keys: string): Promise<void> {
  const env = {
    ...process.env,
    POSTERN_LISTEN_DECISION: `127.0.0.1:${await freePort()}`,
    POSTERN_LISTEN_GATEWAY: `127.0.0.1:${gatewayPort}`,
    POSTERN_IDENTITY_JWT_KEYS: keys,
    POSTERN_IDENTITY_JWT_ISSUER: issuer,
    POSTERN_IDENTITY_JWT_AUDIENCE: audience,
  }
  const sidecar = spawn(process.execPath, [join(root, 'dist/src/main.js'), 'serve'], {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  children.push(sidecar)
  // Where there is no bundle yet it builds one first, which says on the terminal how far it is.
  while (sidecar.exitCode === null) {
    const ready = await fetch(`http://127.0.0.1:${gatewayPort}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (ready) return
    await sleep(100)
  }
  await end(1, 'the sidecar does not start')
}

const names = gatewayPrograms.map(({ name }) => name).join('|')
const asked = process.argv.slice(2)
const program =
  (asked.length === 1 ? gatewayPrograms.find(({ name }) => name === asked[0]) : undefined) ??
  (await end(2, `say which gateway: npm run example -- ${names}`))
if (!isInstalled(program)) await end(2, `\`${commandOf(program)}\` is not a program of this machine; ${program.toGet}`)

folder = mkdtempSync(join(tmpdir(), 'postern-example-'))
const { keys, tokenOf } = await issuerIn(folder)
const ports = { clients: await freePort(), postern: await freePort(), service: await freePort() }
await startSidecar(ports.postern, keys)
createServer(({ method, url, headers }, response) => {
  response.end(`the service got ${method} ${url} of ${headers['x-postern-subject']}\n`)
}).listen(ports.service, '127.0.0.1')
try {
  children.push(await startGateway(program, join(root, 'config/gateways'), join(folder, 'gateway'), ports))
} catch (error) {
  await end(1, (error as Error).message)
}
for (const child of children) child.on('exit', () => ending || void end(1, 'a program ended by itself'))

const url = `http://127.0.0.1:${ports.clients}/v1/members`
process.stdout.write(`${program.name} with config/gateways/${program.name} listens on 127.0.0.1:${ports.clients}. Try:

# 200: the account's owner may list its members
curl -i ${url} -H 'Authorization: Bearer ${await tokenOf('owner')}'

# 403: the role \`billing\` does not hold \`member:list\`
curl -i ${url} -H 'Authorization: Bearer ${await tokenOf('bill')}'

# 401: nobody says who asks
curl -i ${url}

Ctrl-C ends it.
`)
