import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type SecureVersion, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serve } from '../../src/app/serve.ts'
import { loadSettings } from '../../src/document/settings.ts'
import { type CertificateFiles, type CertificateReport, watchCertificates } from '../../src/http/certificates.ts'
import { type Listener, listen } from '../../src/http/listener.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import { builtBundle, project } from '../support/policy.ts'
import { allow, answerOf, apiOver, json, question, quickHttp, series, until } from './fixture.ts'

let folder: string
const at = (name: string) => join(folder, name)
const text = (name: string) => readFileSync(at(name), 'utf8')

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-tls-'))
  for (const name of ['ca', 'other-ca'])
    openssl('req', '-x509', ...newKey(name), '-subj', `/CN=${name}`, '-out', at(`${name}.pem`))
  issue('first', 'ca')
  issue('second', 'ca')
  issue('caller', 'ca')
  issue('stranger', 'other-ca')
})
afterAll(() => rmSync(folder, { recursive: true }))

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' })
}
function newKey(name: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at(`${name}.key`)]
}
function issue(name: string, ca: string): void {
  writeFileSync(at('san'), 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  openssl('req', ...newKey(name), '-subj', `/CN=${name}`, '-out', at('csr'))
  const by = ['-CA', at(`${ca}.pem`), '-CAkey', at(`${ca}.key`), '-CAcreateserial', '-extfile', at('san')]
  openssl('x509', '-req', '-in', at('csr'), ...by, '-out', at(`${name}.pem`))
}

/** Writes the pair that is served. */
function put(name: string, ...parts: ('pem' | 'key')[]): void {
  for (const part of parts) writeFileSync(at(`served.${part}`), text(`${name}.${part}`))
}

interface Served {
  readonly port: number
  readonly listener: Listener
  readonly reports: readonly Parameters<CertificateReport>[]
}

/** Serves the pair `served` for the length of `use`, an allow to every question. */
async function overTls(use: (served: Served) => Promise<void>, client_ca: CertificateFiles['client_ca'] = null) {
  const reports: Parameters<CertificateReport>[] = []
  const files = { cert: at('served.pem'), key: at('served.key'), client_ca }
  const certificates = watchCertificates(files, (...report) => reports.push(report))
  const { app } = apiOver(() => answerOf(allow))
  const listener = await listen(app, '127.0.0.1:0', quickHttp, {}, certificates)
  try {
    await use({ port: Number(new URL(listener.address).port), listener, reports })
  } finally {
    listener.stop()
    listener.destroy()
    await listener.closed
  }
}

const ca = () => text('ca.pem')
const pair = (name: string) => ({ cert: text(`${name}.pem`), key: text(`${name}.key`) })

function ask(
  port: number,
  agent: Agent,
  method = 'POST',
  path = '/authorize',
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { agent, port, host: '127.0.0.1', method, path, headers: json }
    request(options, (answer) => {
      let body = ''
      answer.on('data', (chunk) => {
        body += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode as number, body }))
    })
      .on('error', reject)
      .end(method === 'POST' ? JSON.stringify(question) : undefined)
  })
}

const handshake = (port: number, options: object = {}) =>
  new Promise<{ name: string; protocol: string | null }>((resolve, reject) => {
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', ca: ca(), ...options }, () => {
      resolve({ name: String(socket.getPeerCertificate().subject.CN), protocol: socket.getProtocol() })
      socket.destroy()
    })
    socket.on('error', reject)
  })

describe('a listener with certificates', () => {
  it('answers over TLS, and to nothing else', async () => {
    put('first', 'pem', 'key')
    await overTls(async ({ port, listener }) => {
      expect(listener.address).toBe(`https://127.0.0.1:${port}`)
      const { status, body } = await ask(port, new Agent({ ca: ca() }))
      expect([status, JSON.parse(body).decision]).toEqual([200, true])
      await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow('fetch failed')
    })
  })

  it.each<[SecureVersion, string]>([
    ['TLSv1.2', 'TLSv1.2'],
    ['TLSv1.3', 'TLSv1.3'],
  ])('speaks %s', async (version, protocol) => {
    put('first', 'pem', 'key')
    await overTls(async ({ port }) => {
      expect(await handshake(port, { minVersion: version, maxVersion: version })).toEqual({ name: 'first', protocol })
    })
  })

  it.each<[SecureVersion]>([['TLSv1'], ['TLSv1.1']])('does not speak %s', async (version) => {
    put('first', 'pem', 'key')
    const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }
    await overTls(async ({ port }) => {
      await expect(handshake(port, old)).rejects.toThrow('protocol version')
    })
  })

  it('resumes no session, as that would pass by the issuers of the day', async () => {
    put('first', 'pem', 'key')
    await overTls(async ({ port }) => {
      const once = (session?: Buffer) =>
        new Promise<{ session: Buffer | undefined; reused: boolean }>((resolve, reject) => {
          const options = { port, host: '127.0.0.1', ca: ca(), maxVersion: 'TLSv1.2' as const }
          const socket = connect(session === undefined ? options : { ...options, session }, () => {
            resolve({ session: socket.getSession(), reused: socket.isSessionReused() })
            socket.destroy()
          })
          socket.on('error', reject)
        })
      const { session } = await once()
      expect(session).toBeInstanceOf(Buffer)
      expect((await once(session)).reused).toBe(false)
    })
  })

  it('lets only callers in whose certificate is of a given issuer', async () => {
    put('first', 'pem', 'key')
    await overTls(async ({ port }) => {
      const allowed = await ask(port, new Agent({ ca: ca(), ...pair('caller') }))
      expect([allowed.status, JSON.parse(allowed.body).decision]).toEqual([200, true])
      await expect(ask(port, new Agent({ ca: ca() }))).rejects.toThrow()
      await expect(ask(port, new Agent({ ca: ca(), ...pair('stranger') }))).rejects.toThrow()
    }, at('ca.pem'))
  })

  it('may then listen beyond loopback', async () => {
    put('first', 'pem', 'key')
    const files = { cert: at('served.pem'), key: at('served.key') }
    const withCallers = watchCertificates({ ...files, client_ca: at('ca.pem') }, () => {})
    const listener = await listen(apiOver().app, '[::ffff:127.0.0.1]:0', quickHttp, {}, withCallers)
    listener.stop()
    await listener.closed
    const without = watchCertificates({ ...files, client_ca: null }, () => {})
    await expect(listen(apiOver().app, '[::ffff:127.0.0.1]:0', quickHttp, {}, without)).rejects.toThrow(
      'it is not loopback',
    )
  })
})

describe('certificates that change', () => {
  it('are taken under load without a failure, and never as half a pair', async () => {
    put('first', 'pem', 'key')
    await overTls(async ({ port, reports }) => {
      const kept = new Agent({ ca: ca(), keepAlive: true, maxSockets: 4 })
      const fresh = new Agent({ ca: ca() })
      let answered = 0
      const failures: unknown[] = []
      let stop = false
      const load = [kept, kept, fresh].map(async (agent) => {
        while (!stop) {
          await ask(port, agent).then(
            ({ status }) => (status === 200 ? answered++ : failures.push(status)),
            (error) => failures.push(error),
          )
        }
      })

      put('second', 'pem')
      await until(() => reports.length === 1, 5_000)
      expect(reports).toEqual([
        ['failed', `cannot use \`${at('served.key')}\`: it is not the key of \`${at('served.pem')}\``],
      ])
      expect((await handshake(port)).name).toBe('first')

      put('second', 'key')
      await until(() => reports.length === 2, 5_000)
      expect(reports[1]).toEqual(['ok'])
      expect((await handshake(port)).name).toBe('second')
      stop = true
      await Promise.all(load)
      kept.destroy()
      expect(failures).toEqual([])
      expect(answered).toBeGreaterThan(100)
    })
  })

  it.each([
    ['cut off', (pem: string) => pem.slice(0, -40)],
    ['empty', () => ''],
    ['of something else', () => 'no certificate'],
  ])('do not replace a good set where the issuers are %s', async (_, change) => {
    put('first', 'pem', 'key')
    writeFileSync(at('issuers.pem'), ca())
    await overTls(async ({ port, reports }) => {
      writeFileSync(at('issuers.pem'), change(ca()))
      await until(() => reports.length === 1, 5_000)
      expect(reports).toEqual([['failed', `cannot use \`${at('issuers.pem')}\`: it is not a whole PEM file`]])
      await expect(ask(port, new Agent({ ca: ca(), ...pair('stranger') }))).rejects.toThrow()
      expect((await ask(port, new Agent({ ca: ca(), ...pair('caller') }))).status).toBe(200)
    }, at('issuers.pem'))
  })

  it('let nobody in by the issuers of before', async () => {
    put('first', 'pem', 'key')
    writeFileSync(at('issuers.pem'), ca())
    await overTls(async ({ port, reports }) => {
      const agent = new Agent({ ca: ca(), ...pair('caller') })
      expect((await ask(port, agent)).status).toBe(200)
      writeFileSync(at('issuers.pem'), text('other-ca.pem'))
      await until(() => reports.length === 1, 5_000)
      await expect(ask(port, agent)).rejects.toThrow()
      expect((await ask(port, new Agent({ ca: ca(), ...pair('stranger') }))).status).toBe(200)
    }, at('issuers.pem'))
  })

  it.each([
    ['missing', { cert: 'none.pem' }, 'none.pem`: it cannot be read'],
    ['no PEM', { cert: 'san' }, 'san`: it is not a whole PEM file'],
    ['of another key', { key: 'second.key' }, 'second.key`: it is not the key of'],
  ])('stop the start where they are %s', async (_, names, message) => {
    const { cert, key } = { cert: 'first.pem', key: 'first.key', ...names }
    expect(() => watchCertificates({ cert: at(cert), key: at(key), client_ca: null }, () => {})).toThrow(message)
  })
})

it('a server with the settings of `tls` says and counts which changes it took', async () => {
  put('first', 'pem', 'key')
  const said: string[] = []
  const sink = (line: string) => {
    const { msg } = JSON.parse(line)
    if (msg.startsWith('certificates')) said.push(msg)
  }
  const env = {
    POSTERN_LISTEN_DECISION: '127.0.0.1:0',
    POSTERN_TLS_CERT: at('served.pem'),
    POSTERN_TLS_KEY: at('served.key'),
  }
  const { listeners, finish } = await serve({
    bundle: builtBundle(),
    source: 'test',
    settings: loadSettings(undefined, env, project.root),
    tenantFiles: [],
    root: project.root,
    log: createServerLog({ sink, terminal: false }),
    version: '0.0.0',
  })
  try {
    const port = Number(new URL(listeners[0]?.address as string).port)
    put('second', 'pem')
    await until(() => said.length === 1, 5_000)
    put('second', 'key')
    await until(() => said.length === 2, 5_000)
    expect(said).toEqual([
      `certificates not taken, the old ones stay: cannot use \`${at('served.key')}\`: it is not the key of \`${at('served.pem')}\``,
      'certificates taken',
    ])
    const { body } = await ask(port, new Agent({ ca: ca() }), 'GET', '/metrics')
    expect(series(body, 'http_certificate_load_total{result="ok"}')).toBe(1)
    expect(series(body, 'http_certificate_load_total{result="failed"}')).toBe(1)
  } finally {
    for (const listener of listeners) {
      listener.stop()
      listener.destroy()
      await listener.closed
    }
    await finish()
  }
})

it('a stop does not wait for a caller that never finishes its handshake', async () => {
  put('first', 'pem', 'key')
  const began = Date.now()
  await overTls(async ({ port }) => {
    const socket = connectTcp(port, '127.0.0.1')
    socket.on('error', () => {})
    await sleep(50)
  })
  expect(Date.now() - began).toBeLessThan(2_000)
})
