import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { packageRoot } from '../../src/document/package-root.ts'
import { defaultSettings, loadSettings, settingPaths, variableOf } from '../../src/document/settings.ts'
import { parseYaml } from '../../src/document/yaml-document.ts'
import { anything, problemsOf } from './problems-of.ts'

const root = packageRoot()
const shipped = readFileSync(join(root, 'config/sidecar.yaml'), 'utf8')
const schema = JSON.parse(readFileSync(join(root, 'config/schema/sidecar.schema.json'), 'utf8'))

const folder = mkdtempSync(join(tmpdir(), 'postern-settings-'))
mkdirSync(join(folder, 'config'))

/** Loads `config/sidecar.yaml` of a root of its own. */
function load(text: string, env: Record<string, string> = {}) {
  writeFileSync(join(folder, 'config/sidecar.yaml'), text)
  return loadSettings(undefined, env, folder)
}

const valueAt = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], value)

describe('the shipped file', () => {
  const document = parseYaml(shipped, 'config/sidecar.yaml', anything)
  const lines = shipped.split('\n')

  test('names its schema in the first line', () => {
    expect(lines[0]).toBe('# yaml-language-server: $schema=schema/sidecar.schema.json')
  })

  test('holds the defaults, all of them', () => {
    expect(document.value).toEqual(defaultSettings)
    expect(loadSettings(join(root, 'config/sidecar.yaml'), {}, root)).toEqual(defaultSettings)
  })

  test('explains each key, in a comment right above it', () => {
    const paths = settingPaths().flatMap((path) => (path.length > 1 ? [path.slice(0, 1), path] : [path]))
    for (const path of paths) {
      const { line, column } = document.keyPlace(path)
      expect(lines[line - 2], path.join('.')).toMatch(new RegExp(`^ {${column - 1}}# \\S`))
    }
  })

  test('lists the variable of each setting, and no other', () => {
    const listed = [...shipped.matchAll(/^# {3}(POSTERN_\w+) +(\S+)$/gm)].map(([, variable, path]) => [variable, path])
    expect(listed).toEqual(settingPaths().map((path) => [variableOf(path), path.join('.')]))
  })
})

describe('the schema', () => {
  const schemaAt = (path: readonly string[]) =>
    path.reduce((at, name) => at.properties[name], schema) as Record<string, unknown>

  test('has the same defaults, and a description of each', () => {
    for (const path of settingPaths()) {
      expect(schemaAt(path).default, path.join('.')).toEqual(valueAt(defaultSettings, path))
      expect(schemaAt(path).description, path.join('.')).toMatch(/\.$/)
    }
  })

  test('has no other settings', () => {
    const names = Object.entries(schema.properties as Record<string, { properties?: object }>).flatMap(
      ([name, inner]) => (inner.properties ? Object.keys(inner.properties).map((below) => `${name}.${below}`) : [name]),
    )
    expect(names.toSorted()).toEqual(
      settingPaths()
        .map((path) => path.join('.'))
        .toSorted(),
    )
  })
})

describe('loading', () => {
  test('without a file gives the defaults, frozen', () => {
    const settings = loadSettings(undefined, {}, mkdtempSync(join(tmpdir(), 'postern-none-')))
    expect(settings).toEqual(defaultSettings)
    expect(Object.isFrozen(settings) && Object.values(settings.limits) && Object.isFrozen(settings.limits)).toBe(true)
    expectTypeOf(settings.limits.depth).toEqualTypeOf<number>()
    expectTypeOf(settings.default_tenant).toEqualTypeOf<string | null>()
  })

  test('fills in what the file leaves out', () => {
    expect(load('limits:\n  depth: 8\ndefault_tenant: acme\ncache:\nhttp: {}\n')).toEqual({
      ...defaultSettings,
      default_tenant: 'acme',
      limits: { ...defaultSettings.limits, depth: 8 },
    })
    expect(load('# nothing\n')).toEqual(defaultSettings)
  })

  test('a file that was named has to exist', () => {
    expect(problemsOf(() => loadSettings(join(root, 'config/sidecars.yaml'), {}, root))).toEqual([
      'config/sidecars.yaml:1:1: the file does not exist; it should hold the settings of the process',
    ])
  })

  test('tells all that is wrong in the file and in the environment', () => {
    const text = 'limit:\n  depth: 8\ncache:\n  entries: many\nlisten:\n  decision: 8181\n'
    expect(problemsOf(() => load(text, { POSTERN_DRAIN_DELAY_MS: '5s' }))).toEqual([
      'POSTERN_DRAIN_DELAY_MS: expected a whole number, found `"5s"`',
      'config/sidecar.yaml:1:1: unknown key `limit`; did you mean `limits`',
      'config/sidecar.yaml:4:12: expected a whole number, found `"many"`',
      'config/sidecar.yaml:6:13: expected a host and a port, or a Unix socket, found `8181`',
    ])
  })

  test.each(['0.0.0.0:80', 'localhost:0', '[::1]:8181', 'unix:/run/postern.sock', 'pdp_1.internal:65535'])(
    'listens on %s',
    (address) => {
      expect(load(`listen: { decision: "${address}" }`).listen.decision).toBe(address)
    },
  )

  test.each(['8181', 'localhost', 'localhost:65536', '::1:8181', 'unix:run.sock', 'http://localhost:1', ''])(
    'does not listen on %j',
    (address) => {
      expect(problemsOf(() => load(`listen: { decision: "${address}" }`))).toEqual([
        `config/sidecar.yaml:1:21: expected a host and a port, or a Unix socket, found \`"${address}"\`; write it like \`127.0.0.1:8181\` or \`unix:/run/postern.sock\``,
      ])
    },
  )

  test.each(['https://pdp.example.com', 'https://[::1]:8443', 'https://pdp.example.com/authz/eu.1'])(
    'is known by %s',
    (url) => {
      expect(load(`public_url: "${url}"`).public_url).toBe(url)
    },
  )

  test.each([
    'http://pdp.example.com',
    'https://',
    'https://pdp.example.com/',
    'https://pdp.example.com/a//b',
    'https://pdp.example.com?tenant=1',
    'https://pdp.example.com/#a',
    'https://user@pdp.example.com',
    'https://pdp.example.com/:tenant',
    'https://pdp.example.com/*',
    'pdp.example.com',
  ])('is not known by %s', (url) => {
    expect(problemsOf(() => load(`public_url: "${url}"`))).toEqual([
      `config/sidecar.yaml:1:13: expected an https URL without query, fragment or a slash at its end, found \`"${url}"\`; write it like \`https://pdp.example.com\``,
    ])
  })

  test('a secret that is too short is not repeated', () => {
    const short = 'not quite long enough'
    expect(
      problemsOf(() => load(`search: { token_key: ${short} }`, { POSTERN_IDENTITY_GATEWAY_TOKEN: short })),
    ).toEqual([
      'POSTERN_IDENTITY_GATEWAY_TOKEN: expected at least 32 characters, found something else',
      'config/sidecar.yaml:1:22: expected at least 32 characters, found something else',
    ])
  })

  test('headers may not take longer than the request they belong to', () => {
    const message = '10000 is more than `http.request_timeout_ms`, 500; raise that one or lower this one'
    expect(problemsOf(() => load('http:\n  request_timeout_ms: 500\n'))).toEqual([
      `config/sidecar.yaml:2:3: ${message}`,
    ])
    expect(problemsOf(() => load('', { POSTERN_HTTP_HEADERS_TIMEOUT_MS: '20000' }))).toEqual([
      'POSTERN_HTTP_HEADERS_TIMEOUT_MS: 20000 is more than `http.request_timeout_ms`, 10000; raise that one or lower this one',
    ])
  })
})

test('management needs a directory', () => {
  expect(problemsOf(() => load('listen: { management: "127.0.0.1:0" }'))).toEqual([
    'config/sidecar.yaml:1:23: there is no directory to manage; set `directory`',
  ])
  expect(load('listen: { management: "127.0.0.1:0" }\ndirectory: d.db').listen.management).toBe('127.0.0.1:0')
})

describe('the certificates', () => {
  test.each([
    ['{ cert: c }', 'key'],
    ['{ key: k }', 'cert'],
    ['{ client_ca: a }', 'cert'],
    ['{ cert: c, client_ca: a }', 'key'],
  ])('%s is refused', (tls, missing) => {
    expect(problemsOf(() => load(`tls: ${tls}`))).toEqual([
      `config/sidecar.yaml: \`tls.${missing}\` is missing; set both cert and key, or none of tls`,
    ])
  })

  test('may come without issuers of callers', () => {
    expect(load('tls: { cert: c }', { POSTERN_TLS_KEY: 'k' }).tls).toEqual({ cert: 'c', key: 'k', client_ca: null })
  })
})

describe('the identity', () => {
  test.each([
    [
      '{ jwt_keys: k, jwt_issuer: i }',
      '`identity.jwt_audience` is missing; set all of jwt_keys, jwt_issuer, jwt_audience, or none',
    ],
    [
      '{ jwt_issuer: i, jwt_audience: a }',
      '`identity.jwt_keys` is missing; set all of jwt_keys, jwt_issuer, jwt_audience, or none',
    ],
    [
      '{ trusted_header: X-User }',
      '`identity.gateway_token` is missing; set all of trusted_header, gateway_token, or none',
    ],
    [
      `{ jwt_keys: k, jwt_issuer: i, jwt_audience: a, trusted_header: X-User, gateway_token: ${'t'.repeat(32)} }`,
      '`identity` has two ways to know who asks; set the jwt settings, the trusted header or the certificate prefix',
    ],
    [
      '{ certificate_prefix: spiffe://acme.example/ }',
      '`identity.gateway_token` is missing; set all of certificate_prefix, gateway_token, or none',
    ],
    [
      `{ trusted_header: X-User, certificate_prefix: spiffe://acme.example/, gateway_token: ${'t'.repeat(32)} }`,
      '`identity` has two ways to know who asks; set the jwt settings, the trusted header or the certificate prefix',
    ],
  ])('%s is refused', (identity, message) => {
    expect(problemsOf(() => load(`identity: ${identity}`))).toEqual([`config/sidecar.yaml: ${message}`])
  })

  test('may have a secret of the gateway beside the tokens of clients', () => {
    const written = `{ jwt_keys: k, jwt_issuer: i, jwt_audience: a, gateway_token: ${'t'.repeat(32)} }`
    expect(load(`identity: ${written}`).identity.gateway_token).toBe('t'.repeat(32))
  })

  test('of people at the management API is no more half there than that of clients', () => {
    expect(problemsOf(() => load('management: { jwt_keys: k, jwt_audience: a }'))).toEqual([
      'config/sidecar.yaml: `management.jwt_issuer` is missing; set all of jwt_keys, jwt_issuer, jwt_audience, or none',
    ])
  })

  test('is whole with the three settings of tokens, wherever they are set', () => {
    const { identity } = load('identity: { jwt_keys: k, jwt_issuer: i }', { POSTERN_IDENTITY_JWT_AUDIENCE: 'a' })
    expect(identity).toEqual({ ...defaultSettings.identity, jwt_keys: 'k', jwt_issuer: 'i', jwt_audience: 'a' })
  })
})

test('tokens are asked for where there are any', () => {
  expect(problemsOf(() => load('access: { decision_tokens: always }'))).toEqual([
    'config/sidecar.yaml:1:28: there is no directory that has tokens; set `directory`',
  ])
  expect(load('access: { decision_tokens: always }\ndirectory: d.db').access.decision_tokens).toBe('always')
})

describe('the source of bundles', () => {
  test.each([
    [
      '{ url: "http://policies.example/b.tar.gz" }',
      '`bundle.url` is not https; use https, or verify signatures with `bundle.verify_key`',
    ],
    [
      '{ url: "http://policies.example/b.tar.gz", verify_key: k, token: t }',
      '`bundle.token` would be sent in the clear; use https',
    ],
    ['{ verify_key: k }', '`bundle.verify_key` is set, and no `bundle.url`; set the URL, or leave out the key'],
    ['{ url: "https://policies.example:99999/b" }', '`bundle.url` is no URL; correct its port'],
  ])('%s is refused', (bundle, message) => {
    expect(problemsOf(() => load(`bundle: ${bundle}`))).toEqual([`config/sidecar.yaml: ${message}`])
  })

  test.each(['ftp://a/b', 'https://user:secret@a/b', 'https://', 'bundle.tar.gz'])('is not %s', (url) => {
    expect(problemsOf(() => load(`bundle: { url: "${url}" }`))).toEqual([
      expect.stringMatching(/^config\/sidecar\.yaml:1:16: expected an https or http URL/),
    ])
  })

  test.each([
    '{ url: "https://policies.example/b.tar.gz", token: t }',
    '{ url: "http://127.0.0.1:8080/b.tar.gz", token: t }',
    '{ url: "http://policies.example/b.tar.gz", verify_key: k }',
  ])('may be %s', (bundle) => {
    expect(load(`bundle: ${bundle}`).bundle.url).toMatch(/b\.tar\.gz$/)
  })
})

describe('the outbox', () => {
  const mail = 'from: team@example.com, link_base: "https://console.example.com/join"'
  const signed = `webhook_secret: whsec_${'A'.repeat(43)}=`

  test.each([
    [`{ smtp_url: "smtp://mail", ${mail} }`, '`outbox.smtp_url` is set, and no `directory`; set the directory'],
    [`{ webhook_url: "https://a/b", ${signed} }`, '`outbox.webhook_url` is set, and no `directory`; set the directory'],
  ])('%s is refused without a directory', (outbox, message) => {
    expect(problemsOf(() => load(`outbox: ${outbox}`))).toEqual([`config/sidecar.yaml: ${message}`])
  })

  test.each([
    ['{ smtp_url: "smtp://mail" }', '`outbox.from` is missing; set it, or leave out `outbox.smtp_url`'],
    [
      '{ smtp_url: "smtp://mail", from: team@example.com }',
      '`outbox.link_base` is missing; set it, or leave out `outbox.smtp_url`',
    ],
    ['{ webhook_url: "https://a/b" }', '`outbox.webhook_secret` is missing; set it, or leave out `outbox.webhook_url`'],
    [
      `{ smtp_url: "smtp://mail:99999", ${mail} }`,
      '`outbox.smtp_url` is no URL; correct its port, and write `%` as `%25`',
    ],
    [
      `{ smtp_url: "smtp://user:50%@mail", ${mail} }`,
      '`outbox.smtp_url` is no URL; correct its port, and write `%` as `%25`',
    ],
  ])('%s is refused', (outbox, message) => {
    expect(problemsOf(() => load(`directory: d\noutbox: ${outbox}`))).toEqual([`config/sidecar.yaml: ${message}`])
  })

  test('repeats no secret that is malformed', () => {
    const shown = problemsOf(() => load('outbox: { smtp_url: "smtp://user:pa ss@mail", webhook_secret: hunter2 }'))
    expect(shown).toEqual([
      'config/sidecar.yaml:1:21: expected an smtp or smtps URL of a server, found something else; write it like `smtps://mail.example.com`',
      'config/sidecar.yaml:1:63: expected a secret of 24 to 64 bytes in base64 behind `whsec_`, found something else; write it like `whsec_MjQtYnl0ZXMtb2YteW91ci1vd24tbm93`',
    ])
  })

  test.each(['team', 'team@example.com\\nBcc: a@b', 'Team <team@example.com>'])('does not send from %s', (from) => {
    expect(problemsOf(() => load(`outbox: { from: "${from}" }`))).toEqual([
      expect.stringMatching(/^config\/sidecar\.yaml:1:17: expected an e-mail address/),
    ])
  })
})

describe('the environment', () => {
  test('has one variable for each setting', () => {
    expect(variableOf(['listen', 'decision'])).toBe('POSTERN_LISTEN_DECISION')
    expect(variableOf(['cache', 'largest_input_bytes'])).toBe('POSTERN_CACHE_LARGEST_INPUT_BYTES')
    expect(new Set(settingPaths().map(variableOf)).size).toBe(settingPaths().length)
  })

  test('wins over the file', () => {
    const settings = load('limits: { depth: 8, body_bytes: 2048 }\ndefault_tenant: acme', {
      POSTERN_LIMITS_DEPTH: '16',
      POSTERN_DEFAULT_TENANT: '42',
      POSTERN_TENANTS: '',
    })
    expect(settings.limits).toEqual({ ...defaultSettings.limits, depth: 16, body_bytes: 2048 })
    expect(settings.default_tenant).toBe('42')
    expect(settings.tenants).toBe(null)
  })

  test.each(['', ' ', '0x10', '1e3', '007', '-1', '1.5', 'NaN'])('a number is not written as %j', (text) => {
    const lines = problemsOf(() => load('', { POSTERN_CACHE_ENTRIES: text }))
    if (text === '') expect(lines).toEqual([])
    else if (text === '-1')
      expect(lines).toEqual(['POSTERN_CACHE_ENTRIES: expected a number of at least 0, found `-1`'])
    else expect(lines).toEqual([`POSTERN_CACHE_ENTRIES: expected a whole number, found \`"${text}"\``])
  })

  test('a misspelt variable is told, one that Kubernetes sets is not', () => {
    expect(problemsOf(() => load('', { POSTERN_LIMIT_DEPTH: '3', POSTERN_TENANT: 'x' }))).toEqual([
      'POSTERN_LIMIT_DEPTH: no such setting; did you mean `POSTERN_LIMITS_DEPTH`',
      'POSTERN_TENANT: no such setting; did you mean `POSTERN_TENANTS`',
    ])
    const kubernetes = {
      POSTERN_PORT: 'tcp://10.0.0.1:8181',
      POSTERN_SERVICE_HOST: '10.0.0.1',
      POSTERN_OPA: '/bin/opa',
    }
    expect(load('', kubernetes)).toEqual(defaultSettings)
  })
})

describe('the decision log', () => {
  test('takes lists from the file and, with commas, from the environment', () => {
    expect(load('decision_log: { mask: [/input/a] }').decision_log.mask).toEqual(['/input/a'])
    const settings = load('', { POSTERN_DECISION_LOG_ERASE: '/input/a/b,/result/limit' })
    expect(settings.decision_log.erase).toEqual(['/input/a/b', '/result/limit'])
    expect(Object.isFrozen(settings.decision_log.erase)).toBe(true)
  })

  test.each([
    ['{ sink: file }', ':1:23: the sink `file` has no file; set `decision_log.path`'],
    ['{ sink: http }', ':1:23: the sink `http` has no address; set `decision_log.url`'],
    ['{ audit: required }', ':1:24: a record is required, and there is no sink; set `decision_log.sink`'],
    [
      '{ audit: required, sink: stdout, sample_allows: 2 }',
      ':1:24: a record is required, and allows are sampled; set `decision_log.sample_allows` to 1',
    ],
    [
      '{ mask: [input/a] }',
      ':1:24: expected a JSON Pointer below /input or /result, found `"input/a"`; write it like `/input/context/ip`',
    ],
  ])('is refused as %s', (text, problem) => {
    expect(problemsOf(() => load(`decision_log: ${text}`))).toEqual([`config/sidecar.yaml${problem}`])
  })
})
