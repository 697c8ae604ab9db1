import { describe, expect, it } from 'vitest'
import { createClient } from '../../src/client/client.ts'
import { PosternError } from '../../src/pdp/errors.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { allow, answerOf, apiOver, deny, series, served } from '../http/fixture.ts'
import { asked, refused } from './asked.ts'
import { demoApi, readme } from './demo-api.ts'

const path = '/access/v1/evaluations'

const dev = { type: 'user', id: 'dev' }
const item = (name: string) => ({ subject: dev, action: { name }, resource: { type: 'door', id: '1' } })

/** Says yes to `open`, no to `close`, nothing to anything else; with the questions that reached it. */
function doors() {
  const questions: DecisionRequest[] = []
  const made = apiOver((request) => {
    questions.push(request)
    const { name } = request.action
    if (name === 'open') return answerOf(allow)
    if (name === 'close') return answerOf(deny)
    if (name === 'explode') throw new Error('secret')
    throw new PosternError('too_many_facts')
  })
  return { ...made, questions }
}

const yes = '{"decision":true}'
const no = '{"decision":false}'
const failed = (status: number, message: string) =>
  `{"decision":false,"context":{"error":${JSON.stringify({ status, message })}}}`
const many = 'the decision needs more records than a decision may read'

const batch = (...items: readonly string[]) => `{"evaluations":[${items.join(',')}]}`

describe('POST /access/v1/evaluations', () => {
  it('answers each item in its place, and nothing beside', async () => {
    const { app } = doors()
    const body = { evaluations: ['open', 'close', 'open'].map(item) }
    const { status, text, headers } = await asked(app, path, body)
    expect([status, text]).toEqual([200, batch(yes, no, yes)])
    expect(headers.get('x-postern-batch-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(headers.get('x-postern-decision-id')).toBe(null)
  })

  it.each([
    ['absent', {}],
    ['empty', { evaluations: [] }],
    ['empty, with a semantic', { evaluations: [], options: { evaluations_semantic: 'deny_on_first_deny' } }],
  ])('is one evaluation where the items are %s', async (_what, more) => {
    const { app } = doors()
    const single = await asked(app, path, { ...item('open'), ...more })
    expect([single.status, single.text]).toEqual([200, yes])
    expect(single.headers.get('x-postern-decision-id')).toBe('d-1')
    expect(await refused(app, path, more)).toEqual([400, 'malformed_request', '/subject'])
    const full = await asked(app, path, { ...item('close'), ...more }, { 'X-Postern-Context': 'full' })
    expect(full.text).toBe((await asked(app, '/authorize', item('close'))).text)
  })

  it('has what stands above stand in for what an item leaves out, whole', async () => {
    const { app, questions } = doors()
    const above = {
      ...item('open'),
      resource: { type: 'door', id: '1', properties: { wood: true } },
      context: { a: 1 },
    }
    const evaluations = [
      {},
      { context: { b: 2 } },
      { resource: { type: 'gate', id: '2' } },
      { action: { name: 'close' }, subject: { type: 'user', id: 'ann' } },
      { resource: { id: '3' } },
    ]
    const { text } = await asked(app, path, { ...above, evaluations })
    expect(text).toBe(batch(yes, yes, yes, no, failed(400, '`resource.type` must be a non-empty string')))
    expect(questions).toEqual([
      above,
      { ...above, context: { b: 2 } },
      { ...above, resource: { type: 'gate', id: '2' } },
      { ...above, action: { name: 'close' }, subject: { type: 'user', id: 'ann' } },
    ])
  })

  it('lets what stands above be incomplete where every item brings its own', async () => {
    const { app } = doors()
    const body = { subject: dev, action: {}, resource: {}, evaluations: [item('open'), item('close')] }
    expect((await asked(app, path, body)).text).toBe(batch(yes, no))
  })

  it.each([
    ['execute_all', batch(yes, no, failed(503, many), yes)],
    ['deny_on_first_deny', batch(yes, no)],
    ['permit_on_first_permit', batch(yes)],
  ])('goes through the items as %s says', async (evaluations_semantic, text) => {
    const { app } = doors()
    const body = {
      evaluations: ['open', 'close', 'jam', 'open'].map(item),
      options: { evaluations_semantic, other: 1 },
    }
    expect((await asked(app, path, body)).text).toBe(text)
  })

  it.each([
    ['deny_on_first_deny', ['jam', 'open'], batch(failed(503, many))],
    ['permit_on_first_permit', ['jam', 'close', 'open', 'close'], batch(failed(503, many), no, yes)],
  ])('counts an item that cannot be decided as a denial: %s', async (evaluations_semantic, names, text) => {
    const { app, questions } = doors()
    const body = { evaluations: names.map(item), options: { evaluations_semantic } }
    expect((await asked(app, path, body)).text).toBe(text)
    expect(questions.length).toBe(JSON.parse(text).evaluations.length)
  })

  it('never says yes, nor what went wrong, for an item that failed; it is logged and counted', async () => {
    const { app, metrics, lines } = doors()
    const { text } = await asked(app, path, { evaluations: [item('explode'), 'open', item('open')] })
    expect(text).toBe(
      batch(
        failed(503, 'the policy could not be evaluated'),
        failed(400, 'an item of `evaluations` must be an object'),
        yes,
      ),
    )
    expect(series(metrics.render(), 'authz_fail_closed_total{cause="unexpected"}')).toBe(1)
    expect(lines).toHaveLength(1)
    const defect = apiOver(() => answerOf({ ...allow, decision: 1 as never }))
    const { text: denied } = await asked(defect.app, path, { evaluations: [item('open')] })
    expect(denied).toBe(batch(failed(503, 'the policy could not be evaluated')))
  })

  it.each([
    ['items that are an object', { evaluations: {} }, '/evaluations'],
    ['items that are null', { evaluations: null }, '/evaluations'],
    ['options that are a list', { options: [] }, '/options'],
    ['a semantic that there is none of', { options: { evaluations_semantic: 'all' } }, '/options/evaluations_semantic'],
    ['a semantic in capitals', { options: { evaluations_semantic: 'EXECUTE_ALL' } }, '/options/evaluations_semantic'],
    ['a semantic that is null', { options: { evaluations_semantic: null } }, '/options/evaluations_semantic'],
    ['a subject above that is a text', { subject: 'dev' }, '/subject'],
    ['a context above that is a list', { context: [] }, '/context'],
    ['a tenant document that is a text', { tenant: 'acme' }, '/tenant'],
  ])('refuses %s', async (_what, more, pointer) => {
    const { app, questions } = doors()
    const body = { evaluations: [item('open')], ...more }
    expect(await refused(app, path, body)).toEqual([400, 'malformed_request', pointer])
    expect(questions).toEqual([])
  })

  it('refuses more items than the limit, before any is decided', async () => {
    const { app, questions } = doors()
    const evaluations = Array.from({ length: 101 }, () => item('open'))
    expect(await refused(app, path, { evaluations })).toEqual([413, 'too_many_items', '/evaluations'])
    expect(questions).toEqual([])
    const { text } = await asked(app, path, { evaluations: evaluations.slice(1) })
    expect(JSON.parse(text).evaluations).toHaveLength(100)
  })

  it('gives every item its context where that is asked for', async () => {
    const { app } = doors()
    const { text } = await asked(app, path, { evaluations: [item('open')] }, { 'X-Postern-Context': 'full' })
    expect(text).toBe(batch((await asked(app, '/authorize', item('open'))).text))
    const { text: failing } = await asked(app, path, { evaluations: [item('jam')] }, { 'X-Postern-Context': 'full' })
    expect(failing).toBe(
      batch(
        `{"decision":false,"context":{"error":${JSON.stringify({ status: 503, message: many, code: 'too_many_facts' })}}}`,
      ),
    )
  })

  it('is what the TypeScript client asks, and understands', async () => {
    const answers = await served(doors().app, (port) =>
      createClient({ url: `http://127.0.0.1:${port}` }).batch(['open', 'close', 'jam'].map(item)),
    )
    expect(answers.map(({ decision, error }) => [decision, error?.code])).toEqual([
      [true, undefined],
      [false, undefined],
      [false, 'too_many_facts'],
    ])
  })

  it('shows in README what the demo answers', async () => {
    const shown = /<!-- batch -->\n```json\n([\s\S]*?)```\n\n```json\n([\s\S]*?)```\n<!-- \/batch -->/.exec(readme)
    const { text } = await asked(demoApi().app, path, shown?.[1])
    expect(JSON.parse(text)).toEqual(JSON.parse(shown?.[2] ?? ''))
  })
})

const list = (user: string, tenant?: string) => ({
  subject: { type: 'user', id: user },
  action: { name: 'member:list' },
  resource: { type: 'member', id: '-' },
  ...(tenant === undefined ? {} : { context: { tenant } }),
})

describe('the tenant of a batch', () => {
  it('is asked whether it has changed before each item, and each of its members is looked up once', async () => {
    const { app, lookups } = demoApi()
    const evaluations = [list('owner'), list('bill'), list('owner', 'acme-filestack'), list('owner'), list('bill')]
    const { text } = await asked(app, path, { evaluations })
    expect(text).toBe(batch(yes, no, yes, yes, no))
    const tenant = 'acme-filestack'
    expect(lookups).toEqual([tenant, `${tenant} owner`, tenant, `${tenant} bill`, tenant, tenant, tenant])
  })

  it('may be a document for all items, which is read once', async () => {
    const { app, lookups } = demoApi()
    const settings = { company_name: 'Acme', owner_full_name: 'Ann' }
    const members = [{ user: 'ann', role: 'account_owner' }]
    const tenant = { tenant: 't', system: 'filestack', plan: 'free', settings, members }
    const { text } = await asked(app, path, { tenant, evaluations: [list('ann'), list('owner'), list('ann')] })
    expect(text).toBe(batch(yes, no, yes))
    expect(lookups).toEqual(['document'])
  })

  it('is refused once where the document is wrong, or the path names another', async () => {
    const { app } = demoApi()
    const evaluations = [list('ann'), list('owner')]
    expect(await refused(app, path, { tenant: { tenant: 't' }, evaluations })).toEqual([
      400,
      'malformed_tenant',
      '/tenant',
    ])
    const tenant = { tenant: 't', system: 'filestack' }
    expect(await refused(app, `/t/acme-filestack${path}`, { tenant, evaluations })).toEqual([
      400,
      'ambiguous_tenant',
      '/tenant',
    ])
  })

  it('is refused in its place where an item names another than the path, or brings one, or names one beside a document', async () => {
    const { app } = demoApi()
    const both = 'the request names a tenant and also brings one'
    const body = { evaluations: [list('owner'), list('owner', 'other'), { ...list('owner'), tenant: {} }] }
    const alone = 'of these APIs only `/access/v1/evaluations` takes a tenant document, at its top level'
    expect((await asked(app, `/t/acme-filestack${path}`, body)).text).toBe(
      batch(yes, failed(400, 'the path names `acme-filestack`'), failed(400, alone)),
    )
    const tenant = { tenant: 't', system: 'filestack' }
    const named = { tenant, evaluations: [list('owner', 'acme-filestack')] }
    expect((await asked(app, path, named)).text).toBe(batch(failed(400, both)))
  })

  it('is each item its own where items name several, one of them unknown', async () => {
    const { app } = demoApi()
    const body = { evaluations: [list('owner'), list('owner', 'nowhere'), list('owner', 'acme-filestack')] }
    expect((await asked(app, path, body)).text).toBe(batch(yes, failed(404, 'no tenant `nowhere`'), yes))
  })
})
