import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import { createManagement } from '../../src/app/management.ts'
import { openDirectory } from '../../src/directory/directory.ts'
import { createConsole } from '../../src/http/console.ts'
import { createEventStreams } from '../../src/http/event-streams.ts'
import { createManagementApi } from '../../src/http/management-api.ts'
import { awaitFacts } from '../../src/pdp/awaited-pdp.ts'
import { createPdp } from '../../src/pdp/decide.ts'
import type { DecisionRecorder, RecordedFailure } from '../../src/pdp/decision-recorder.ts'
import { asked } from '../authzen/asked.ts'
import { apiOver, bodyOf, json, series } from '../http/fixture.ts'
import { upon } from '../support/directory-command.ts'
import { builtBundle, memoLimits } from '../support/policy.ts'
import { directoryFile } from '../support/stored-tenants.ts'

const members = Array.from({ length: 20_000 }, (_, index) => ({
  user: `u${index}`,
  email: `u${index}@example.com`,
  role: 'developer',
  status: 'active',
}))

const listing = (user: string) => ({
  subject: { type: 'user', id: user },
  action: { name: 'member:list' },
  resource: { type: 'member', id: '-' },
})

/** The APIs over a directory whose file loses all but its first page once `break` is called. */
async function breakable() {
  const file = directoryFile()
  // Never closed: SQLite would have to write what is no longer there.
  const directory = await openDirectory(file)
  await directory.put([{ tenant: 'acme', system: 'filestack', members }])
  const pdp = createPdp({
    tenants: directory.tenants,
    inline: () => expect.unreachable(),
    defaultTenant: 'acme',
    memo: memoLimits,
  })
  pdp.activate(loadPolicy(builtBundle(), 64))
  const failures: RecordedFailure[] = []
  const recorder: DecisionRecorder = { decided() {}, failed: (failure) => failures.push(failure) }
  const { decide, snapshot } = awaitFacts(pdp, directory.freshness)
  const api = apiOver(decide, undefined, undefined, { snapshot, recorder })
  const management = createManagementApi({
    management: createManagement({ directory, pdp, invitationMs: 1, deliveries: new Map(), deliverer: { wake() {} } }),
    console: createConsole({ token: null, find: directory.tokens.find, failures: () => undefined }),
    tokens: directory.tokens,
    events: createEventStreams(directory.feed),
    metrics: api.metrics,
    settings: { limits: { body_bytes: 65_536, depth: 32 } },
    log: api.log,
  })
  const breakFile = () => {
    for (const name of [file, `${file}-wal`]) if (existsSync(name)) truncateSync(name, 4096)
  }
  return { ...api, management, failures, breakFile, file }
}

const unavailable = 'the directory of tenants cannot be read or written'

it('a decision whose facts cannot be read fails closed, counted, logged and recorded under a code of its own', async () => {
  const { app, metrics, lines, failures, breakFile, file } = await breakable()
  expect((await asked(app, '/authorize', listing('u19999'))).status).toBe(200)
  breakFile()
  const { status, text } = await asked(app, '/authorize', listing('u7'), { 'x-request-id': 'r-1' })
  const body = JSON.parse(text)
  expect([status, body.error.code, body.error.message, body.decision]).toEqual([
    503,
    'directory_unavailable',
    unavailable,
    undefined,
  ])
  expect(text).not.toContain(file)
  expect(series(metrics.render(), 'authz_fail_closed_total{cause="directory_unavailable"}')).toBe(1)
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 'error', request_id: 'r-1', code: 'directory_unavailable', error: 'DirectoryError' },
  ])
  expect(failures).toMatchObject([{ code: 'directory_unavailable', request: listing('u7') }])
})

it('an item of a batch and a management action fail in the same way', async () => {
  const { app, management, breakFile } = await breakable()
  breakFile()
  const batch = await asked(app, '/access/v1/evaluations', { evaluations: [listing('u7')] })
  expect([batch.status, JSON.parse(batch.text)]).toEqual([
    200,
    { evaluations: [{ decision: false, context: { error: { status: 503, message: unavailable } } }] },
  ])
  const act = await management.request('/v1/tenants/acme/actions/member:list', {
    method: 'POST',
    headers: { ...json, 'x-postern-actor': 'u7' },
    body: '{}',
  })
  expect([act.status, (await bodyOf(act)).error.code]).toEqual([503, 'directory_unavailable'])
})

it('a command says in one line which file is broken', async () => {
  const file = directoryFile()
  const directory = await openDirectory(file)
  await directory.put([{ tenant: 'acme', system: 'filestack', members }])
  await directory.close()
  const bytes = readFileSync(file)
  // All but what SQLite reads to open it.
  writeFileSync(file, bytes.fill(0xff, 128 * 1024))
  expect(await upon(file, 'tenant', 'export', 'acme')).toEqual({
    code: 2,
    stdout: '',
    stderr: `postern: \`${file}\`: database disk image is malformed (SQLITE_CORRUPT)\n`,
  })
})
