import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { AuthorizationError, type ClientOptions, createClient } from '../../src/client/client.ts'

const question = {
  subject: { type: 'user', id: 'dev' },
  action: { name: 'member:list' },
  resource: { type: 'member', id: '-' },
}
const context = {
  reason: 'granted',
  message: 'the role grants it',
  obligations: [{ type: 'tell' }],
  decision_id: 'd-1',
}
const allow = { decision: true, context }

/** One answer after the other, the last of them again and again; `lost` closes the connection instead. */
type Answer = { status: number; body: unknown } | 'lost' | 'silent'

async function against(answers: readonly Answer[], options: Partial<ClientOptions> = {}) {
  const asked: { path: string; body: unknown; socket: number; authorization: string | undefined }[] = []
  const handle: RequestListener = (incoming, outgoing) => {
    let text = ''
    incoming.on('data', (chunk) => {
      text += chunk
    })
    incoming.on('end', () => {
      const answer = answers[Math.min(asked.length, answers.length - 1)]
      const { authorization } = incoming.headers
      const socket = incoming.socket.remotePort ?? 0
      asked.push({ path: incoming.url ?? '', body: JSON.parse(text), socket, authorization })
      if (answer === 'lost') incoming.socket.destroy()
      else if (answer !== 'silent' && answer !== undefined)
        outgoing
          .writeHead(answer.status, answer.status === 307 ? { Location: '/elsewhere' } : {})
          .end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
    })
  }
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = createClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ...options })
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { client, asked, close }
}

async function outcome(answers: readonly Answer[], options: Partial<ClientOptions> = {}) {
  const { client, asked, close } = await against(answers, options)
  try {
    const { decision, error } = await client.authorize(question)
    return { decision, code: error?.code, asked: asked.length }
  } finally {
    close()
  }
}

const refused = (status: number, code: string) => ({ status, body: { error: { code, message: 'no' } } })

describe('a client', () => {
  it('gives the decision with its reason and obligations, over connections that are kept', async () => {
    const { client, asked, close } = await against([{ status: 200, body: allow }])
    const { decision_id: decisionId, ...rest } = context
    for (let turn = 0; turn < 6; turn++)
      expect(await client.authorize(question)).toEqual({ decision: true, decisionId, ...rest })
    close()
    expect(asked.map(({ path, body }) => [path, body])).toEqual(Array(6).fill(['/authorize', question]))
    // `fetch` may open a second one before it knows that the first is free again.
    expect(new Set(asked.map(({ socket }) => socket)).size).toBeLessThanOrEqual(2)
    expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set([undefined]))
  })

  it('sends its token with each question', async () => {
    const { client, asked, close } = await against(
      [
        { status: 503, body: {} },
        { status: 200, body: allow },
      ],
      {
        token: 'the token',
      },
    )
    await client.authorize(question)
    await client.batch([question])
    close()
    expect(asked.map(({ authorization }) => authorization)).toEqual(Array(3).fill('Bearer the token'))
  })

  it.each<[string, readonly Answer[], string, number]>([
    ['a request that is refused', [refused(400, 'malformed_request')], 'malformed_request', 1],
    ['two 503s', [refused(503, 'undecidable')], 'undecidable', 2],
    ['two lost connections', ['lost'], 'unreachable', 2],
    ['a redirect', [{ status: 307, body: allow }], 'unreachable', 2],
    ['an allow of another status', [{ status: 201, body: allow }], 'malformed_answer', 1],
    ['no JSON', [{ status: 200, body: '<html>' }], 'malformed_answer', 1],
    ['a decision that is no boolean', [{ status: 200, body: { ...allow, decision: 'true' } }], 'malformed_answer', 1],
    ['an allow alone', [{ status: 200, body: { decision: true } }], 'malformed_answer', 1],
    [
      'obligations that cannot be read',
      [{ status: 200, body: { ...allow, context: { ...context, obligations: ['tell'] } } }],
      'malformed_answer',
      1,
    ],
  ])('makes a deny of %s', async (_, answers, code, times) => {
    expect(await outcome(answers)).toEqual({ decision: false, code, asked: times })
  })

  it.each<[string, Answer]>([
    ['a 503', refused(503, 'not_ready')],
    ['a lost connection', 'lost'],
  ])('asks once more after %s', async (_, first) => {
    expect(await outcome([first, { status: 200, body: allow }])).toEqual({ decision: true, code: undefined, asked: 2 })
  })

  it('does not ask again after a timeout', async () => {
    expect(await outcome(['silent', { status: 200, body: allow }], { timeoutMs: 60 })).toEqual({
      decision: false,
      code: 'timeout',
      asked: 1,
    })
  })

  it('makes a deny of a sidecar that is not there', async () => {
    const { client, close } = await against([])
    close()
    const { decision, error } = await client.authorize(question)
    expect([decision, error?.code]).toEqual([false, 'unreachable'])
  })

  it('rejects instead where it is asked to', async () => {
    const rejected = outcome([refused(404, 'unknown_tenant')], { onError: 'throw' })
    await expect(rejected).rejects.toEqual(new AuthorizationError('unknown_tenant', 'no'))
  })
})

describe('a batch', () => {
  const { decision_id: decisionId, ...rest } = context
  const allowed = { decision: true, decisionId, ...rest }
  const questions = [question, { ...question, context: { tenant: 'acme' } }]
  const deny = { decision: false, context: { ...context, reason: 'no_permission', obligations: [] } }
  const items = (...evaluations: readonly unknown[]): Answer => ({ status: 200, body: { evaluations } })

  async function batched(answers: readonly Answer[], options: Partial<ClientOptions> = {}) {
    const { client, asked, close } = await against(answers, options)
    try {
      return { given: await client.batch(questions), asked }
    } finally {
      close()
    }
  }

  it('has an answer for each request, in their order, from one call', async () => {
    const { given, asked } = await batched([items(allow, deny)])
    expect(given).toEqual([allowed, { ...allowed, decision: false, reason: 'no_permission', obligations: [] }])
    expect(asked.map(({ path, body }) => [path, body])).toEqual([
      ['/access/v1/evaluations', { evaluations: questions }],
    ])
  })

  it.each<[string, unknown, string]>([
    [
      'that could not be decided',
      { decision: false, context: { error: { status: 404, message: 'no', code: 'unknown_tenant' } } },
      'unknown_tenant',
    ],
    [
      'that is an error and says yes',
      { decision: true, context: { ...context, error: { code: 'undecidable' } } },
      'undecidable',
    ],
    ['that says yes and no more', { decision: true }, 'malformed_answer'],
    ['whose decision is no boolean', { ...allow, decision: 1 }, 'malformed_answer'],
    ['that is null', null, 'malformed_answer'],
  ])('denies an item %s, and it alone', async (_what, item, code) => {
    for (const onError of ['deny', 'throw'] as const) {
      const { given } = await batched([items(item, allow)], { onError })
      expect([given[0]?.decision, given[0]?.error?.code]).toEqual([false, code])
      expect(given[1]).toEqual(allowed)
    }
  })

  it.each<[string, Answer, string, number]>([
    ['too few answers', items(allow), 'malformed_answer', 1],
    ['too many answers', items(allow, allow, allow), 'malformed_answer', 1],
    ['a decision instead of a list', { status: 200, body: allow }, 'malformed_answer', 1],
    ['answers of another status', { status: 201, body: { evaluations: [allow, allow] } }, 'malformed_answer', 1],
    ['a refusal', refused(413, 'too_many_items'), 'too_many_items', 1],
    ['two 503s', refused(503, 'not_ready'), 'not_ready', 2],
    ['two lost connections', 'lost', 'unreachable', 2],
  ])('is denied as a whole after %s, or thrown', async (_what, answer, code, calls) => {
    const { given, asked } = await batched([answer])
    expect(given.map(({ decision, error }) => [decision, error?.code])).toEqual([
      [false, code],
      [false, code],
    ])
    expect(asked).toHaveLength(calls)
    await expect(batched([answer], { onError: 'throw' })).rejects.toMatchObject({ name: 'AuthorizationError', code })
  })

  it('is asked again after a 503', async () => {
    const { given, asked } = await batched([refused(503, 'not_ready'), items(allow, allow)])
    expect([given, asked.length]).toEqual([[allowed, allowed], 2])
  })

  it('of nothing is answered without a call', async () => {
    const { client, asked, close } = await against([items()])
    expect([await client.batch([]), asked]).toEqual([[], []])
    close()
  })
})
