import { connect, type Socket } from 'node:net'
import { createReadiness } from '../../src/app/readiness.ts'
import { addAuthzenApi } from '../../src/http/authzen-api.ts'
import { type Callers, createCallers } from '../../src/http/callers.ts'
import { createDecisionApi } from '../../src/http/decision-api.ts'
import { addExplainApi, type ExplainApiParts } from '../../src/http/explain-api.ts'
import { type Listener, listen } from '../../src/http/listener.ts'
import { addOpaApi } from '../../src/http/opa-api.ts'
import { addOpenapiApi } from '../../src/http/openapi-api.ts'
import { decisionRoutes } from '../../src/http/routes.ts'
import { addStatusApi } from '../../src/http/status-api.ts'
import { createMetrics } from '../../src/log/metrics.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import { allRights } from '../../src/pdp/access-token.ts'
import type { Answer, Decision, OpenTenant, Pdp, SnapshotPdp } from '../../src/pdp/decision.ts'
import type { DecisionRecorder } from '../../src/pdp/decision-recorder.ts'
import type { Explanation } from '../../src/pdp/explain.ts'

export const deny: Decision = Object.freeze({
  decision: false,
  stage: 'capacity',
  reason: 'full',
  message: '3 of 3 seats of plan `free` are taken',
  rule: 'config/plans.yaml:6',
  limit: { name: 'seats', limit: 3, used: 3, plan: 'free', next_plan: 'start' },
  obligations: [],
  policy: 'sha256:0123',
})

export const allow: Decision = Object.freeze({
  decision: true,
  stage: 'grant',
  reason: 'granted',
  message: 'the role grants it',
  rule: 'config/matrix.yaml:3',
  obligations: [{ type: 'notify', to: 'owner' }],
  policy: 'sha256:0123',
})

export function answerOf(decision: Decision, cache: Answer['cache'] = 'miss'): Answer {
  return { decision, decisionId: 'd-1', revision: 'v1.7', cache }
}

export const explanation: Explanation = Object.freeze({
  decision: deny,
  revision: 'v1.7',
  stages: [],
  facts: { 'tenant.plan': 'free' },
  nearest_grants: null,
})

/** Lets everybody ask everything. */
export const everybody = createCallers({ unasked: allRights, bearer: undefined, defaultTenant: undefined })

export interface ApiOptions {
  readonly callers?: Callers
  readonly recorder?: DecisionRecorder
  readonly snapshot?: SnapshotPdp['snapshot']
  readonly public_url?: string | null
  readonly person_types?: readonly string[]
  readonly candidates?: number
  readonly token_key?: string | null
}

const noCandidates: OpenTenant = { id: 't', candidates: () => [], actions: () => [] }

/** A decision API over a PDP of one line, with everything it reported. */
export function apiOver(
  decide: Pdp['decide'] = () => answerOf(deny),
  limits = { body_bytes: 65_536, depth: 32 },
  explain: ExplainApiParts['explainer']['explain'] = async () => explanation,
  {
    snapshot,
    public_url = 'https://pdp.example.com',
    person_types = [],
    candidates = 1000,
    token_key = null,
    callers = everybody,
    recorder,
  }: ApiOptions = {},
) {
  const lines: string[] = []
  const state = { policy: true }
  const metrics = createMetrics({ version: '0.0.0', routes: decisionRoutes, dialects: ['authorize', 'opa', 'authzen'] })
  const log = createServerLog({ sink: (line) => lines.push(line), terminal: false, debug: false })
  const readiness = createReadiness({ policy: () => state.policy })
  const app = createDecisionApi({ pdp: { decide }, callers, settings: { limits }, metrics, log, readiness, recorder })
  addExplainApi(app, { explainer: { explain }, callers, settings: { limits }, metrics, log })
  addOpaApi(app, { pdp: { decide }, callers, settings: { limits }, metrics, log, version: '0.0.0', recorder })
  const pdp = { decide, snapshot: snapshot ?? (() => ({ decide, open: () => noCandidates })) }
  const search = { candidates, token_key }
  addAuthzenApi(app, {
    pdp,
    callers,
    settings: { limits: { ...limits, batch_items: 100 }, public_url, authzen: { person_types }, search },
    metrics,
    log,
    recorder,
  })
  addStatusApi(app, { callers, metrics, log, status: () => ({ policy: 'sha256:0123' }) })
  addOpenapiApi(app, { metrics, version: '0.0.0' })
  return { app, metrics, readiness, state, log, lines }
}

export const question = {
  subject: { type: 'user', id: 'dev' },
  action: { name: 'member:invite' },
  resource: { type: 'member', id: '' },
}

export const json = { 'Content-Type': 'application/json' }

interface Body {
  readonly decision: boolean
  readonly context: Readonly<Record<string, unknown>>
  readonly error: Readonly<Record<string, unknown>>
}

/** The body of an answer of any kind; a test looks only at what its kind has. */
export const bodyOf = async (answer: Response) => (await answer.json()) as Body

/** The value of a series in the text of `/metrics`. */
export function series(text: string, name: string): number | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `))
  return line === undefined ? undefined : Number(line.slice(name.length + 1))
}

export const quickHttp = {
  limits: { body_bytes: 65_536 },
  http: { keep_alive_ms: 60_000, request_timeout_ms: 5_000, headers_timeout_ms: 5_000 },
}

/** Serves `app` on a free loopback port for the length of `use`. */
export async function served<T>(
  app: Parameters<typeof listen>[0],
  use: (port: number, listener: Listener) => Promise<T>,
  settings = quickHttp,
  hooks: Parameters<typeof listen>[3] = {},
): Promise<T> {
  const listener = await listen(app, '127.0.0.1:0', settings, hooks)
  try {
    return await use(Number(new URL(listener.address).port), listener)
  } finally {
    listener.stop()
    listener.destroy()
    await listener.closed
  }
}

/** Writes bytes to a port as they are and collects what comes back until the server closes, or `wait` ms passed. */
export function raw(port: number, send: (socket: Socket) => void, wait = 2_000) {
  return new Promise<{ text: string; closed: boolean }>((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    const timer = setTimeout(() => finish(false), wait)
    const finish = (closed: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ text, closed })
    }
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', () => {})
    socket.on('close', () => finish(true))
    socket.on('connect', () => send(socket))
  })
}

export const until = async (holds: () => boolean, wait = 2_000) => {
  const deadline = Date.now() + wait
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it did not happen in time')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
