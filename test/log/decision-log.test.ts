import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventWriter } from '../../src/log/decision-event.ts'
import { PosternError } from '../../src/pdp/errors.ts'
import { allow, answerOf, apiOver, bodyOf, deny, json, question, series, until } from '../http/fixture.ts'
import { project } from '../support/policy.ts'
import { type Event, linesIn, logTo, memorySink, noMasks, recorded } from './decision-log-fixture.ts'

const numbered = (index: number) => recorded({ requestId: `r-${index}` })
const idsOf = (events: readonly Event[]) => events.map(({ req_id }) => req_id)
const range = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('an event', () => {
  it('of a decision has the names of OPA and ours', async () => {
    const sink = memorySink()
    const { log } = logTo(sink)
    const request = { ...question, context: { tenant: 'acme' } }
    log.decided(recorded({ request, answer: answerOf(deny, 'hit') }))
    await log.close(1_000)
    const { stage: _, policy, ...result } = deny
    expect(sink.events).toEqual([
      {
        labels: { app: 'postern' },
        decision_id: 'd-1',
        bundles: { postern: { revision: policy } },
        metrics: { timer_server_handler_ns: 250_000 },
        effect: 'deny',
        directory_revision: 'v1.7',
        cache: 'hit',
        latency_us: 250,
        path: 'authz/decision',
        input: request,
        result,
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        req_id: 'r-1',
        dialect: 'authorize',
        tenant: 'acme',
        subject: question.subject,
        action: 'member:invite',
        resource: question.resource,
        reason: 'full',
        weight: 1,
      },
    ])
  })

  it('looks as the README shows it', async () => {
    const lines: string[] = []
    const sink = { write: async (bytes: Buffer) => void lines.push(...linesIn(bytes)), close() {} }
    const masks = { erase: [], mask: ['/input/subject/id'] }
    const { log } = logTo(sink, { event: { labels: { app: 'postern' }, masks, defaultTenant: undefined } })
    log.decided(recorded({ answer: answerOf(deny, 'hit') }))
    await log.close(1_000)
    const readme = readFileSync(join(project.root, 'README.md'), 'utf8')
    const shown = /<!-- decision log -->\n```json\n(.*)\n```/.exec(readme)?.[1]
    expect(lines.map((line) => line.replace(/(?<="timestamp":")[^"]*/, '2026-01-01T00:00:00.000Z'))).toEqual([shown])
  })

  it('is one line that says what was asked, whatever signs that is in', { timeout: 30_000 }, () => {
    const write = eventWriter({ labels: {}, masks: noMasks, defaultTenant: undefined })
    const text = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 12 }))
    const asked = fc.record({
      subject: fc.record(
        { type: text, id: text, properties: fc.dictionary(text, text) },
        { requiredKeys: ['type', 'id'] },
      ),
      action: fc.record({ name: text }),
      resource: fc.record({ type: text, id: text }),
      context: fc.record({ tenant: text }),
    })
    fc.assert(
      fc.property(asked, text, fc.constantFrom(undefined, '', ' ', '\n', '\r'), (request, requestId, indent) => {
        const sent = indent === undefined ? {} : { sent: JSON.stringify(request, null, indent) }
        const line = write(recorded({ request, requestId, ...sent }), 0, 1).text
        expect(line).not.toMatch(/[\n\r]/)
        const { type, id } = request.subject
        expect(JSON.parse(line)).toMatchObject({
          input: JSON.parse(JSON.stringify(request)),
          req_id: requestId,
          tenant: request.context.tenant,
          subject: { type, id },
          action: request.action.name,
          resource: request.resource,
        })
      }),
    )
  })

  it('has the request as it was sent, where that is one small line and has no tenant to leave out', async () => {
    const sink = memorySink()
    const lines: string[] = []
    const write = async (bytes: Buffer) => {
      lines.push(...linesIn(bytes))
      await sink.write(bytes)
    }
    const { log } = logTo({ write, close() {} })
    const { app } = apiOver(() => answerOf(allow), { body_bytes: 100_000, depth: 32 }, undefined, { recorder: log })
    const large = { ...question, resource: { ...question.resource, properties: { text: 'x'.repeat(65_000) } } }
    const bringing = { ...question, tenant: { tenant: 'acme', members: ['x'.repeat(65_530)] } }
    const odd = `{"extra" : 1.50, ${JSON.stringify(question).slice(1)}`
    for (const body of [odd, JSON.stringify(question, null, 1), JSON.stringify(large), JSON.stringify(bringing)])
      expect((await app.request('/authorize', { method: 'POST', headers: json, body })).status).toBe(200)
    await log.close(1_000)
    expect(lines[0]).toContain(`,"input":${odd},`)
    expect(sink.events.map(({ input, tenant }) => ({ input, tenant }))).toEqual([
      { input: { extra: 1.5, ...question }, tenant: undefined },
      { input: question, tenant: undefined },
      { input: large, tenant: undefined },
      { input: question, tenant: undefined },
    ])
  })

  it('has the moment of its decision', () => {
    const write = eventWriter({ labels: {}, masks: noMasks, defaultTenant: undefined })
    const timestamps = [1, 1, 2].map((at) => JSON.parse(write(recorded(), at, 1).text).timestamp)
    expect(timestamps).toEqual(['1970-01-01T00:00:00.001Z', '1970-01-01T00:00:00.001Z', '1970-01-01T00:00:00.002Z'])
  })

  it('of a request that names no tenant has the default one, of one whose tenant is hidden has none', () => {
    const masks = { erase: ['/input/context/tenant', '/input/tenant/tenant'], mask: [] }
    const write = eventWriter({ labels: {}, masks, defaultTenant: 'main' })
    const tenantOf = (request: object) =>
      JSON.parse(write(recorded({ request: { ...question, ...request } }), 0, 1).text).tenant
    expect([{}, { context: { tenant: 'acme' } }, { tenant: { tenant: 'acme' } }].map(tenantOf)).toEqual([
      'main',
      undefined,
      undefined,
    ])
  })

  it('of a decision among several has the id of their request', async () => {
    const sink = memorySink()
    const { log } = logTo(sink)
    for (const batchId of ['b-1', undefined]) log.decided(recorded(batchId === undefined ? {} : { batchId }))
    await log.close(1_000)
    expect(sink.events.map(({ batch_id }) => batch_id)).toEqual(['b-1', undefined])
  })

  it('of a failure has its code, and neither result nor effect', async () => {
    const sink = memorySink()
    const { log } = logTo(sink)
    log.failed({ dialect: 'authorize', requestId: 'r-9', request: undefined, code: 'undecidable' })
    await log.close(1_000)
    expect(sink.events).toEqual([
      {
        labels: { app: 'postern' },
        error: { code: 'undecidable' },
        path: 'authz/decision',
        timestamp: expect.any(String),
        req_id: 'r-9',
        dialect: 'authorize',
        weight: 1,
      },
    ])
  })

  it('leaves out the tenant of a large request, and says so', async () => {
    const sink = memorySink()
    const { log } = logTo(sink)
    const tenant = { tenant: 'acme', system: 'any', members: [{ user: 'x'.repeat(70_000) }] }
    log.decided(recorded({ request: { ...question, tenant } }))
    log.decided(recorded({ request: { ...question, tenant: { tenant: 'small' } } }))
    const properties = { text: 'x'.repeat(70_000) }
    log.decided(recorded({ request: { ...question, resource: { ...question.resource, properties } } }))
    await log.close(1_000)
    expect(sink.events.map(({ input, oversized }) => ({ input, oversized }))).toEqual([
      { input: question, oversized: true },
      { input: { ...question, tenant: { tenant: 'small' } }, oversized: undefined },
      { input: undefined, oversized: true },
    ])
    expect(log.counts.oversized).toBe(2)
  })

  it('leaves out the large tenant that the items of a batch share', async () => {
    const sink = memorySink()
    const { log } = logTo(sink)
    const tenant = { tenant: 'acme', system: 'any', members: [{ user: 'x'.repeat(70_000) }] }
    for (const requestId of ['r-1', 'r-2']) log.decided(recorded({ requestId, request: { ...question, tenant } }))
    await log.close(1_000)
    expect(sink.events.map(({ input, oversized }) => ({ input, oversized }))).toEqual([
      { input: question, oversized: true },
      { input: question, oversized: true },
    ])
  })
})

describe('the queue', () => {
  it('keeps the order over batches and failures of the sink', async () => {
    const sink = memorySink(2)
    const { log, failures } = logTo(sink, { limits: { events: 10_000, bytes: 64 * 1024 * 1024, batchBytes: 2_000 } })
    for (const index of range(500)) log.decided(numbered(index))
    await until(() => log.counts.written === 500, 5_000)
    expect(idsOf(sink.events)).toEqual(range(500).map((index) => `r-${index}`))
    expect(log.counts).toEqual({ written: 500, dropped: 0, masked: 0, maskFailures: 0, oversized: 0 })
    expect(failures).toHaveLength(1)
  })

  it.each([
    ['events', (_: number) => ({ events: 10, bytes: 1_000_000, batchBytes: 65_536 })],
    ['bytes', (event: number) => ({ events: 1_000, bytes: 11 * event - 1, batchBytes: 65_536 })],
  ])('drops the newest beyond its bound of %s, and counts them', async (_, limitsFor) => {
    let bytes = 0
    const write = async (lines: Buffer) => {
      bytes += lines.length
    }
    const { log: once } = logTo({ write, close() {} })
    once.decided(numbered(10))
    await once.close(1_000)
    const sink = memorySink()
    const { log } = logTo(sink, { limits: limitsFor(bytes) })
    for (const index of range(25)) log.decided(numbered(index + 10))
    await log.close(1_000)
    expect(idsOf(sink.events)).toEqual(range(10).map((index) => `r-${index + 10}`))
    expect(log.counts).toMatchObject({ written: 10, dropped: 15 })
  })

  it('has room again after it was written', async () => {
    const sink = memorySink()
    const { log } = logTo(sink, { limits: { events: 2, bytes: 1_000_000, batchBytes: 65_536 } })
    for (const round of [1, 2, 3]) {
      log.decided(numbered(round))
      log.decided(numbered(round))
      await until(() => log.counts.written === 2 * round)
    }
    expect(log.counts.dropped).toBe(0)
    await log.close(1_000)
  })

  it('gives up at the end of its time to close, and counts what is left', async () => {
    const { log } = logTo(memorySink(Number.POSITIVE_INFINITY))
    for (const index of range(5)) log.decided(numbered(index))
    await log.close(250)
    expect(log.counts).toMatchObject({ written: 0, dropped: 5 })
    log.decided(numbered(6))
    expect(log.counts.dropped).toBe(6)
  })
})

describe('sampling', () => {
  it('keeps one allow in four with its weight, and every denial', async () => {
    const sink = memorySink()
    let turn = 0
    const { log } = logTo(sink, { sampleAllows: 4, random: () => (turn++ % 4) / 4 })
    for (const _ of range(100)) log.decided(recorded({ answer: answerOf(allow) }))
    for (const _ of range(100)) log.decided(recorded({ answer: answerOf(deny) }))
    await log.close(1_000)
    const weights = (effect: string) => sink.events.filter((event) => event.effect === effect).map((e) => e.weight)
    expect(weights('allow')).toEqual(range(25).map(() => 4))
    expect(weights('deny')).toEqual(range(100).map(() => 1))
  })
})

describe('an answer', () => {
  const ask = (app: ReturnType<typeof apiOver>['app']) =>
    app.request('/authorize', { method: 'POST', headers: json, body: JSON.stringify(question) })
  const full = { events: 1, bytes: 1_000_000, batchBytes: 65_536 }

  it('is the same where the log is full or its sink fails, and the lost event is counted', async () => {
    const { log } = logTo(memorySink(Number.POSITIVE_INFINITY), { limits: full })
    const { app } = apiOver(() => answerOf(allow), undefined, undefined, { recorder: log })
    const without = await (await ask(apiOver(() => answerOf(allow)).app)).text()
    for (const lost of [0, 1, 2]) {
      const answer = await ask(app)
      expect([answer.status, await answer.text(), log.counts.dropped]).toEqual([200, without, lost])
    }
    await log.close(0)
  })

  it('is 503 where a record is required and the log is full: not an allow, not counted as one', async () => {
    const { log } = logTo(memorySink(Number.POSITIVE_INFINITY), { limits: full, required: true })
    const { app, metrics } = apiOver(() => answerOf(allow), undefined, undefined, { recorder: log })
    expect((await ask(app)).status).toBe(200)
    const refused = await ask(app)
    expect(refused.status).toBe(503)
    const body = await bodyOf(refused)
    expect([body.error.code, body.decision]).toEqual(['audit_unavailable', undefined])
    const text = metrics.render()
    expect(series(text, 'authz_fail_closed_total{cause="audit_unavailable"}')).toBe(1)
    expect(series(text, 'authz_decisions_total{effect="allow",dialect="authorize",reason_class="grant"}')).toBe(1)
    await log.close(0)
  })

  it('is 503 where a record is required and the last write failed, until one succeeds', async () => {
    const sink = memorySink(1)
    const { log, failures } = logTo(sink, { required: true })
    const { app } = apiOver(() => answerOf(allow), undefined, undefined, { recorder: log })
    expect((await ask(app)).status).toBe(200)
    await until(() => failures.length === 1)
    expect((await ask(app)).status).toBe(503)
    await until(() => log.counts.written === 1)
    expect((await ask(app)).status).toBe(200)
    await log.close(1_000)
    expect(log.counts).toMatchObject({ written: 2, dropped: 1 })
  })

  it('of a later decision is 503 just the same', async () => {
    const { log } = logTo(memorySink(Number.POSITIVE_INFINITY), { limits: { ...full, events: 1 }, required: true })
    const { app } = apiOver(async () => answerOf(allow), undefined, undefined, { recorder: log })
    expect([(await ask(app)).status, (await ask(app)).status]).toEqual([200, 503])
    await log.close(0)
  })

  it('that is none for want of a policy is logged with its code, and with what was asked', async () => {
    const sink = memorySink()
    const { log } = logTo(sink)
    const { app } = apiOver(
      () => {
        throw new PosternError('undecidable')
      },
      undefined,
      undefined,
      { recorder: log },
    )
    expect((await ask(app)).status).toBe(503)
    const bad = await app.request('/authorize', { method: 'POST', headers: json, body: '{' })
    expect(bad.status).toBe(400)
    await log.close(1_000)
    expect(sink.events.map(({ error, input }) => ({ error, input }))).toEqual([
      { error: { code: 'undecidable' }, input: question },
    ])
  })
})
