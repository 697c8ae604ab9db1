import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import { decisionRowsOf } from '../../src/app/decision-files.ts'
import { replay } from '../../src/app/replay.ts'
import { readTenants } from '../../src/directory/document-tenants.ts'
import { inlineFacts, tenantValidator } from '../../src/directory/tenant-schema.ts'
import { openFileSink } from '../../src/log/file-sink.ts'
import { createPdp } from '../../src/pdp/decide.ts'
import { PosternError } from '../../src/pdp/errors.ts'
import type { TenantSource } from '../../src/pdp/facts.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { type ReplayReport, tallyReplay } from '../../src/review/replay-report.ts'
import { replayText } from '../../src/review/replay-text.ts'
import { logTo, noMasks } from '../log/decision-log-fixture.ts'
import { systems } from '../reference/evaluate.ts'
import { commandRun } from '../support/command-run.ts'
import { builtBundle, memoLimits, project } from '../support/policy.ts'
import { type ProjectCopy, repositoryCopy, tinyProject } from '../support/project-copy.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-replay-'))
const rows = decisionRowsOf(project.root, systems, [])
const nothing = { events: 0, weight: 0 }
const none = { failed: nothing, masked: nothing, oversized: nothing, tenant: nothing, revision: nothing }
const tenantFile = join(project.root, 'config/systems/filestack/demo.yaml')
const lister = (id: string): DecisionRequest => ({
  subject: { type: 'user', id },
  action: { name: 'member:list' },
  resource: { type: 'member', id: '-' },
})
const named = (id: string): DecisionRequest => ({ ...lister(id), context: { tenant: 'acme-filestack' } })

let edited: ProjectCopy
beforeAll(async () => {
  edited = repositoryCopy()
  edited.edit(
    'config/systems/filestack/matrix.yaml',
    'list: { account_owner: allow }',
    'list: { account_owner: allow, billing: allow }',
  )
  await edited.build()
}, 60_000)
afterAll(() => {
  edited.remove()
  rmSync(folder, { recursive: true, force: true })
})

/** Decides the requests under the policy of this repository and writes the log as the server does. */
async function logged(
  name: string,
  requests: readonly DecisionRequest[],
  masks: { readonly erase: readonly string[]; readonly mask: readonly string[] } = noMasks,
  sampleAllows = 1,
): Promise<string> {
  const path = join(folder, name)
  const policy = loadPolicy(builtBundle(), 64)
  const validator = tenantValidator()
  const tenants: TenantSource = readTenants([tenantFile], project.root, validator, new Set(policy.systems.keys()))
  const pdp = createPdp({ tenants, inline: inlineFacts(validator), defaultTenant: undefined, memo: memoLimits })
  pdp.activate(policy)
  const sink = openFileSink({ path, maxBytes: 1e9, keepFiles: 1 })
  const event = { labels: {}, masks, defaultTenant: undefined }
  const limits = { events: 1e6, bytes: 1e9, batchBytes: 65_536 }
  const { log } = logTo(sink, { event, limits, sampleAllows, random: () => 0 })
  for (const request of requests) {
    const asked = { dialect: 'authorize', requestId: 'r', request }
    try {
      log.decided({ ...asked, answer: pdp.decide(request), seconds: 0 })
    } catch (error) {
      if (!(error instanceof PosternError)) throw error
      log.failed({ ...asked, code: error.code })
    }
  }
  await log.close(5_000)
  return path
}

function replayed(log: string, candidate: ProjectCopy | typeof project = project, tenants?: string) {
  const bundle = builtBundle(candidate.bundle)
  return replay({ logs: [log], candidate: bundle, tenants, root: project.root, onLines() {} })
}

const idsOf = (log: string) =>
  readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).decision_id as string)

describe('a replay', () => {
  it('under the same policy turns none of the decision rows', async () => {
    const report = await replayed(
      await logged(
        'same.jsonl',
        rows.map(({ request }) => request),
      ),
    )
    const failed = report.not_replayable.failed.events
    expect(report).toEqual({
      policy: builtBundle().manifest.policy,
      replayed: { events: rows.length - failed, weight: rows.length - failed },
      flips: [],
      not_replayable: { ...none, failed: { events: failed, weight: failed } },
      malformed: { count: 0, lines: [] },
    })
    expect(failed).toBeLessThan(rows.length / 20)
  })

  it('under an edited cell turns exactly the decisions that the cell makes, stored tenant or not', async () => {
    const tenant = { tenant: 't', system: 'filestack', plan: 'free', members: [] as object[] }
    const settings = { company_name: 'Acme', owner_full_name: 'Owner One' }
    const billing = { user: 'bill', role: 'billing', status: 'active' }
    const requests = [
      ...rows.map(({ request }) => request).filter(({ action }) => action.name !== 'member:list'),
      { ...lister('bill'), tenant: { ...tenant, settings, members: [billing] } },
      named('bill'),
      named('owner'),
      named('dev'),
    ]
    const log = await logged('edited.jsonl', requests)
    const ids = idsOf(log)
    const { flips, replayed: counts } = await replayed(log, edited, tenantFile)
    expect(flips).toEqual([
      {
        kind: 'gains',
        system: 'filestack',
        action: 'member:list',
        reasons: ['no_permission', 'role_grant'],
        rule: 'config/systems/filestack/matrix.yaml:15',
        decisions: 2,
        weight: 2,
        examples: ids.slice(-4, -2),
      },
    ])
    expect(counts.events).toBeGreaterThan(requests.length * 0.95)
  })

  it('decides at the time of the event, not of today', { timeout: 60_000 }, async () => {
    const tiny = tinyProject()
    try {
      tiny.edit('policies/systems/acme/doors.rego', 'input.request.context.open == true', 'input.now < "2000"')
      await tiny.build()
      const event = (decision_id: string, timestamp: string) => ({
        decision_id,
        timestamp,
        effect: 'deny',
        directory_revision: '0',
        input: {
          subject: { type: 'user', id: 'ann' },
          action: { name: 'door:close' },
          resource: { type: 'door', id: '-' },
          tenant: {
            tenant: 't',
            system: 'acme',
            plan: 'large',
            members: [{ user: 'ann', role: 'guest', status: 'active' }],
          },
        },
        result: { decision: false, reason: 'out_of_scope', obligations: [] },
      })
      const log = join(folder, 'time.jsonl')
      const events = [event('before', '1999-12-31T23:59:59.999Z'), event('after', '2000-01-01T00:00:00.000Z')]
      writeFileSync(log, events.map((one) => JSON.stringify(one)).join('\n'))
      const { flips, replayed: counts } = await replayed(log, tiny)
      expect([flips.map(({ kind, reasons, examples }) => ({ kind, reasons, examples })), counts.events]).toEqual([
        [{ kind: 'gains', reasons: ['out_of_scope', 'share_grant'], examples: ['before'] }],
        2,
      ])
    } finally {
      tiny.remove()
    }
  })

  it('sums the weights of a sampled log', async () => {
    const log = await logged('sampled.jsonl', [named('owner'), named('owner'), named('bill')], noMasks, 10)
    const { replayed: counts } = await replayed(log, project, tenantFile)
    expect(counts).toEqual({ events: 3, weight: 21 })
  })

  it('says what an allow that becomes an error loses', async () => {
    const log = await logged('error.jsonl', [named('owner')])
    const text = readFileSync(log, 'utf8')
    writeFileSync(log, text.replaceAll('"type":"member"', '"type":"door"'))
    const { flips } = await replayed(log, project, tenantFile)
    expect(flips.map(({ kind, reasons, rule }) => ({ kind, reasons, rule }))).toEqual([
      { kind: 'loses', reasons: ['role_grant', 'resource_type_mismatch'], rule: '' },
    ])
  })
})

describe('the tally', () => {
  const before = {
    decisionId: 'd',
    input: {},
    tenant: undefined,
    revision: '0',
    at: new Date(0),
    decision: true,
    reason: 'role_grant',
    obligations: [{ type: 'ring_bell', to: 'ann' }],
    weight: 10,
  }
  const { obligations, reason } = before
  const same = { decision: true, stage: 'grant', reason, message: 'm', rule: 'r:1', obligations, policy: 'p' }

  it.each([
    ['nothing, where message and rule differ', { ...same, message: 'other', rule: 'r:2' }, []],
    ['another reason', { ...same, reason: 'share_grant' }, ['reason']],
    ['other obligations', { ...same, obligations: [{ type: 'ring_bell', to: 'bob' }] }, ['obligations']],
    ['a lost right', { ...same, decision: false, reason: 'no_permission' }, ['loses']],
  ])('finds %s', (_, outcome, kinds) => {
    const tally = tallyReplay()
    tally.replayed(before, 's', 'a:b', outcome)
    tally.replayed({ ...before, weight: 3 }, 's', 'a:b', outcome)
    const { flips } = tally.report('p')
    expect(flips.map(({ kind, decisions, weight }) => ({ kind, decisions, weight }))).toEqual(
      kinds.map((kind) => ({ kind, decisions: 2, weight: 13 })),
    )
  })

  it('puts what somebody gains first, then what concerns most decisions, and keeps three ids of each', () => {
    const tally = tallyReplay()
    const denied = { ...before, decision: false, reason: 'no_permission' }
    tally.replayed(before, 's', 'few', { error: 'undecidable' })
    for (const decisionId of ['1', '2', '3', '4'])
      tally.replayed({ ...before, decisionId }, 's', 'many', { error: 'undecidable' })
    tally.replayed(denied, 's', 'gained', same)
    expect(tally.report('p').flips.map(({ action, examples }) => [action, examples])).toEqual([
      ['gained', ['d']],
      ['many', ['1', '2', '3']],
      ['few', ['d']],
    ])
  })
})

describe('what cannot be decided again', () => {
  const missedBy = async (log: string, tenants?: string) => {
    const { not_replayable, replayed: counts, flips } = await replayed(log, edited, tenants)
    return { ...not_replayable, replayed: counts.events, flips: flips.length }
  }
  const one = { events: 1, weight: 1 }
  const missed = (obstacle: keyof typeof none) => ({ ...none, [obstacle]: one, replayed: 0, flips: 0 })

  it.each<[string, { erase: string[]; mask: string[] }]>([
    ['a masked subject', { erase: [], mask: ['/input/subject/id'] }],
    ['an erased reason', { erase: ['/result/reason'], mask: [] }],
    ['a mask that failed', { erase: ['/input/subject/id/x'], mask: [] }],
  ])('%s', async (what, masks) => {
    expect(await missedBy(await logged(`${what}.jsonl`, [named('bill')], masks), tenantFile)).toEqual(missed('masked'))
  })

  it('a masked message is not in the way', async () => {
    const log = await logged('message.jsonl', [named('bill')], { erase: ['/result/message'], mask: [] })
    expect(await missedBy(log, tenantFile)).toEqual({ ...none, replayed: 1, flips: 1 })
  })

  it('a request that was too large for the log', async () => {
    const members = [{ user: 'bill', role: 'billing', status: 'active', attributes: { x: 'x'.repeat(70_000) } }]
    const request = { ...lister('bill'), tenant: { tenant: 't', system: 'filestack', plan: 'free', members } }
    expect(await missedBy(await logged('large.jsonl', [request]))).toEqual(missed('oversized'))
  })

  it('a stored tenant whose facts were not given', async () => {
    expect(await missedBy(await logged('unknown.jsonl', [named('bill')]))).toEqual(missed('tenant'))
  })

  it('a stored tenant whose facts have another revision', async () => {
    const log = await logged('revision.jsonl', [named('bill')])
    const path = join(folder, 'later.yaml')
    writeFileSync(path, `${readFileSync(tenantFile, 'utf8')}revision: 7\n`)
    expect(await missedBy(log, path)).toEqual(missed('revision'))
  })

  it('a request that got no decision', async () => {
    const request = { ...lister('bill'), action: { name: 'key:list' } }
    expect(await missedBy(await logged('failed.jsonl', [request]))).toEqual(missed('failed'))
  })
})

describe('postern replay', () => {
  const run = (...argv: string[]) => commandRun('replay', '--project', project.root, ...argv)

  it('shows in lines what turns and what was not decided again, as the README has it', async () => {
    const log = await logged('shown.jsonl', [named('bill'), named('owner'), lister('bill')])
    const [id = ''] = idsOf(log)
    const argv = ['--log', log, '--policy', edited.root, '--tenants', tenantFile]
    const { code, stdout } = await run(...argv, '--fail-on', 'widen')
    const readme = readFileSync(join(project.root, 'README.md'), 'utf8')
    const shown = /<!-- replay -->\n```\n([\s\S]*?)```/.exec(readme)?.[1]
    expect({ code, stdout: stdout.replace(id, '5f0c…') }).toEqual({ code: 1, stdout: shown })
  })

  it('exits with 0 unless asked to fail, and where nothing turns', async () => {
    const log = await logged('codes.jsonl', [named('bill')])
    const argv = ['--log', log, '--tenants', tenantFile]
    const code = async (...more: string[]) => (await run(...argv, ...more)).code
    expect([
      await code('--policy', edited.root),
      await code('--policy', edited.root, '--fail-on', 'any'),
      await code('--policy', edited.bundle, '--fail-on', 'widen'),
      await code('--fail-on', 'any'),
    ]).toEqual([0, 1, 1, 0])
  })

  it('reads several logs, gzipped or not, and names lines that are no events without quoting them', async () => {
    const log = await logged('plain.jsonl', [named('owner')])
    const text = readFileSync(log, 'utf8')
    const packed = join(folder, 'packed.jsonl.gz')
    writeFileSync(packed, gzipSync(`${text}{"secret":\n\n${text.replace('"effect":"allow",', '')}[]`))
    const { stdout } = await run('--log', log, '--log', packed, '--tenants', tenantFile, '--format', 'json')
    const { replayed: counts, malformed } = JSON.parse(stdout) as ReplayReport
    expect({ counts, malformed }).toEqual({
      counts: { events: 2, weight: 2 },
      malformed: {
        count: 3,
        lines: [
          `${packed}:2: this is no JSON`,
          `${packed}:4: this is no event of a decision log: \`effect\` is missing or wrong`,
          `${packed}:5: this is no event of a decision log: expected a JSON object`,
        ],
      },
    })
  })

  it.each([
    [[], 'option `--log` is missing'],
    [['--log', join(folder, 'none.jsonl')], `cannot read \`${join(folder, 'none.jsonl')}\`: ENOENT`],
    [['--log', tenantFile, '--tenants', '/none'], 'there is no file or folder `/none`'],
    [['--log', tenantFile, '--format', 'html'], 'unknown format `html`'],
    [['--log', tenantFile, '--fail-on', 'wide'], 'unknown word of --fail-on `wide`; did you mean `widen`'],
  ])('refuses %j', async (argv, message) => {
    const { code, stdout, stderr } = await run(...argv)
    expect([code, stdout, stderr.split('\n')[0]]).toEqual([2, '', expect.stringContaining(message)])
  })

  it('says that a gzipped log is broken', async () => {
    const path = join(folder, 'broken.jsonl.gz')
    writeFileSync(path, 'no gzip')
    const { code, stderr } = await run('--log', path)
    expect([code, stderr.split('\n')[0]]).toEqual([2, expect.stringContaining(`cannot read \`${path}\`: Z_DATA_ERROR`)])
  })

  it('as markdown is a list for a comment, with what sampling stands for', () => {
    const report: ReplayReport = {
      policy: 'p',
      replayed: { events: 2, weight: 11 },
      flips: [
        {
          kind: 'loses',
          system: 's',
          action: 'a:b',
          reasons: ['role_grant', 'undecidable'],
          rule: '',
          decisions: 1,
          weight: 10,
          examples: ['d-1'],
        },
      ],
      not_replayable: { ...none, masked: { events: 1, weight: 10 } },
      malformed: { count: 12, lines: ['x.jsonl:3: this is no JSON'] },
    }
    expect(replayText(report, 'markdown')).toBe(`### Replay

2 decisions (standing for 11) replayed, 1 turn

- 1 decision (standing for 10) loses \`a:b\`, role_grant → undecidable (s); d-1
- not replayable: 1 event (standing for 10): something that decides was masked or erased
- malformed: x.jsonl:3: this is no JSON
- malformed: 11 more lines
`)
  })
})
