import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { callersOf } from '../../src/app/open-access.ts'
import { serve } from '../../src/app/serve.ts'
import { openDirectory } from '../../src/directory/directory.ts'
import { defaultSettings, loadSettings } from '../../src/document/settings.ts'
import { ListenError } from '../../src/http/bind.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import { tokenScopes } from '../../src/pdp/access-token.ts'
import { builtBundle, project } from '../support/policy.ts'
import { directoryFile } from '../support/stored-tenants.ts'
import { json, question, series } from './fixture.ts'

const openToAll = 'whoever reaches the decision API is answered: for a demo only; set `access.decision_tokens`'
const consoleToken = 'console-secret-of-thirty-two-letters'

/** Serves the settings of an environment until the test is over, with the lines that it logged. */
async function started(env: Record<string, string>) {
  const lines: string[] = []
  const { listeners, finish } = await serve({
    bundle: builtBundle(),
    source: 'test',
    settings: loadSettings(undefined, { POSTERN_LISTEN_DECISION: '127.0.0.1:0', ...env }, project.root),
    tenantFiles: [],
    root: project.root,
    log: createServerLog({ sink: (line) => void lines.push(line), terminal: false, debug: false }),
    version: '0.0.0',
  })
  onTestFinished(async () => {
    for (const listener of listeners) {
      listener.stop()
      listener.destroy()
      await listener.closed
    }
    await finish()
  })
  return {
    addresses: listeners.map(({ address }) => address),
    lines,
    messages: () => lines.map((line) => JSON.parse(line).msg),
  }
}

async function demoDirectory(): Promise<string> {
  const file = directoryFile()
  const directory = await openDirectory(file)
  const demo = (system: string) => parse(readFileSync(join(project.root, `config/systems/${system}/demo.yaml`), 'utf8'))
  await directory.put([demo('filestack'), demo('quantcdn')])
  await directory.close()
  return file
}

function certificateFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'postern-access-'))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const subject = ['-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost']
  execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', cert], { stdio: 'pipe' })
  return { POSTERN_TLS_CERT: cert, POSTERN_TLS_KEY: key, POSTERN_TLS_CLIENT_CA: cert }
}

it('a token that the management API hands out is good for decisions until it is revoked, and is in no log', async () => {
  const { addresses, lines, messages } = await started({
    POSTERN_DIRECTORY: await demoDirectory(),
    POSTERN_LISTEN_MANAGEMENT: '127.0.0.1:0',
    POSTERN_MANAGEMENT_TOKEN: consoleToken,
    POSTERN_ACCESS_DECISION_TOKENS: 'always',
    POSTERN_ACCESS_FAILURES_PER_MINUTE: '2',
  })
  const [decision, management] = addresses
  const manage = async (method: string, path: string, body?: object) => {
    const headers = { ...json, authorization: `Bearer ${consoleToken}` }
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) }
    return (await (await fetch(`${management}${path}`, init)).json()) as { token: string }
  }
  const ask = async (secret: string | undefined, tenant = 'acme-filestack', path = '/authorize') => {
    const headers = secret === undefined ? json : { ...json, authorization: `Bearer ${secret}` }
    const body = JSON.stringify({ ...question, context: { tenant } })
    return (await fetch(`${decision}${path}`, { method: 'POST', headers, body })).status
  }
  const { token } = await manage('POST', '/v1/tokens', { name: 'shop', scope: 'decide', tenant: 'acme-filestack' })
  const { token: reader } = await manage('POST', '/v1/tokens', { name: 'scraper', scope: 'read' })
  const metrics = async (secret: string) =>
    await fetch(`${decision}/metrics`, { headers: { authorization: `Bearer ${secret}` } })

  expect([await ask(undefined), await ask(token), await ask(token, 'acme-quantcdn'), await ask(reader)]).toEqual([
    401, 200, 403, 403,
  ])
  expect((await fetch(`${decision}/livez`)).status).toBe(200)
  expect([(await metrics(token)).status, (await metrics(reader)).status]).toEqual([403, 200])

  // It was asked with a moment ago, so that it is remembered.
  await manage('DELETE', '/v1/tokens/shop')
  expect([await ask(token), await ask(token, 'acme-filestack', '/'), await ask(token)]).toEqual([401, 401, 429])
  expect([await ask('another'), await ask(reader, 'acme-filestack', '/v1/explain')]).toEqual([429, 200])
  // Whoever has failed at one listener has failed at all.
  const guess = await fetch(`${management}/v1/tenants`, { headers: { authorization: 'Bearer guess' } })
  expect([guess.status, guess.headers.get('retry-after')]).toEqual([429, '60'])

  const counted = await (await metrics(reader)).text()
  expect(series(counted, 'authz_credentials_refused_total{result="refused"}')).toBe(2)
  expect(series(counted, 'authz_credentials_refused_total{result="throttled"}')).toBe(3)
  const warning = 'too many credentials that are not good; answered with 429 for up to a minute'
  expect(lines.filter((line) => line.includes(warning)).map((line) => JSON.parse(line).address)).toEqual(['127.0.0.1'])
  expect(messages()).not.toContain(openToAll)
  for (const secret of [token, reader, consoleToken, 'another', 'guess']) expect(lines.join('')).not.toContain(secret)
})

/** Not taken for loopback, which it is: no test is to be reached from elsewhere. */
const seenAsElsewhere = '[::ffff:127.0.0.1]:0'

it('on loopback nobody needs a token unless that is set, and the log says so; one that is sent is judged', async () => {
  const { addresses, messages } = await started({ POSTERN_DIRECTORY: await demoDirectory() })
  const ask = async (headers: Record<string, string>) => (await fetch(`${addresses[0]}/metrics`, { headers })).status
  expect([await ask({}), await ask({ authorization: 'Bearer wrong' })]).toEqual([200, 401])
  expect(messages()).toContain(openToAll)
})

it('listeners whose callers prove themselves may be anywhere; what comes in the clear is said', async () => {
  const { addresses, lines } = await started({
    POSTERN_DIRECTORY: await demoDirectory(),
    POSTERN_LISTEN_DECISION: seenAsElsewhere,
    POSTERN_LISTEN_GATEWAY: seenAsElsewhere,
    POSTERN_LISTEN_MANAGEMENT: seenAsElsewhere,
    POSTERN_IDENTITY_TRUSTED_HEADER: 'X-User',
    POSTERN_IDENTITY_GATEWAY_TOKEN: 'gateway-secret-of-thirty-two-letters',
    POSTERN_MANAGEMENT_TOKEN: consoleToken,
  })
  const statuses = await Promise.all(
    ['/metrics', '/v1/forward-auth', '/v1/tenants'].map(async (path, index) => {
      const { port } = new URL(addresses[index] as string)
      const headers = { 'X-Forwarded-Method': 'GET', 'X-Forwarded-Uri': '/v1/members', 'X-User': 'owner' }
      return (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).status
    }),
  )
  expect(statuses).toEqual([401, 401, 401])
  const warnings = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'warn')
  expect(warnings.map(({ msg, address }) => [msg, address])).toEqual(
    addresses.map((address) => ['credentials come to this listener in the clear; set `tls`', address]),
  )
})

it.each([
  ['0.0.0.0:8181', 'off_loopback', true, ['decide', 'read']],
  ['0.0.0.0:8181', 'off_loopback', false, []],
  ['127.0.0.1:8181', 'off_loopback', true, [...tokenScopes]],
  ['unix:/run/postern.sock', 'off_loopback', false, [...tokenScopes]],
  ['127.0.0.1:8181', 'always', true, []],
  ['0.0.0.0:8181', 'always', true, []],
] as const)('at %s with tokens %s and certificates %s nobody needs a token for %j', async (...given) => {
  const [decision, decision_tokens, authenticateCallers, scopes] = given
  const { listen, access, default_tenant } = defaultSettings
  const settings = { listen: { ...listen, decision }, access: { ...access, decision_tokens }, default_tenant }
  const parts = { failures: () => undefined, tokens: undefined }
  const callers = await callersOf(settings as never, parts, { authenticateCallers }, { info() {} })
  const rightsOf = async () => callers.identify({ authorization: undefined, address: undefined })
  expect(
    await rightsOf().then(
      ({ scopes }) => scopes,
      () => [],
    ),
  ).toEqual(scopes)
})

it('the management API is served over TLS where decisions are', async () => {
  const { POSTERN_TLS_CLIENT_CA: _, ...tls } = certificateFiles()
  const management = { POSTERN_DIRECTORY: await demoDirectory(), POSTERN_LISTEN_MANAGEMENT: '127.0.0.1:0' }
  const { addresses } = await started({ ...tls, ...management })
  expect(addresses.map((address) => new URL(address).protocol)).toEqual(['https:', 'https:'])
})

it('listeners whose callers need no credential do not start off loopback', async () => {
  const directory = { POSTERN_DIRECTORY: await demoDirectory() }
  const tls = certificateFiles()
  for (const env of [
    { POSTERN_LISTEN_DECISION: seenAsElsewhere },
    // Callers with a certificate may ask; to manage takes more.
    { ...tls, ...directory, POSTERN_LISTEN_MANAGEMENT: seenAsElsewhere },
  ])
    await expect(started(env)).rejects.toThrow(ListenError)
})
