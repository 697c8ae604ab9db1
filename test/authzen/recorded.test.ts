import { describe, expect, it } from 'vitest'
import type { DecisionRecorder, RecordedDecision, RecordedFailure } from '../../src/pdp/decision-recorder.ts'
import { PosternError } from '../../src/pdp/errors.ts'
import { allow, answerOf, apiOver } from '../http/fixture.ts'

const entities = {
  subject: { type: 'user', id: 'olga' },
  action: { name: 'member:list' },
  resource: { type: 'member', id: '-' },
}

/** An API that allows everything, and what its recorder was told. */
function recorded(decided: DecisionRecorder['decided'] = () => {}, decide = () => answerOf(allow)) {
  const decisions: RecordedDecision[] = []
  const failures: RecordedFailure[] = []
  const recorder: DecisionRecorder = {
    decided(decision) {
      decisions.push(decision)
      decided(decision)
    },
    failed: (failure) => void failures.push(failure),
  }
  const limits = { body_bytes: 65_536, depth: 32 }
  const { app } = apiOver(decide, limits, undefined, { recorder, person_types: ['identity'] })
  const ask = async (path: string, body: unknown) => {
    const response = await app.request(`/access/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'req-1' },
      body: JSON.stringify(body),
    })
    return { status: response.status, batch: response.headers.get('x-postern-batch-id'), body: await response.json() }
  }
  return { decisions, failures, ask }
}

const unrecordable = () => {
  throw new PosternError('audit_unavailable')
}

describe('decisions of AuthZEN’s APIs are recorded', () => {
  it('one by one', async () => {
    const { decisions, ask } = recorded()
    expect((await ask('evaluation', entities)).body).toEqual({ decision: true })
    expect(decisions).toMatchObject([{ dialect: 'authzen', requestId: 'req-1', request: entities }])
    expect(decisions[0]).not.toHaveProperty('batchId')
  })

  it('and decided with `user` in the place of a type that stands for it, and of no other', async () => {
    const { decisions, ask } = recorded()
    const properties = { department: 'Sales' }
    for (const type of ['identity', 'service', 'Identity'])
      await ask('evaluation', { ...entities, subject: { type, id: 'olga', properties } })
    await ask('evaluations', { ...entities, subject: { type: 'identity', id: 'olga' }, evaluations: [{}] })
    expect(decisions.map(({ request }) => request)).toEqual([
      { ...entities, subject: { type: 'user', id: 'olga', properties } },
      { ...entities, subject: { type: 'service', id: 'olga', properties } },
      { ...entities, subject: { type: 'Identity', id: 'olga', properties } },
      entities,
    ])
  })

  it('each of a batch, under the id that the answer names', async () => {
    const { decisions, ask } = recorded()
    const { batch } = await ask('evaluations', {
      ...entities,
      evaluations: [{}, { action: { name: 'member:invite' } }],
    })
    expect(decisions.map(({ batchId }) => batchId)).toEqual([batch, batch])
    expect(decisions.map(({ request }) => request.action.name)).toEqual(['member:list', 'member:invite'])
  })

  it('and failures beside them', async () => {
    const { decisions, failures, ask } = recorded(undefined, () => {
      throw new PosternError('evaluation_failed')
    })
    expect((await ask('evaluation', entities)).status).toBe(503)
    expect(decisions).toEqual([])
    expect(failures).toMatchObject([{ dialect: 'authzen', code: 'evaluation_failed', request: entities }])
  })

  it('and an allow that cannot be recorded where it must be is none', async () => {
    const { ask } = recorded(unrecordable)
    expect(await ask('evaluation', entities)).toMatchObject({
      status: 503,
      body: { error: { code: 'audit_unavailable' } },
    })
    expect((await ask('evaluations', { ...entities, evaluations: [{}] })).body).toEqual({
      evaluations: [{ decision: false, context: { error: { status: 503, message: expect.any(String) } } }],
    })
  })
})
