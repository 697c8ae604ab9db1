import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { nearest } from './nearest.ts'
import { packageRoot } from './package-root.ts'
import { DocumentError, type Problem } from './problem.ts'
import { compileSchema, toPointer, type Validator } from './schema.ts'
import { parseYaml, readYaml, type YamlDocument } from './yaml-document.ts'

/**
 * Every setting of the process, with its default and the names that `config/sidecar.yaml` has; what each means is said
 * there. To add one, add it here, in that file and in its schema (a test holds the three together).
 */
export const defaultSettings = deepFreeze({
  listen: {
    decision: '127.0.0.1:8181',
    gateway: null as string | null,
    gateway_grpc: null as string | null,
    management: null as string | null,
  },
  identity: {
    jwt_keys: null as string | null,
    jwt_issuer: null as string | null,
    jwt_audience: null as string | null,
    jwt_algorithm: 'RS256',
    trusted_header: null as string | null,
    certificate_prefix: null as string | null,
    gateway_token: null as string | null,
  },
  gateway: { plan_denial_status: 403 as 402 | 403 },
  management: {
    token: null as string | null,
    jwt_keys: null as string | null,
    jwt_issuer: null as string | null,
    jwt_audience: null as string | null,
    jwt_algorithm: 'RS256',
    invitation_hours: 168,
    activity_days: 400,
  },
  access: { decision_tokens: 'off_loopback' as 'off_loopback' | 'always', failures_per_minute: 10 },
  outbox: {
    smtp_url: null as string | null,
    from: null as string | null,
    link_base: null as string | null,
    webhook_url: null as string | null,
    webhook_secret: null as string | null,
    attempts: 12,
  },
  tls: { cert: null as string | null, key: null as string | null, client_ca: null as string | null },
  default_tenant: null as string | null,
  tenants: null as string | null,
  directory: null as string | null,
  freshness: { max_age_ms: 2000, listen_url: null as string | null },
  public_url: null as string | null,
  authzen: { person_types: [] as readonly string[] },
  limits: { body_bytes: 1048576, depth: 32, batch_items: 100 },
  search: { candidates: 1000, token_key: null as string | null },
  explain: { mask: [] as readonly string[] },
  cache: { entries: 100000, bytes: 67108864, largest_input_bytes: 4096 },
  evaluator: { memory_mib: 64 },
  decision_log: {
    sink: 'none' as 'none' | 'stdout' | 'file' | 'http',
    path: null as string | null,
    max_file_bytes: 104857600,
    keep_files: 5,
    url: null as string | null,
    queue_events: 10000,
    queue_bytes: 33554432,
    batch_bytes: 262144,
    erase: [] as readonly string[],
    mask: [] as readonly string[],
    sample_allows: 1,
    audit: 'optional' as 'optional' | 'required',
  },
  bundle: {
    url: null as string | null,
    token: null as string | null,
    poll_seconds: 30,
    timeout_ms: 10000,
    max_bytes: 33554432,
    verify_key: null as string | null,
    verify_algorithm: 'RS256',
    kept_in: null as string | null,
    decision_rows: 'required' as 'required' | 'ignored',
    max_stale_seconds: 0,
  },
  drain: { delay_ms: 5000, timeout_ms: 20000 },
  http: { keep_alive_ms: 125000, request_timeout_ms: 10000, headers_timeout_ms: 10000 },
})

export type Settings = typeof defaultSettings

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The settings: the environment over the file over the defaults, frozen. Without `file` it is `config/sidecar.yaml`
 * under `root`, which may be missing. Throws a `DocumentError` with all that is wrong in the file and the environment.
 */
export function loadSettings(file: string | undefined, env: Environment, root: string): Settings {
  const validator = settingsValidator()
  const problems: Problem[] = []
  const document = collect(problems, () => readFile(file, validator, root))
  const variables = readVariables(env, validator, problems)
  if (problems.length > 0 || document === undefined) throw new DocumentError(problems)

  const settings = overlay(overlay(defaultSettings, document.value), variables)
  checkTogether(settings, env, document)
  return deepFreeze(settings)
}

/** The variable that overrides the setting at the path: `cache.entries` is `POSTERN_CACHE_ENTRIES`. */
export function variableOf(path: readonly string[]): string {
  return `POSTERN_${path.join('_').toUpperCase()}`
}

/** The paths of all settings, in the order of the file. */
export function settingPaths(): readonly (readonly string[])[] {
  return Object.entries(defaultSettings).flatMap(([name, value]) =>
    isSection(value) ? Object.keys(value).map((inner) => [name, inner]) : [[name]],
  )
}

type Written = Readonly<Record<string, unknown>> | null

function settingsValidator(): Validator<Written> {
  const path = join(packageRoot(), 'config/schema/sidecar.schema.json')
  return compileSchema(JSON.parse(readFileSync(path, 'utf8')), 'the settings of the process')
}

function readFile(file: string | undefined, validator: Validator<Written>, root: string): YamlDocument<Written> {
  const path = file === undefined ? join(resolve(root), 'config/sidecar.yaml') : resolve(file)
  if (file === undefined && !existsSync(path)) return parseYaml('', 'config/sidecar.yaml', validator)
  return readYaml(path, validator, { root })
}

function collect<T>(problems: Problem[], read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    problems.push(...error.problems)
    return undefined
  }
}

/** The settings that the environment gives, in the shape of the file. */
function readVariables(env: Environment, validator: Validator<Written>, problems: Problem[]): Written {
  const written: Record<string, unknown> = {}
  for (const path of settingPaths()) {
    const text = env[variableOf(path)]
    if (text !== undefined && text !== '') setAt(written, path, typedLike(valueAt(defaultSettings, path), text))
  }
  for (const { path, message, remedy } of validator.violations(written)) {
    const file = variableOf(path.map(String))
    problems.push({ file, line: 0, column: 0, message, ...(remedy && { remedy }), pointer: toPointer(path) })
  }
  problems.push(...misspeltVariables(env))
  return written
}

/**
 * Only near misses: Kubernetes itself sets `POSTERN_SERVICE_HOST` and the like beside a service of that name.
 */
function misspeltVariables(env: Environment): Problem[] {
  const known = [...settingPaths().map(variableOf), 'POSTERN_OPA']
  return Object.keys(env)
    .filter((name) => name.startsWith('POSTERN_') && !known.includes(name) && env[name] !== '')
    .flatMap((name) => {
      const rest = name.slice('POSTERN_'.length)
      const near = nearest(
        rest,
        known.map((other) => other.slice('POSTERN_'.length)),
      )
      if (near === undefined) return []
      return [
        { file: name, line: 0, column: 0, message: 'no such setting', remedy: `did you mean \`POSTERN_${near}\`` },
      ]
    })
}

/**
 * A number where the setting is one and the text is a plain decimal, a list where it is one; else the text, for the
 * schema to judge.
 */
function typedLike(example: unknown, text: string): unknown {
  if (Array.isArray(example)) return text.split(',')
  return typeof example === 'number' && /^-?(0|[1-9][0-9]*)$/.test(text) ? Number(text) : text
}

/** What no schema can say about one setting alone. */
function checkTogether(settings: Settings, env: Environment, document: YamlDocument<Written>): void {
  checkIdentity(settings.identity, document.file)
  const { jwt_keys, jwt_issuer, jwt_audience } = settings.management
  checkWhole('management', { jwt_keys, jwt_issuer, jwt_audience }, document.file)
  checkTls(settings.tls, document.file)
  checkBundle(settings.bundle, document.file)
  checkOutbox(settings, document.file)
  if (settings.tenants !== null && settings.directory !== null) {
    const message = '`tenants` and `directory` both say where tenants come from'
    const remedy = 'set one of them; `postern tenant import` puts documents into a directory'
    throw new DocumentError([{ file: document.file, line: 0, column: 0, message, remedy, pointer: '/directory' }])
  }
  const refuse = (path: readonly string[], message: string, remedy: string): never => {
    const variable = variableOf(path)
    const place = env[variable]
      ? { file: variable, line: 0, column: 0 }
      : { file: document.file, ...document.place(path) }
    throw new DocumentError([{ ...place, message, remedy, pointer: toPointer(path) }])
  }
  const { listen, directory } = settings
  if (listen.management !== null && directory === null)
    refuse(['listen', 'management'], 'there is no directory to manage', 'set `directory`')
  if (settings.access.decision_tokens === 'always' && directory === null)
    refuse(['access', 'decision_tokens'], 'there is no directory that has tokens', 'set `directory`')
  const { headers_timeout_ms, request_timeout_ms } = settings.http
  if (headers_timeout_ms > request_timeout_ms) {
    const message = `${headers_timeout_ms} is more than \`http.request_timeout_ms\`, ${request_timeout_ms}`
    refuse(['http', 'headers_timeout_ms'], message, 'raise that one or lower this one')
  }
  const { sink, path, url, audit, sample_allows } = settings.decision_log
  if (sink === 'file' && path === null)
    refuse(['decision_log', 'sink'], 'the sink `file` has no file', 'set `decision_log.path`')
  if (sink === 'http' && url === null)
    refuse(['decision_log', 'sink'], 'the sink `http` has no address', 'set `decision_log.url`')
  if (audit === 'required' && sink === 'none')
    refuse(['decision_log', 'audit'], 'a record is required, and there is no sink', 'set `decision_log.sink`')
  if (audit === 'required' && sample_allows > 1)
    refuse(
      ['decision_log', 'audit'],
      'a record is required, and allows are sampled',
      'set `decision_log.sample_allows` to 1',
    )
}

/** Half an identity would let through what the other half is there to stop, such as tokens of another audience. */
function checkIdentity(identity: Settings['identity'], file: string): void {
  const { jwt_keys, jwt_issuer, jwt_audience, trusted_header, certificate_prefix, gateway_token } = identity
  const byToken = checkWhole('identity', { jwt_keys, jwt_issuer, jwt_audience }, file)
  const named = certificate_prefix === null ? { trusted_header, gateway_token } : { certificate_prefix, gateway_token }
  // Beside tokens of clients the gateway may have a secret of its own.
  const byName = trusted_header !== null || certificate_prefix !== null || (gateway_token !== null && !byToken)
  if (byName) checkWhole('identity', named, file)
  if ((byToken && byName) || (trusted_header !== null && certificate_prefix !== null)) {
    const message = '`identity` has two ways to know who asks'
    const remedy = 'set the jwt settings, the trusted header or the certificate prefix'
    throw new DocumentError([{ file, line: 0, column: 0, message, remedy, pointer: '/identity' }])
  }
}

/** Whether the settings are there. Throws where some are and some are not. */
function checkWhole(section: string, way: Readonly<Record<string, string | null>>, file: string): boolean {
  const missing = Object.keys(way).filter((name) => way[name] === null)
  const [first] = missing
  if (first === undefined) return true
  if (missing.length === Object.keys(way).length) return false
  const message = `\`${section}.${first}\` is missing`
  const remedy = `set all of ${Object.keys(way).join(', ')}, or none`
  throw new DocumentError([{ file, line: 0, column: 0, message, remedy, pointer: `/${section}/${first}` }])
}

/** Issuers of callers without a certificate of one's own would be read by nobody, and callers let in unasked. */
function checkTls({ cert, key, client_ca }: Settings['tls'], file: string): void {
  if (cert === null && key === null && client_ca === null) return
  const missing = cert === null ? 'cert' : key === null ? 'key' : undefined
  if (missing === undefined) return
  const message = `\`tls.${missing}\` is missing`
  throw new DocumentError([
    { file, line: 0, column: 0, message, remedy: 'set both cert and key, or none of tls', pointer: `/tls/${missing}` },
  ])
}

/** Whoever can change a policy on its way decides everything. */
function checkBundle({ url, token, verify_key }: Settings['bundle'], file: string): void {
  const refuse = (pointer: string, message: string, remedy: string): never => {
    throw new DocumentError([{ file, line: 0, column: 0, message, remedy, pointer }])
  }
  if (url === null) {
    if (verify_key !== null)
      refuse(
        '/bundle/verify_key',
        '`bundle.verify_key` is set, and no `bundle.url`',
        'set the URL, or leave out the key',
      )
    return
  }
  // A port beyond 65535, which no pattern tells.
  if (!URL.canParse(url)) refuse('/bundle/url', '`bundle.url` is no URL', 'correct its port')
  const { protocol, hostname } = new URL(url)
  if (protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)) return
  if (verify_key === null)
    refuse('/bundle/url', '`bundle.url` is not https', 'use https, or verify signatures with `bundle.verify_key`')
  if (token !== null) refuse('/bundle/token', '`bundle.token` would be sent in the clear', 'use https')
}

/** Half a way out would only show when the first message dies. */
function checkOutbox({ outbox, directory }: Settings, file: string): void {
  const refuse = (name: string, message: string, remedy: string): never => {
    throw new DocumentError([{ file, line: 0, column: 0, message, remedy, pointer: `/outbox/${name}` }])
  }
  const ways = [
    ['smtp_url', ['from', 'link_base']],
    ['webhook_url', ['webhook_secret']],
  ] as const
  for (const [way, needed] of ways) {
    const url = outbox[way]
    if (url === null) continue
    if (directory === null) refuse(way, `\`outbox.${way}\` is set, and no \`directory\``, 'set the directory')
    for (const name of needed)
      if (outbox[name] === null) refuse(name, `\`outbox.${name}\` is missing`, `set it, or leave out \`outbox.${way}\``)
    // A port beyond 65535 or a broken escape, which no pattern tells.
    if (!URL.canParse(url) || /%(?![0-9A-Fa-f]{2})/.test(url))
      refuse(way, `\`outbox.${way}\` is no URL`, 'correct its port, and write `%` as `%25`')
  }
}

/** `base` with what is written over it; an empty section leaves the base as it is. */
function overlay<T extends object>(base: T, written: Written): T {
  const result: Record<string, unknown> = Object.fromEntries(Object.entries(base))
  for (const [name, value] of Object.entries(written ?? {})) {
    const below = result[name]
    result[name] = isSection(below) ? overlay(below, value as Written) : value
  }
  // Only keys of the base are written, by the schema.
  return result as T
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function valueAt(base: object, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => (isSection(at) ? at[name] : undefined), base)
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path
  if (name === undefined) return
  if (rest.length === 0) {
    target[name] = value
    return
  }
  const section = isSection(target[name]) ? target[name] : {}
  target[name] = section
  setAt(section, rest, value)
}

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T

function deepFreeze<T extends object>(value: T): DeepReadonly<T> {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) deepFreeze(inner)
  return Object.freeze(value) as DeepReadonly<T>
}
