import { describe, expect, it } from 'vitest'
import { createReadiness } from '../../src/app/readiness.ts'
import { addAuthzenApi } from '../../src/http/authzen-api.ts'
import { createDecisionApi } from '../../src/http/decision-api.ts'
import { addExplainApi } from '../../src/http/explain-api.ts'
import { addOpaApi } from '../../src/http/opa-api.ts'
import { addOpenapiApi } from '../../src/http/openapi-api.ts'
import { decisionRoutes } from '../../src/http/routes.ts'
import { addStatusApi } from '../../src/http/status-api.ts'
import { createMetrics } from '../../src/log/metrics.ts'
import { Registry } from '../../src/log/registry.ts'
import type { Answer } from '../../src/pdp/decision.ts'
import { errorTable, PosternError } from '../../src/pdp/errors.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { refusingStages } from '../../src/pdp/stages.ts'
import { everybody } from '../http/fixture.ts'

const answer = (decision: boolean, stage: string, cache: Answer['cache'] = 'hit'): Answer => ({
  decision: { decision, stage, reason: 'any', message: '', rule: '', obligations: [], policy: 'p' },
  decisionId: 'd',
  revision: 'r',
  cache,
})
const metricsOf = () => createMetrics({ version: '1.2.3', routes: decisionRoutes })
const seriesIn = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
const linesOf = (text: string, name: string) => seriesIn(text).filter((line) => line.startsWith(name))

describe('the registry', () => {
  it('prints counters, samples and infos as Prometheus reads them', () => {
    const registry = new Registry()
    const counter = registry.counter('hits_total', 'Hits.', [{ side: 'left' }, { side: 'right' }])
    registry.sample('level', 'Level.', 'gauge', () => 1.5)
    registry.sample('missing', 'Not there.', 'gauge', () => undefined)
    registry.info('build_info', 'Build.', () => ({ text: 'a"b\\c\nd' }))
    registry.info('none_info', 'None.', () => undefined)
    counter.add(1)
    counter.add(1)
    expect(registry.render()).toBe(
      '# HELP hits_total Hits.\n# TYPE hits_total counter\nhits_total{side="left"} 0\nhits_total{side="right"} 2\n' +
        '# HELP level Level.\n# TYPE level gauge\nlevel 1.5\n' +
        '# HELP build_info Build.\n# TYPE build_info gauge\nbuild_info{text="a\\"b\\\\c\\nd"} 1\n',
    )
  })

  it('prints cumulative buckets; a value on a bound belongs to that bucket', () => {
    const registry = new Registry()
    const histogram = registry.histogram('t_seconds', 'T.', [0.000025, 0.5, 1], [{ a: 'x' }, { a: 'y' }])
    for (const value of [0.00001, 0.5, 0.6, 7]) histogram.observe(1, value)
    expect(linesOf(registry.render(), 't_seconds').slice(6)).toEqual([
      't_seconds_bucket{a="y",le="0.000025"} 1',
      't_seconds_bucket{a="y",le="0.5"} 2',
      't_seconds_bucket{a="y",le="1"} 3',
      't_seconds_bucket{a="y",le="+Inf"} 4',
      't_seconds_sum{a="y"} 8.10001',
      't_seconds_count{a="y"} 4',
    ])
    expect(linesOf(registry.render(), 't_seconds_count{a="x"}')).toEqual(['t_seconds_count{a="x"} 0'])
    expect(registry.render()).toBe(registry.render())
  })

  it('refuses to declare more series than its limit, buckets included', () => {
    const registry = new Registry(10)
    registry.histogram('a', 'A.', [1, 2], [{}])
    expect(() => registry.counter('b', 'B.', [{}, {}, {}, {}, {}, {}])).toThrow(
      'metric `b` brings the number of series to 11; the limit is 10',
    )
  })
})

describe('the metrics', () => {
  it('have the documented names and buckets', () => {
    const metrics = metricsOf()
    metrics.watch({
      cacheEntries: () => 7,
      cacheEvictions: () => 8,
      wasmMemoryBytes: () => 9,
      outbox: () => ({ pending: 15, dead: 16 }),
      decisionLog: () => ({ written: 10, dropped: 11, masked: 12, maskFailures: 13, oversized: 14 }),
      bundle: () => ({ revision: 'abc', digest: 'sha256:1' }),
    })
    metrics.bundleLoaded('failed')
    metrics.bundleLoaded('ok')
    const text = metrics.render()
    expect([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`)).toEqual([
      'authz_decisions_total counter',
      'authz_decision_duration_seconds histogram',
      'authz_cache_requests_total counter',
      'authz_cache_entries gauge',
      'authz_cache_evictions_total counter',
      'authz_eval_errors_total counter',
      'authz_wasm_memory_bytes gauge',
      'authz_bundle_info gauge',
      'authz_bundle_load_total counter',
      'http_certificate_load_total counter',
      'authz_credentials_refused_total counter',
      'authz_bundle_last_success_timestamp_seconds gauge',
      'authz_fail_closed_total counter',
      'authz_build_info gauge',
      'authz_decision_log_written_total counter',
      'authz_decision_log_dropped_total counter',
      'authz_decision_log_masked_total counter',
      'authz_decision_log_mask_failures_total counter',
      'authz_decision_log_oversized_total counter',
      'authz_outbox_pending gauge',
      'authz_outbox_dead gauge',
      'http_requests_total counter',
      'process_cpu_user_seconds_total counter',
      'process_cpu_system_seconds_total counter',
      'process_resident_memory_bytes gauge',
      'process_start_time_seconds gauge',
      'nodejs_heap_size_used_bytes gauge',
      'nodejs_eventloop_lag_seconds gauge',
      'nodejs_eventloop_lag_p99_seconds gauge',
    ])
    expect(
      linesOf(text, 'authz_decision_duration_seconds_bucket{dialect="authorize",cache="hit"').map(
        (line) => /le="([^"]+)"/.exec(line)?.[1],
      ),
    ).toEqual([
      '0.000025',
      '0.00005',
      '0.0001',
      '0.00025',
      '0.0005',
      '0.001',
      '0.0025',
      '0.005',
      '0.01',
      '0.025',
      '0.1',
      '1',
      '+Inf',
    ])
    expect(text).toContain('authz_cache_entries 7\n')
    expect(text).toContain('authz_cache_evictions_total 8\n')
    for (const [name, count] of [
      ['written', 10],
      ['dropped', 11],
      ['masked', 12],
      ['mask_failures', 13],
      ['oversized', 14],
    ])
      expect(text).toContain(`authz_decision_log_${name}_total ${count}\n`)
    expect(text).toContain('authz_outbox_pending 15\n')
    expect(text).toContain('authz_outbox_dead 16\n')
    expect(text).toContain('authz_wasm_memory_bytes 9\n')
    expect(text).toContain('authz_bundle_info{revision="abc",digest="sha256:1"} 1\n')
    expect(text).toContain('authz_bundle_load_total{result="ok"} 1\n')
    expect(text).toContain('authz_bundle_load_total{result="failed"} 1\n')
    expect(text).toContain(`authz_build_info{version="1.2.3",node="${process.version}"} 1\n`)
    expect(Number(linesOf(text, 'authz_bundle_last_success_timestamp_seconds')[0]?.split(' ')[1])).toBeCloseTo(
      Date.now() / 1000,
      -1,
    )
    expect(Number(linesOf(text, 'process_resident_memory_bytes')[0]?.split(' ')[1])).toBeGreaterThan(1e7)
  })

  it('say nothing about what is not there yet', () => {
    expect(metricsOf().render()).not.toMatch(
      /^authz_(cache_entries|cache_evictions|wasm_memory|bundle_info|bundle_last)/m,
    )
  })

  it('file a denial under the class of its stage and an allow under grant', () => {
    const metrics = metricsOf()
    for (const stage of refusingStages) metrics.decided('authorize', answer(false, stage, 'miss'), 0.003)
    metrics.decided('authorize', answer(false, 'never heard of', 'hit'), 0.003)
    metrics.decided('authorize', answer(true, 'grant', 'bypass'), 2)
    const text = metrics.render()
    for (const reason of [...refusingStages, 'other']) {
      expect(text).toContain(`authz_decisions_total{effect="deny",dialect="authorize",reason_class="${reason}"} 1\n`)
    }
    expect(text).toContain('authz_decisions_total{effect="allow",dialect="authorize",reason_class="grant"} 1\n')
    expect(text).toContain('authz_cache_requests_total{result="hit"} 1\n')
    expect(text).toContain('authz_cache_requests_total{result="miss"} 9\n')
    expect(text).toContain('authz_cache_requests_total{result="bypass"} 1\n')
    expect(text).toContain('authz_decision_duration_seconds_bucket{dialect="authorize",cache="miss",le="0.0025"} 0\n')
    expect(text).toContain('authz_decision_duration_seconds_bucket{dialect="authorize",cache="miss",le="0.005"} 9\n')
    expect(text).toContain('authz_decision_duration_seconds_bucket{dialect="authorize",cache="bypass",le="1"} 0\n')
    expect(text).toContain('authz_decision_duration_seconds_bucket{dialect="authorize",cache="bypass",le="+Inf"} 1\n')
  })

  it('keep two dialects apart', () => {
    const routes = decisionRoutes.slice(0, 1)
    const metrics = createMetrics({ version: '', routes, dialects: ['authorize', 'authzen'] })
    metrics.decided('authzen', answer(false, 'right', 'miss'), 0.1)
    const text = metrics.render()
    expect(linesOf(text, 'authz_decisions_total').filter((line) => !line.endsWith(' 0'))).toEqual([
      'authz_decisions_total{effect="deny",dialect="authzen",reason_class="right"} 1',
    ])
    expect(text).toContain('authz_decision_duration_seconds_count{dialect="authzen",cache="miss"} 1\n')
  })

  it('refuse, at start, more dialects than 400 series allow', () => {
    const dialects = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    expect(() => createMetrics({ version: '', routes: decisionRoutes, dialects })).toThrow('the limit is 400')
  })

  it('count an answer that nobody foresaw as `other`', () => {
    const metrics = metricsOf()
    metrics.responded('/livez', 'GET', 599)
    metrics.responded('/nowhere', 'BREW', 418)
    metrics.responded('constructor', '__proto__', 404)
    expect(linesOf(metrics.render(), 'http_requests_total').filter((line) => !line.endsWith(' 0'))).toEqual([
      'http_requests_total{path="other",method="_OTHER",code="404"} 1',
      'http_requests_total{path="other",method="_OTHER",code="other"} 2',
    ])
  })

  it('count every failure of the table and the unforeseen', () => {
    const metrics = metricsOf()
    const codes = Object.entries(errorTable).flatMap(([code, row]) => (row.status === 503 ? [code] : []))
    for (const cause of [...codes, 'unexpected', 'never heard of']) metrics.failedClosed(cause)
    metrics.evalFailed('trap')
    const text = metrics.render()
    for (const code of codes) expect(text).toContain(`authz_fail_closed_total{cause="${code}"} 1\n`)
    expect(text).toContain('authz_fail_closed_total{cause="unexpected"} 2\n')
    expect(text).toContain('authz_eval_errors_total{kind="trap"} 1\n')
  })

  it('stay within 400 series under 10,000 random users, paths and methods, and count each of them once', async () => {
    const metrics = createMetrics({ version: '', routes: decisionRoutes, dialects: ['authorize', 'opa', 'authzen'] })
    metrics.watch({
      cacheEntries: () => 1,
      cacheEvictions: () => 1,
      wasmMemoryBytes: () => 1,
      bundle: () => ({ revision: 'r', digest: 'd' }),
    })
    metrics.bundleLoaded('ok')
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647
      return seed % below
    }
    const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T
    const word = () => Array.from({ length: 1 + random(12) }, () => pick([...'abcdefghij/%-_.'])).join('')
    // Methods and connections are not the decision point's business, and neither are conflicts of writes.
    const codes = (Object.keys(errorTable) as (keyof typeof errorTable)[]).filter(
      (code) => ![405, 408, 409, 431].includes(errorTable[code].status),
    )
    const pdp = {
      decide({ subject }: DecisionRequest) {
        if (random(5) === 0) throw new PosternError(pick(codes))
        if (random(20) === 0) throw new Error('unforeseen')
        return answer(random(2) === 0, subject.id, pick(['hit', 'miss', 'bypass'] as const))
      },
      async explain(request: DecisionRequest) {
        const { decision, revision } = pdp.decide(request)
        return { decision, revision, stages: [], facts: {}, nearest_grants: [] }
      },
      snapshot: () => ({ ...pdp, open: () => ({ id: 't', candidates: () => [], actions: () => [] }) }),
    }
    const limits = { body_bytes: 1000, depth: 8, batch_items: 3 }
    const settings = {
      limits,
      public_url: null,
      authzen: { person_types: [] },
      search: { candidates: 1, token_key: null },
    }
    const parts = { pdp, callers: everybody, settings, metrics, log: { error() {} } }
    const app = createDecisionApi({ ...parts, readiness: createReadiness({ policy: () => random(2) === 0 }) })
    addExplainApi(app, { ...parts, explainer: pdp })
    addOpaApi(app, { ...parts, version: '' })
    addStatusApi(app, { ...parts, status: () => ({}) })
    addAuthzenApi(app, parts)
    addOpenapiApi(app, { metrics, version: '' })
    const paths = decisionRoutes.map(({ path }) => path.replace('{api}', 'evaluations'))
    for (let sent = 0; sent < 10_000; sent++) {
      const path = random(2) === 0 ? pick(paths) : `/${encodeURIComponent(word())}`
      const method = random(3) === 0 ? `X${word().replace(/\W/g, '')}` : pick(['POST', 'GET', 'HEAD', 'PUT'])
      const body = JSON.stringify({
        subject: { type: 'user', id: word() },
        action: { name: word() },
        resource: { type: word(), id: word() },
      })
      const headers = { 'Content-Type': pick(['application/json', 'text/plain']) }
      await app.request(path, method === 'GET' || method === 'HEAD' ? { method } : { method, headers, body })
    }
    const text = metrics.render()
    expect(seriesIn(text).length).toBeLessThanOrEqual(400)
    expect(seriesIn(text).length).toBe(new Set(seriesIn(text).map((line) => line.slice(0, line.lastIndexOf(' ')))).size)
    const counted = linesOf(text, 'http_requests_total').reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    expect(counted).toBe(10_000)
    // Everything that the API answers is foreseen in its table.
    expect(text).toContain('http_requests_total{path="other",method="_OTHER",code="other"} 0\n')
  }, 60_000)
})
