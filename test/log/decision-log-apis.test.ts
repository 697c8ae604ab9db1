import { describe, expect, it } from 'vitest'
import { createGatewayApi } from '../../src/gateway/gateway-api.ts'
import { PosternError } from '../../src/pdp/errors.ts'
import { allow, answerOf, apiOver, deny, json, question } from '../http/fixture.ts'
import { type Event, logTo, memorySink, recorded } from './decision-log-fixture.ts'

const body = JSON.stringify({ input: question })
const post = (text: string) => ({ method: 'POST', headers: { ...json, 'x-request-id': 'r-1' }, body: text })
const full = { events: 1, bytes: 1_000_000, batchBytes: 65_536 }
const down = () => memorySink(Number.POSITIVE_INFINITY)
const brief = ({ dialect, input, effect, error, req_id }: Event) => ({ dialect, input, effect, error, req_id })

const route = { method: 'GET', path: '/members', action: 'member:list', template: ['members'], place: 'routes.yaml:1' }

function gateway(decide: () => ReturnType<typeof answerOf>, recorder: ReturnType<typeof logTo>['log']) {
  const counted: string[] = []
  const api = createGatewayApi({
    pdp: { decide },
    routes: [route],
    planDenialStatus: 403,
    identify: async () => ({ subject: 'dev', sessionIssuedAt: undefined }),
    readiness: { ready: () => true },
    metrics: { decided: () => counted.push('decided'), responded() {}, failedClosed: (cause) => counted.push(cause) },
    log: { error() {} },
    recorder,
  })
  const headers = ['X-Original-Method', 'GET', 'X-Original-URI', '/members', 'X-Original-Host', 'api.test']
  return { counted, ask: () => api.answer({ method: 'GET', target: '/v1/auth-request', headers }) }
}

describe('the decision log', () => {
  it('holds what was decided over the OPA API and at a gateway, as it holds that of /authorize', async () => {
    const sink = memorySink()
    const { log } = logTo(sink)
    const { app } = apiOver(() => answerOf(deny), undefined, undefined, { recorder: log })
    await app.request('/v1/data/authz/allow', post(body))
    await app.request('/', post(JSON.stringify(question)))
    await app.request('/v1/explain', post(JSON.stringify(question)))
    await gateway(() => answerOf(allow), log).ask()
    await log.close(1_000)
    const overOpa = { dialect: 'opa', input: question, effect: 'deny', error: undefined, req_id: 'r-1' }
    expect(sink.events.map(brief)).toEqual([
      overOpa,
      overOpa,
      {
        dialect: 'gateway',
        input: {
          subject: { type: 'user', id: 'dev' },
          action: { name: 'member:list' },
          resource: { type: 'member', id: '-' },
          context: {},
        },
        effect: 'allow',
        error: undefined,
        req_id: undefined,
      },
    ])
  })

  it('holds what failed closed there, once each', async () => {
    const sink = memorySink()
    const { log } = logTo(sink)
    const fail = () => {
      throw new PosternError('undecidable')
    }
    await apiOver(fail, undefined, undefined, { recorder: log }).app.request('/v1/data/authz/decision', post(body))
    await gateway(fail, log).ask()
    await log.close(1_000)
    expect(sink.events.map(({ dialect, error }) => ({ dialect, error }))).toEqual([
      { dialect: 'opa', error: { code: 'undecidable' } },
      { dialect: 'gateway', error: { code: 'undecidable' } },
    ])
  })

  it('that is required and full leaves no decision over the OPA API', async () => {
    const { log } = logTo(down(), { limits: full, required: true })
    log.decided(recorded())
    const { app } = apiOver(() => answerOf(allow), undefined, undefined, { recorder: log })
    const answer = await app.request('/v1/data/authz/allow', post(body))
    expect([answer.status, await answer.json()]).toEqual([
      503,
      {
        code: 'internal_error',
        message: 'audit_unavailable: the decision could not be recorded, and a record is required',
      },
    ])
    await log.close(0)
  })

  it('that is required and full lets nothing through a gateway, and counts no decision', async () => {
    const { log } = logTo(down(), { limits: full, required: true })
    log.decided(recorded())
    const { ask, counted } = gateway(() => answerOf(allow), log)
    expect([(await ask()).status, counted]).toEqual([503, ['audit_unavailable']])
    await log.close(0)
  })
})
