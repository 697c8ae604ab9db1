import type { Metrics } from '../log/metrics.ts'
import type { ServerLog } from '../log/server-log.ts'
import type { Bundle } from '../opa/bundle.ts'
import type { WasmEvaluator } from '../opa/evaluator.ts'
import type { ActivePdp } from '../pdp/decide.ts'
import type { Policy } from '../pdp/policy.ts'
import { loadPolicy } from './activate.ts'
import type { BundleIndex } from './build.ts'
import { problemLines } from './policy-refused.ts'

/** What `GET /v1/status` tells of the policy. Times are RFC 3339 in UTC. */
export interface PolicyStatus {
  /** Digest of the active bundle; null while there is none. */
  readonly policy: string | null
  readonly commit: string | null
  /** The folder or URL that it came from. */
  readonly source: string | null
  readonly loaded_at: string | null
  /** When the source was last known to hold nothing newer. */
  readonly confirmed_at: string | null
  /** When an activation was last tried, whatever came of it. */
  readonly last_attempt: string | null
  /** The last attempt that failed; at most ten problems. It stays after a later one succeeded. */
  readonly last_error: { readonly at: string; readonly source: string; readonly problems: readonly string[] } | null
  readonly activations: number
  readonly failures: number
}

export interface Activation {
  /** Loads a bundle and lets it decide from the next request on. Throws an `Error` where it cannot be loaded. */
  activate(bundle: Bundle<BundleIndex>, source: string): void
  /** The source has nothing newer than what is active. */
  confirm(): void
  /** The source, or what it holds, is not to be had. */
  refuse(error: unknown, source: string): void
  /** Seconds since the last confirmation. */
  age(): number
  status(): PolicyStatus
  readonly policy: (Policy & { readonly evaluator: WasmEvaluator }) | undefined
}

export interface ActivationParts {
  readonly pdp: Pick<ActivePdp, 'activate'>
  readonly memoryMib: number
  readonly metrics: Pick<Metrics, 'bundleLoaded' | 'evalFailed'>
  readonly log: Pick<ServerLog, 'info' | 'error'>
  readonly now?: () => Date
}

/** A policy with a hundred faults has one cause more often than a hundred. */
const mostProblems = 10

/**
 * The one place that changes the policy of a process, and that knows how it came to be. A policy is loaded beside the one
 * that decides and takes over in one step; the old one is garbage as soon as no decision holds it.
 */
export function createActivation({
  pdp,
  memoryMib,
  metrics,
  log,
  now = () => new Date(),
}: ActivationParts): Activation {
  let policy: Activation['policy']
  let confirmed = Number.NaN
  let status: PolicyStatus = {
    policy: null,
    commit: null,
    source: null,
    loaded_at: null,
    confirmed_at: null,
    last_attempt: null,
    last_error: null,
    activations: 0,
    failures: 0,
  }
  return {
    activate(bundle, source) {
      const loaded = loadPolicy(bundle, memoryMib, (kind, thrown) => {
        metrics.evalFailed(kind)
        log.error('the policy failed', { code: kind, error: thrown })
      })
      pdp.activate(loaded)
      policy = loaded
      confirmed = now().getTime()
      const at = now().toISOString()
      const { policy: digest, commit } = bundle.manifest
      const activations = status.activations + 1
      status = { ...status, policy: digest, commit, source, loaded_at: at, last_attempt: at, activations }
      metrics.bundleLoaded('ok')
      log.info('policy activated', { policy: digest, source })
    },
    confirm() {
      confirmed = now().getTime()
    },
    refuse(error, source) {
      const at = now().toISOString()
      const problems = problemLines(error).slice(0, mostProblems)
      const failures = status.failures + 1
      status = { ...status, last_attempt: at, last_error: { at, source, problems }, failures }
      metrics.bundleLoaded('failed')
      log.error('policy refused', { source, problems })
    },
    age: () => (now().getTime() - confirmed) / 1000,
    status: () => ({ ...status, confirmed_at: Number.isNaN(confirmed) ? null : new Date(confirmed).toISOString() }),
    get policy() {
      return policy
    },
  }
}
