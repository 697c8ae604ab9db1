import type { Answer } from '../pdp/decision.ts'
import { errorTable } from '../pdp/errors.ts'
import { refusingStages } from '../pdp/stages.ts'
import type { DecisionLogCounts } from './decision-log.ts'
import { addProcessMetrics } from './process-metrics.ts'
import { type Labels, Registry } from './registry.ts'

const evalErrorKinds = ['trap', 'undefined', 'bad_result', 'memory'] as const
export type EvalErrorKind = (typeof evalErrorKinds)[number]

const decisionLogCounters: readonly (readonly [string, string, (counts: DecisionLogCounts) => number])[] = [
  ['written', 'Events of the decision log that its sink took.', (counts) => counts.written],
  ['dropped', 'Events that were lost: the queue was full, or the sink failed.', (counts) => counts.dropped],
  ['masked', 'Events in which something was hidden.', (counts) => counts.masked],
  ['mask_failures', 'Events without input and result, because a mask failed.', (counts) => counts.maskFailures],
  ['oversized', 'Events whose input was too large to be logged whole.', (counts) => counts.oversized],
]

const caches = ['hit', 'miss', 'bypass'] as const
const loadResults = ['ok', 'failed'] as const
const credentialResults = ['refused', 'throttled'] as const
const decisionSeconds = [25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 0.1, 1]

/** One path of an API with everything that can be counted about it. */
export interface CountedRoute {
  readonly path: string
  readonly methods: readonly string[]
  readonly statuses: readonly number[]
}

export interface MetricsOptions {
  readonly version: string
  /** Paths whose answers are counted one by one; all others are `other`. */
  readonly routes: readonly CountedRoute[]
  /** Default `['authorize']`. Each costs 56 series. */
  readonly dialects?: readonly string[]
}

/** What is read on a scrape. Each may come later than the metrics themselves. */
export interface MetricSources {
  readonly cacheEntries?: () => number
  readonly cacheEvictions?: () => number
  readonly wasmMemoryBytes?: () => number
  /** Undefined while nobody knows. */
  readonly outbox?: () => { readonly pending: number; readonly dead: number } | undefined
  readonly decisionLog?: () => DecisionLogCounts
  readonly bundle?: () => { readonly revision: string; readonly digest: string } | undefined
}

export interface Metrics {
  /** A decision that was given: its effect, its cache result and the time it took. */
  decided(dialect: string, answer: Answer, seconds: number): void
  /** An answer that left, whatever it was. */
  responded(path: string, method: string, status: number): void
  /** A request that got no decision: a code of the error table with status 503, or `unexpected`. */
  failedClosed(cause: string): void
  evalFailed(kind: EvalErrorKind): void
  bundleLoaded(result: (typeof loadResults)[number]): void
  /** A credential that is not good; `throttled` where its address had sent too many of them. */
  credentialRefused(result: (typeof credentialResults)[number]): void
  /** Certificates that changed while they were in use. */
  certificatesLoaded(result: (typeof loadResults)[number]): void
  watch(sources: MetricSources): void
  render(): string
}

/**
 * Every metric of the process, at most 400 series. What is not in a declared set is folded into one that is.
 *
 * @throws Error when routes and dialects together need more series than that
 */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry()
  const dialects = options.dialects ?? ['authorize']
  let sources: MetricSources = {}

  // Classes are a closed set: reasons, which systems may add, never become label values. Denials by class, then by none
  // of them, then the one kind of grant: an allow has passed every stage.
  const otherDenial = refusingStages.length
  const grant = otherDenial + 1
  const perDialect = grant + 1
  const decisions = registry.counter(
    'authz_decisions_total',
    'Decisions given, by the stage that decided.',
    dialects.flatMap((dialect) => [
      ...[...refusingStages, 'other'].map((reason_class) => ({ effect: 'deny', dialect, reason_class })),
      { effect: 'allow', dialect, reason_class: 'grant' },
    ]),
  )
  const durations = registry.histogram(
    'authz_decision_duration_seconds',
    'Time from a checked request to its decision.',
    decisionSeconds,
    dialects.flatMap((dialect) => caches.map((cache) => ({ dialect, cache }))),
  )
  const cacheRequests = registry.counter(
    'authz_cache_requests_total',
    'Decision cache look-ups.',
    column('result', caches),
  )
  registry.sample('authz_cache_entries', 'Decisions in the cache.', 'gauge', () => sources.cacheEntries?.())
  registry.sample('authz_cache_evictions_total', 'Decisions that made room.', 'counter', () =>
    sources.cacheEvictions?.(),
  )

  const evalErrors = registry.counter('authz_eval_errors_total', 'Failed evaluations.', column('kind', evalErrorKinds))
  registry.sample('authz_wasm_memory_bytes', 'Memory of the policy instances.', 'gauge', () =>
    sources.wasmMemoryBytes?.(),
  )

  registry.info('authz_bundle_info', 'The active policy.', () => {
    const bundle = sources.bundle?.()
    return bundle && { revision: bundle.revision, digest: bundle.digest }
  })
  const loads = registry.counter(
    'authz_bundle_load_total',
    'Attempts to activate a policy.',
    column('result', loadResults),
  )
  const certificates = registry.counter(
    'http_certificate_load_total',
    'Attempts to take certificates that changed.',
    column('result', loadResults),
  )
  const credentials = registry.counter(
    'authz_credentials_refused_total',
    'Credentials that were not good, by what their sender was told.',
    column('result', credentialResults),
  )
  let lastLoad: number | undefined
  registry.sample(
    'authz_bundle_last_success_timestamp_seconds',
    'When the active policy was activated.',
    'gauge',
    () => lastLoad,
  )

  const causes = [
    ...Object.entries(errorTable).flatMap(([code, row]) => (row.status === 503 ? [code] : [])),
    'unexpected',
  ]
  const failures = registry.counter(
    'authz_fail_closed_total',
    'Requests that got no decision.',
    column('cause', causes),
  )
  registry.info('authz_build_info', 'This build.', () => ({ version: options.version, node: process.version }))

  for (const [name, help, of] of decisionLogCounters)
    registry.sample(`authz_decision_log_${name}_total`, help, 'counter', () => {
      const counts = sources.decisionLog?.()
      return counts && of(counts)
    })

  registry.sample(
    'authz_outbox_pending',
    'Messages that wait to leave the process.',
    'gauge',
    () => sources.outbox?.()?.pending,
  )
  registry.sample('authz_outbox_dead', 'Messages that were given up.', 'gauge', () => sources.outbox?.()?.dead)

  const { rows, rowOf } = answerRows(options.routes)
  const responses = registry.counter('http_requests_total', 'Answers, by declared path.', rows)
  addProcessMetrics(registry)

  return {
    decided(dialect, { decision, cache }, seconds) {
      const at = dialects.indexOf(dialect)
      const denial = (refusingStages as readonly string[]).indexOf(decision.stage)
      const row = decision.decision ? grant : denial === -1 ? otherDenial : denial
      const result = caches.indexOf(cache)
      decisions.add(at * perDialect + row)
      durations.observe(at * caches.length + result, seconds)
      cacheRequests.add(result)
    },
    responded(path, method, status) {
      responses.add(rowOf(path, method, status))
    },
    failedClosed(cause) {
      const at = causes.indexOf(cause)
      failures.add(at === -1 ? causes.length - 1 : at)
    },
    evalFailed(kind) {
      evalErrors.add(evalErrorKinds.indexOf(kind))
    },
    bundleLoaded(result) {
      loads.add(loadResults.indexOf(result))
      if (result === 'ok') lastLoad = Date.now() / 1000
    },
    credentialRefused(result) {
      credentials.add(credentialResults.indexOf(result))
    },
    certificatesLoaded(result) {
      certificates.add(loadResults.indexOf(result))
    },
    watch(added) {
      sources = { ...sources, ...added }
    },
    render: () => registry.render(),
  }
}

/** What a caller is answered who is not known, may not ask, or failed too often. */
const turnedAway: readonly number[] = [401, 403, 429]

function column(label: string, values: readonly string[]): Labels[] {
  return values.map((value) => ({ [label]: value }))
}

/** A method or a path outside the table is `_OTHER` (OpenTelemetry's word) or `other`; so is what nobody foresaw. */
function answerRows(routes: readonly CountedRoute[]) {
  const rows: Labels[] = []
  const index = new Map<string, Map<string, Map<number, number>>>()
  const declare = (path: string, method: string, statuses: readonly number[]) => {
    const byMethod = index.get(path) ?? new Map<string, Map<number, number>>()
    index.set(path, byMethod)
    byMethod.set(
      method,
      new Map(statuses.map((status) => [status, rows.push({ path, method, code: String(status) }) - 1] as const)),
    )
  }
  for (const { path, methods, statuses } of routes) {
    for (const method of methods) declare(path, method, statuses)
    declare(path, '_OTHER', [405])
  }
  // Callers who are turned away are counted together, whichever path they called: a row each would be dozens.
  declare('other', '_OTHER', [400, ...turnedAway, 404, 408, 431])
  const unforeseen = rows.push({ path: 'other', method: '_OTHER', code: 'other' }) - 1

  const rowOf = (path: string, method: string, status: number): number => {
    const byMethod = index.get(path) ?? index.get('other')
    const byStatus = byMethod?.get(method) ?? byMethod?.get('_OTHER')
    const known = byStatus?.get(status)
    if (known !== undefined) return known
    return (turnedAway.includes(status) ? index.get('other')?.get('_OTHER')?.get(status) : undefined) ?? unforeseen
  }
  return { rows, rowOf }
}
