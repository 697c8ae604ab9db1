import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { FailureLimit } from '../../src/access/failure-limit.ts'
import type { VerifyJwt } from '../../src/access/jwt.ts'
import { loadPolicy } from '../../src/app/activate.ts'
import { createManagement } from '../../src/app/management.ts'
import { inlineFacts, tenantValidator } from '../../src/directory/tenant-schema.ts'
import { createConsole } from '../../src/http/console.ts'
import { createEventStreams } from '../../src/http/event-streams.ts'
import { createManagementApi } from '../../src/http/management-api.ts'
import { awaitFacts } from '../../src/pdp/awaited-pdp.ts'
import { createPdp } from '../../src/pdp/decide.ts'
import { builtBundle, memoLimits, project } from './policy.ts'
import type { DirectoryOf } from './stored-tenants.ts'

/** What the console of `consoleOf` proves itself by. */
export const token = 'console-secret-of-thirty-two-letters'
const policy = loadPolicy(builtBundle(), 64)
/** The instant that management and decisions take for now. */
export const at = { now: new Date('2026-11-26T02:00:00.000Z') }

export type Body = Readonly<Record<string, never>> & {
  readonly decision: boolean
  readonly context: { readonly reason: string; readonly limit?: unknown }
  readonly done: { readonly members: string[]; readonly invitations: { user: string; invitation: string }[] }
  readonly replayed?: true
  readonly revision: string
  readonly error: { readonly code: string; readonly pointer?: string }
}

export interface ConsoleOptions {
  readonly heartbeatMs?: number | undefined
  readonly verify?: VerifyJwt
  readonly failures?: FailureLimit
}

/** A console of one system's demo tenant in a directory of this kind, and the decision point that sees the same directory. */
export async function consoleOf(
  directoryOf: DirectoryOf,
  system: string,
  { heartbeatMs = 15_000, verify, failures = () => undefined }: ConsoleOptions = {},
) {
  const text = readFileSync(join(project.root, `config/systems/${system}/demo.yaml`), 'utf8')
  const document = parse(text)
  const directory = await directoryOf(document)
  const pdp = createPdp({
    tenants: directory.tenants,
    inline: inlineFacts(tenantValidator()),
    defaultTenant: document.tenant,
    memo: memoLimits,
    now: () => at.now,
  })
  pdp.activate(policy)
  const events = createEventStreams(directory.feed, { heartbeatMs })
  const app = createManagementApi({
    management: createManagement({
      directory,
      pdp,
      invitationMs: 3_600_000,
      deliveries: new Map(),
      deliverer: { wake() {} },
      now: () => at.now,
    }),
    console: createConsole({ token, find: directory.tokens.find, failures, now: () => at.now.getTime(), verify }),
    tokens: directory.tokens,
    events,
    metrics: { responded() {}, failedClosed() {}, decided() {}, render: () => '' },
    settings: { limits: { body_bytes: 65_536, depth: 32 } },
    log: { error() {} },
  })
  const ask = async (method: string, path: string, headers: Record<string, string>, body?: unknown) => {
    const made = await app.request(path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: made.status, headers: made.headers, body: (await made.json()) as Body }
  }
  const act = (by: string, action: string, body: unknown, headers: Record<string, string> = {}) =>
    ask('POST', `/v1/tenants/${document.tenant}/actions/${action}`, { 'x-postern-actor': by, ...headers }, body)
  const awaited = awaitFacts(pdp, directory.freshness)
  const may = async (user: string, action: string, properties: Readonly<Record<string, unknown>> = {}) => {
    const { decision } = await awaited.decide({
      subject: { type: 'user', id: user },
      action: { name: action },
      resource: { type: action.split(':')[0] as string, id: '-', properties },
      context: { session_issued_at: '2026-11-26T03:00:00Z' },
    })
    return decision
  }
  return { app, ask, act, may, directory, events, tenant: document.tenant as string }
}
