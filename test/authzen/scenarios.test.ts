import { beforeAll, describe, expect, it } from 'vitest'
import { createGatewayApi } from '../../src/gateway/gateway-api.ts'
import { readRoutes } from '../../src/gateway/read-routes.ts'
import { bodyOf } from '../http/fixture.ts'
import { asked } from './asked.ts'
import { exampleApi, examples, publicUrl, systemsRoot } from './example-api.ts'
import { publishedBatches, publishedRecords, publishedRoutes, publishedTodos } from './published.ts'

let api: Awaited<ReturnType<typeof exampleApi>>
beforeAll(async () => {
  api = await exampleApi()
}, 120_000)

/** Asks an API of a tenant; `path` is its part behind `/access/v1/`. */
async function ask(tenant: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const { status, text, headers: given } = await asked(api.app, `/t/${tenant}/access/v1/${path}`, body, headers)
  return { status, text, type: given.get('content-type'), id: given.get('x-request-id') }
}

const yes = '{"decision":true}'
const no = '{"decision":false}'

const alice = { type: 'user', id: 'alice' }
const bob = { type: 'user', id: 'bob' }
const admin = { ...bob, properties: { role: 'admin' } }
const first = { type: 'record', id: 'record-1' }
const archived = { type: 'record', id: 'record-2', properties: { status: 'archived' } }
const [read, write] = [{ name: 'read' }, { name: 'write' }]
const users = { type: 'user' }
const records = { type: 'record' }

/** The certification scenario of AuthZEN 1.0, by its numbers. */
describe('certification', () => {
  const cert = (path: string, body: unknown, headers = {}) => ask('certification', path, body, headers)
  const statusAndText = async (path: string, body: unknown) => {
    const { status, text } = await cert(path, body)
    return [status, text]
  }

  describe('Basic Core', () => {
    it.each([
      ['2.2.1 rule 1', { subject: alice, action: read, resource: first }, yes],
      ['rule 2', { subject: alice, action: write, resource: first }, yes],
      ['rule 3', { subject: bob, action: read, resource: first }, yes],
      ['2.2.2 rule 4', { subject: bob, action: write, resource: first }, no],
      [
        '2.2.3 a context',
        {
          subject: alice,
          action: read,
          resource: first,
          context: { time: '2025-06-27T18:03-07:00', ip: '192.168.1.1' },
        },
        yes,
      ],
      [
        '2.2.8 additional properties',
        {
          subject: { ...alice, properties: { department: 'Sales', role: 'manager' } },
          action: { name: 'read', properties: { method: 'GET' } },
          resource: { ...first, properties: { status: 'active', owner: 'bob' } },
        },
        yes,
      ],
      [
        '2.2.9 unknown members',
        { subject: alice, action: read, resource: first, foo: 'bar', futureField: { nested: true } },
        yes,
      ],
    ])('%s', async (_rule, body, text) => {
      // 2.3 and 2.6: a body of JSON with a boolean, the same however often it is asked.
      for (let turn = 0; turn < 3; turn++) expect(await statusAndText('evaluation', body)).toEqual([200, text])
      expect((await cert('evaluation', body)).type).toBe('application/json')
    })

    it.each([
      ['2.4.1 no subject', { action: read, resource: first }],
      ['2.4.1 no action', { subject: alice, resource: first }],
      ['2.4.1 no resource', { subject: alice, action: read }],
      ['2.4.2 no subject type', { subject: { id: 'alice' }, action: read, resource: first }],
      ['2.4.2 no subject id', { subject: users, action: read, resource: first }],
      ['2.4.2 no action name', { subject: alice, action: {}, resource: first }],
      ['2.4.2 no resource type', { subject: alice, action: read, resource: { id: 'record-1' } }],
      ['2.4.2 no resource id', { subject: alice, action: read, resource: records }],
      ['2.4.4 no JSON', '{"subject":'],
      ['2.4.5 an empty body', ''],
      ['2.4.6 a subject that is a text', { subject: 'alice', action: read, resource: first }],
      ['2.4.6 an action name that is a number', { subject: alice, action: { name: 123 }, resource: first }],
    ])('%s is a 400, with the request id', async (_what, body) => {
      const { status, id } = await cert('evaluation', body, { 'X-Request-ID': 'r1' })
      expect([status, id]).toEqual([400, 'r1'])
    })

    it('2.4.3 another content type is a 400', async () => {
      const body = { subject: alice, action: read, resource: first }
      expect((await cert('evaluation', body, { 'Content-Type': 'text/plain' })).status).toBe(400)
    })

    it('2.5 the request id is echoed where there is one, and needs none', async () => {
      const body = { subject: alice, action: read, resource: first }
      expect((await cert('evaluation', body, { 'X-Request-ID': 'r1' })).id).toBe('r1')
      expect((await cert('evaluation', body)).status).toBe(200)
    })
  })

  describe('Basic Properties', () => {
    it.each([
      ['2.2.4 rule 5', { subject: alice, action: write, resource: archived }, no],
      ['2.2.5 rule 6', { subject: admin, action: write, resource: archived }, yes],
      [
        '2.2.6 rule 7',
        { subject: alice, action: { name: 'delete', properties: { soft: true } }, resource: first },
        yes,
      ],
      [
        '2.2.7 rule 8',
        { subject: alice, action: { name: 'delete', properties: { soft: false } }, resource: first },
        no,
      ],
      [
        'what is passed goes before what is stored',
        { subject: alice, action: write, resource: { ...first, properties: { status: 'archived' } } },
        no,
      ],
    ])('%s, whatever the context', async (_rule, body, text) => {
      expect(await statusAndText('evaluation', body)).toEqual([200, text])
      expect(await statusAndText('evaluation', { ...body, context: { time: 'x' } })).toEqual([200, text])
    })
  })

  const batch = (...items: readonly string[]) => [200, `{"evaluations":[${items.join(',')}]}`]

  describe('Batch Core', () => {
    it.each([
      [
        '3.2.1 items by resource',
        {
          subject: alice,
          action: read,
          evaluations: [{ resource: first }, { resource: { type: 'record', id: 'record-2' } }],
        },
        batch(yes, yes),
      ],
      [
        '3.2.2 rules 3 and 4 in their order',
        { subject: bob, resource: first, evaluations: [{ action: read }, { action: write }] },
        batch(yes, no),
      ],
      [
        '3.2.5 nothing above',
        {
          evaluations: [
            { subject: alice, action: read, resource: first },
            { subject: bob, action: write, resource: first },
          ],
        },
        batch(yes, no),
      ],
      [
        '3.2.6 a context above',
        {
          subject: alice,
          action: read,
          context: { time: 'x' },
          evaluations: [{ resource: first }, { resource: first, context: { source: 'y' } }],
        },
        batch(yes, yes),
      ],
      [
        '3.4.1 an item that fails',
        { subject: alice, action: read, evaluations: [{ resource: first }, {}] },
        batch(yes, '{"decision":false,"context":{"error":{"status":400,"message":"`resource` must be an object"}}}'),
      ],
      ['3.4.2 no items', { subject: alice, action: read, resource: first }, [200, yes]],
      ['3.4.3 empty items', { subject: alice, action: read, resource: first, evaluations: [] }, [200, yes]],
    ])('%s', async (_what, body, expected) => {
      expect(await statusAndText('evaluations', body)).toEqual(expected)
    })
  })

  describe('Batch Properties', () => {
    it.each([
      [
        '3.2.3 of the resource',
        {
          subject: alice,
          action: write,
          evaluations: [{ resource: { ...first, properties: { status: 'active' } } }, { resource: archived }],
        },
        batch(yes, no),
      ],
      [
        '3.2.4 of the subject',
        { action: write, resource: archived, evaluations: [{ subject: alice }, { subject: admin }] },
        batch(no, yes),
      ],
    ])('%s', async (_what, body, expected) => {
      expect(await statusAndText('evaluations', body)).toEqual(expected)
    })
  })

  const found = (...results: readonly object[]) => [200, JSON.stringify({ results })]

  describe('Search Core', () => {
    it.each([
      ['4.2.1 subjects', 'subject', { subject: users, action: read, resource: first }, found(alice, bob)],
      [
        '4.2.2 subjects, with a context',
        'subject',
        { subject: users, action: read, resource: first, context: { ip: 'x' } },
        found(alice, bob),
      ],
      [
        '4.3.1 resources',
        'resource',
        { subject: alice, action: read, resource: records },
        found(first, { type: 'record', id: 'record-2' }),
      ],
      ['4.4.1 actions', 'action', { subject: alice, resource: first }, found(read, write)],
      [
        '4.4.2 actions, with a context',
        'action',
        { subject: alice, resource: first, context: { ip: 'x' } },
        found(read, write),
      ],
      [
        '4.6.1 an unknown person',
        'action',
        { subject: { type: 'user', id: 'nonexistent-user' }, resource: first },
        found(),
      ],
      ['4.6.2 an unknown type', 'subject', { subject: { type: 'spaceship' }, action: read, resource: first }, found()],
    ])('%s', async (_what, kind, body, expected) => {
      expect(await statusAndText(`search/${kind}`, body)).toEqual(expected)
    })

    it('4.5 pages: a limit, then the token alone', async () => {
      const body = { subject: users, action: read, resource: first }
      const one = JSON.parse((await cert('search/subject', { ...body, page: { limit: 1 } })).text)
      expect(one).toEqual({ page: { next_token: expect.stringMatching(/./) }, results: [alice] })
      const { text } = await cert('search/subject', { ...body, page: { token: one.page.next_token } })
      expect(text).toBe(JSON.stringify({ page: { next_token: '' }, results: [bob] }))
    })

    it.each([
      ['4.7.1 no action', 'subject', { subject: users, resource: first }],
      ['4.7.1 no subject', 'resource', { action: read, resource: records }],
      ['4.7.1 no resource', 'action', { subject: alice }],
      ['4.7.2 no resource id', 'subject', { subject: users, action: read, resource: records }],
      ['4.7.2 no subject id', 'resource', { subject: users, action: read, resource: records }],
    ])('%s is a 400', async (_what, kind, body) => {
      expect((await cert(`search/${kind}`, body)).status).toBe(400)
    })
  })

  describe('Search Properties', () => {
    it.each([
      ['4.2.4 subjects', 'subject', { subject: users, action: write, resource: archived }, found(bob)],
      [
        '4.3.3 resources',
        'resource',
        { subject: admin, action: write, resource: records },
        found({ type: 'record', id: 'record-2' }),
      ],
      ['4.4.3 actions', 'action', { subject: admin, resource: archived }, found(read, write)],
    ])('%s', async (_what, kind, body, expected) => {
      expect(await statusAndText(`search/${kind}`, body)).toEqual(expected)
    })
  })

  it('Discovery: the metadata names the base URL of a tenant, and the APIs that answered above', async () => {
    const answer = await api.app.request('/.well-known/authzen-configuration/t/certification')
    const base = `${publicUrl}/t/certification`
    expect([answer.status, answer.headers.get('content-type'), await bodyOf(answer)]).toEqual([
      200,
      'application/json',
      {
        policy_decision_point: base,
        access_evaluation_endpoint: `${base}/access/v1/evaluation`,
        access_evaluations_endpoint: `${base}/access/v1/evaluations`,
        search_subject_endpoint: `${base}/access/v1/search/subject`,
        search_resource_endpoint: `${base}/access/v1/search/resource`,
        search_action_endpoint: `${base}/access/v1/search/action`,
      },
    ])
  })
})

describe('the Todo scenario', () => {
  it('has the 40 published decisions, 26 of them an allow', async () => {
    const given = await Promise.all(
      publishedTodos.map(async ({ request }) => (await ask('todo', 'evaluation', request)).text),
    )
    expect(given).toEqual(publishedTodos.map(({ expected }) => JSON.stringify({ decision: expected })))
    expect([given.length, given.filter((text) => text === yes).length]).toEqual([40, 26])
  })

  it('has the published batches, to the letter', async () => {
    for (const { request, expected } of publishedBatches)
      expect((await ask('todo', 'evaluations', request)).text).toBe(JSON.stringify(expected))
  })
})

describe('the API gateway scenario', () => {
  it('has the 25 published decisions, 19 of them an allow', async () => {
    const given = await Promise.all(
      publishedRoutes.map(async ({ request }) => (await ask('api_gateway', 'evaluation', request)).text),
    )
    expect(given).toEqual(publishedRoutes.map(({ expected }) => JSON.stringify({ decision: expected })))
    expect([given.length, given.filter((text) => text === yes).length]).toEqual([25, 19])
  })

  it('has them of clients of a gateway too, by the method and path of their requests', async () => {
    const statuses = publishedRoutes.map(async ({ request: { subject, action, resource } }) => {
      const gateway = createGatewayApi({
        pdp: api.pdp,
        routes: readRoutes(systemsRoot),
        identify: async () => ({ subject: subject.id, sessionIssuedAt: undefined }),
        planDenialStatus: 403,
        readiness: { ready: () => true },
        metrics: { decided() {}, responded() {}, failedClosed() {} },
        log: { error() {} },
      })
      const target = `/v1/ext-authz${resource.id.replace(/\{.*\}/, '7')}`
      return (await gateway.answer({ method: action.name, target, headers: ['Host', 'api.example.com'] })).status
    })
    expect(await Promise.all(statuses)).toEqual(publishedRoutes.map(({ expected }) => (expected ? 200 : 403)))
  })

  it('takes what gateways add, and allows no other spelling, method, template or type', async () => {
    const [{ request }] = publishedRoutes as [(typeof publishedRoutes)[number]]
    const asking = (name: string, resource: object) =>
      ask('api_gateway', 'evaluation', { ...request, action: { name }, resource, context: {} })
    const added = { uri: 'https://api.example.com/todos', path: '/todos', ip: '192.0.2.1', params: null }
    const texts = [
      await asking('POST', { type: 'route', id: '/todos', properties: added }),
      await asking('post', { type: 'route', id: '/todos' }),
      await asking('POST', { type: 'route', id: '/todos/{todoId}' }),
      await asking('PATCH', { type: 'route', id: '/todos' }),
      await asking('POST', { type: 'todo', id: '/todos' }),
    ].map(({ text }) => text)
    expect(texts).toEqual([yes, no, no, no, no])
  })

  it('finds people under the type that is asked for, and takes no other type for a person', async () => {
    const route = { action: { name: 'POST' }, resource: { type: 'route', id: '/todos' } }
    const may = publishedRoutes.filter(({ request, expected }) => expected && request.action.name === 'POST')
    for (const type of ['identity', 'user'])
      expect((await ask('api_gateway', 'search/subject', { ...route, subject: { type } })).text).toBe(
        JSON.stringify({ results: may.map(({ request }) => ({ type, id: request.subject.id })) }),
      )
    const [id] = may.map(({ request }) => request.subject.id)
    for (const type of ['Identity', 'person', 'service'])
      expect((await ask('api_gateway', 'evaluation', { ...route, subject: { type, id } })).text).toBe(no)
  })
})

describe('the search demo', () => {
  const people = Object.keys(publishedRecords)
  const actions = ['view', 'edit', 'delete'] as const
  const numbers = Array.from({ length: 20 }, (_, index) => String(101 + index))
  const may = (person: string, action: (typeof actions)[number], number: string) =>
    publishedRecords[person]?.[action].split(' ').includes(number) === true

  it('has the 60 published searches for subjects', async () => {
    for (const number of numbers)
      for (const name of actions) {
        const body = { subject: users, action: { name }, resource: { type: 'record', id: number } }
        const results = people.filter((id) => may(id, name, number)).map((id) => ({ type: 'user', id }))
        expect((await ask('records', 'search/subject', body)).text).toBe(JSON.stringify({ results }))
      }
  })

  it('has the 18 published searches for resources', async () => {
    for (const id of people)
      for (const name of actions) {
        const body = { subject: { type: 'user', id }, action: { name }, resource: records }
        const results = numbers
          .filter((number) => may(id, name, number))
          .map((number) => ({ type: 'record', id: number }))
        expect((await ask('records', 'search/resource', body)).text).toBe(JSON.stringify({ results }))
      }
  })

  it('has the 120 published searches for actions', async () => {
    for (const id of people)
      for (const number of numbers) {
        const body = { subject: { type: 'user', id }, resource: { type: 'record', id: number } }
        const results = actions.filter((name) => may(id, name, number)).map((name) => ({ name }))
        expect((await ask('records', 'search/action', body)).text).toBe(JSON.stringify({ results }))
      }
  })

  it('finds nothing by an action or an id that nobody knows', async () => {
    const body = { subject: users, action: { name: 'shred' }, resource: { type: 'record', id: '101' } }
    expect((await ask('records', 'search/subject', body)).text).toBe('{"results":[]}')
    const unknown = { subject: users, action: { name: 'view' }, resource: { type: 'record', id: '999' } }
    expect((await ask('records', 'search/subject', unknown)).text).toBe('{"results":[]}')
  })
})

describe('the examples', () => {
  it('are systems by their folders alone, with actions that name no type', () => {
    const systems = examples.map((name) => [...(api.pdp.policy?.systems.get(name)?.permissions.keys() ?? [])])
    expect(systems).toEqual([
      ['read', 'write', 'delete'],
      ['can_read_user', 'can_read_todos', 'can_create_todo', 'can_update_todo', 'can_delete_todo'],
      ['view', 'edit', 'delete'],
      ['GET', 'POST', 'PUT', 'DELETE'],
    ])
  })
})
