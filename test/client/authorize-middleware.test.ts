import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { AuthorizationError, type AuthorizationRequest, type Client, type Decided } from '../../src/client/client.ts'
import { authorize } from '../../src/http/authorize-middleware.ts'

interface Variables {
  readonly Variables: { user: string }
}

const granted: Decided = { decision: true, reason: 'granted', message: 'it is', obligations: [], decisionId: 'd-1' }
const denied: Decided = { ...granted, decision: false, reason: 'full', message: 'it is full' }
const tell = { ...granted, obligations: [{ type: 'tell', who: 'tom' }] }

/** Asks an app for one path; `did` is what happened in it, in order. */
async function ask(answer: Awaited<ReturnType<Client['authorize']>>, fulfils = false) {
  const asked: AuthorizationRequest[] = []
  const did: unknown[] = []
  const client: Pick<Client, 'authorize'> = {
    async authorize(request) {
      asked.push(request)
      return answer
    },
  }
  const app = new Hono<Variables>()
  app.use(async (c, next) => {
    c.set('user', 'ann')
    await next()
  })
  app.delete(
    '/members/:user',
    authorize<Variables>(client, {
      action: 'member:remove',
      subject: (c) => ({ type: 'user', id: c.get('user') }),
      resource: (c) => ({ type: 'member', id: '-', properties: { user: c.req.param('user') } }),
      context: () => ({ tenant: 'acme' }),
      ...(fulfils ? { fulfil: (_: unknown, obligations: Decided['obligations']) => void did.push(obligations) } : {}),
    }),
    (c) => {
      did.push('removed')
      return c.text('removed')
    },
  )
  const response = await app.request('/members/bob', { method: 'DELETE' })
  return { asked, did, status: response.status, text: await response.text() }
}

describe('middleware of Hono', () => {
  it('asks about the request and lets an allow through', async () => {
    const question = {
      subject: { type: 'user', id: 'ann' },
      action: { name: 'member:remove' },
      resource: { type: 'member', id: '-', properties: { user: 'bob' } },
      context: { tenant: 'acme' },
    }
    expect(await ask(granted)).toEqual({ asked: [question], did: ['removed'], status: 200, text: 'removed' })
  })

  it('answers a deny with 403 and its reason', async () => {
    expect(await ask(denied)).toMatchObject({
      did: [],
      status: 403,
      text: '{"error":{"code":"full","message":"it is full"}}',
    })
  })

  it('answers 503 where there is no decision', async () => {
    const error = new AuthorizationError('timeout', 'secret')
    expect(await ask({ decision: false, error })).toMatchObject({
      did: [],
      status: 503,
      text: '{"error":{"code":"timeout","message":"the request cannot be authorized now"}}',
    })
  })

  it('fulfils obligations before the handler runs, and refuses those that nobody fulfils', async () => {
    expect(await ask(tell, true)).toMatchObject({ did: [tell.obligations, 'removed'], status: 200 })
    expect(await ask(tell)).toMatchObject({
      did: [],
      status: 503,
      text: '{"error":{"code":"obligations_unfulfilled","message":"nobody fulfils what the allow asks for"}}',
    })
  })
})
