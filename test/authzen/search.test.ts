import { describe, expect, it } from 'vitest'
import { PosternError } from '../../src/pdp/errors.ts'
import { asked, refused } from './asked.ts'
import { clubApi, type Seen } from './club-api.ts'
import { demoApi, readme } from './demo-api.ts'

const at = (kind: string) => `/access/v1/search/${kind}`

const members = ['ann', 'ben', 'cleo', 'dan', 'eve'].map((user) => ({ user }))
const entities = { door: { front: {}, back: {}, 7: {} }, user: { ben: {}, zoe: {} } }

const subjects = { subject: { type: 'user' }, action: { name: 'door:open' }, resource: { type: 'door', id: 'front' } }
const resources = { subject: { type: 'user', id: 'ann' }, action: { name: 'door:open' }, resource: { type: 'door' } }
const actions = { subject: { type: 'user', id: 'ann' }, resource: { type: 'door', id: 'front' } }

const everything = () => true
const results = (type: string, ...ids: readonly string[]) =>
  JSON.stringify({ results: ids.map((id) => ({ type, id })) })

describe('a search for subjects', () => {
  it('finds the members who may, in the order of the tenant, each as its type and id', async () => {
    const { app } = clubApi({ members }, ({ subject }) => subject?.id !== 'ben')
    const { status, text } = await asked(app, at('subject'), subjects)
    expect([status, text]).toEqual([200, results('user', 'ann', 'cleo', 'dan', 'eve')])
  })

  it('goes through entities of the type too, each id once', async () => {
    const { app } = clubApi({ members, entities }, everything)
    expect((await asked(app, at('subject'), subjects)).text).toBe(
      results('user', 'ann', 'ben', 'cleo', 'dan', 'eve', 'zoe'),
    )
  })

  it('ignores the id of what is looked for, whatever it is', async () => {
    const { app } = clubApi({ members }, ({ subject }) => subject?.id === 'ben')
    for (const id of ['ann', 'nobody', '', 7, null, {}])
      expect((await asked(app, at('subject'), { ...subjects, subject: { type: 'user', id } })).text).toBe(
        results('user', 'ben'),
      )
  })
})

describe('a search for resources', () => {
  it('finds entities of the type and no others', async () => {
    const { app } = clubApi({ members, entities }, ({ resource }) => resource?.id !== 'back')
    expect((await asked(app, at('resource'), resources)).text).toBe(results('door', '7', 'front'))
  })

  it.each([
    ['api_key', { api_keys: ['k1', 'k2', 'k1'] }, ['k1', 'k2']],
    ['project', { projects: ['p1'], entities: { project: { p1: {}, p2: {} } } }, ['p1', 'p2']],
    ['custom_level', { custom_levels: [{ id: 'gold' }, { name: 'no id' }, 3] }, ['gold']],
    ['group', { groups: { staff: ['ann'] } }, ['staff']],
    ['collection', { collection_assets: { summer: [] } }, ['summer']],
  ])('goes through what the tenant lists as %s', async (type, document, ids) => {
    const { app } = clubApi(document, everything)
    const body = { ...resources, action: { name: 'ring' }, resource: { type } }
    expect((await asked(app, at('resource'), body)).text).toBe(results(type, ...ids))
  })

  it('keeps the properties that the request gives, and gives none back', async () => {
    const seen: unknown[] = []
    const { app } = clubApi({ entities }, ({ resource }) => seen.push(resource?.properties) > 0, {
      needs: ['request.resource.id', 'request.resource.properties.wood'],
    })
    const body = { ...resources, resource: { type: 'door', properties: { wood: 'oak' } } }
    expect((await asked(app, at('resource'), body)).text).toBe(results('door', '7', 'front', 'back'))
    expect(seen).toEqual([{ wood: 'oak' }, { wood: 'oak' }, { wood: 'oak' }])
  })
})

describe('a search for resources whose properties name one', () => {
  it('finds that one alone, as no other goes with them', async () => {
    const { app } = clubApi({ entities }, everything)
    const body = { ...resources, resource: { type: 'door', properties: { door: 'front' } } }
    expect((await asked(app, at('resource'), body)).text).toBe(results('door', 'front'))
  })
})

describe('a search for actions', () => {
  it('finds permissions of the system by name, those of another type left out', async () => {
    const { app } = clubApi({ members, entities }, ({ action }) => action.name !== 'door:close')
    expect((await asked(app, at('action'), actions)).text).toBe('{"results":[{"name":"door:open"},{"name":"ring"}]}')
    const other = { ...actions, resource: { type: 'gate', id: '1' } }
    expect((await asked(app, at('action'), other)).text).toBe('{"results":[{"name":"ring"}]}')
  })

  it('ignores an action', async () => {
    const { app } = clubApi({ members }, everything)
    for (const action of [{ name: 'door:open' }, {}, 'open', null])
      expect(JSON.parse((await asked(app, at('action'), { ...actions, action })).text).results).toHaveLength(3)
  })
})

describe('every search', () => {
  it.each([
    ['subject', 'type of subject', { ...subjects, subject: { type: 'martian' } }],
    ['subject', 'type that every object has', { ...subjects, subject: { type: 'constructor' } }],
    ['resource', 'type of resource', { ...resources, action: { name: 'ring' }, resource: { type: 'saucer' } }],
    ['resource', 'type for the action', { ...resources, resource: { type: 'user' } }],
  ])('for a %s finds nothing of an unknown %s', async (kind, _what, body) => {
    const { app } = clubApi({ members, entities }, everything)
    const { status, text } = await asked(app, at(kind), body)
    expect([status, text]).toEqual([200, '{"results":[]}'])
  })

  it.each([
    ['subject', 'action', { ...subjects, action: undefined }, '/action'],
    ['subject', 'resource id', { ...subjects, resource: { type: 'door' } }, '/resource/id'],
    ['subject', 'subject', { ...subjects, subject: undefined }, '/subject'],
    ['subject', 'subject type', { ...subjects, subject: { id: 'ann' } }, '/subject/type'],
    ['resource', 'subject id', { ...resources, subject: { type: 'user' } }, '/subject/id'],
    ['resource', 'resource that is an object', { ...resources, resource: 'door' }, '/resource'],
    ['resource', 'action name', { ...resources, action: {} }, '/action/name'],
    ['action', 'subject', { ...actions, subject: undefined }, '/subject'],
    ['action', 'resource type', { ...actions, resource: { id: 'front' } }, '/resource/type'],
    ['action', 'context that is an object', { ...actions, context: 'x' }, '/context'],
    ['subject', 'page that is an object', { ...subjects, page: 1 }, '/page'],
    ['subject', 'limit of 0 or more', { ...subjects, page: { limit: -1 } }, '/page/limit'],
    ['subject', 'limit that is whole', { ...subjects, page: { limit: 1.5 } }, '/page/limit'],
    ['subject', 'limit that is a number', { ...subjects, page: { limit: '1' } }, '/page/limit'],
    ['subject', 'token that is a text', { ...subjects, page: { token: 1 } }, '/page/token'],
    ['subject', 'token that was given out', { ...subjects, page: { token: '' } }, '/page/token'],
    ['subject', 'tenant that is stored', { ...subjects, tenant: {} }, '/tenant'],
  ])('for a %s wants a %s', async (kind, _what, body, pointer) => {
    const { app, asked: evaluated } = clubApi({ members, entities }, everything)
    expect(await refused(app, at(kind), body)).toEqual([400, 'malformed_request', pointer])
    expect(evaluated).toEqual([])
  })

  it('is about the tenant of the path, and of no other', async () => {
    const { app } = clubApi({ members }, everything)
    expect((await asked(app, `/t/chess${at('subject')}`, subjects)).text).toBe(
      results('user', 'ann', 'ben', 'cleo', 'dan', 'eve'),
    )
    expect(await refused(app, `/t/other${at('subject')}`, subjects)).toEqual([404, 'unknown_tenant', '/context/tenant'])
  })

  it('is no answer at all where one candidate cannot be decided', async () => {
    const { app } = clubApi({ members }, ({ subject }) => {
      if (subject?.id === 'dan') throw new PosternError('undecidable')
      return true
    })
    expect(await refused(app, at('subject'), subjects)).toEqual([503, 'undecidable'])
  })

  it('evaluates once what the policy cannot tell apart', async () => {
    const many = { members: Array.from({ length: 300 }, (_, index) => ({ user: `u${index}`, role: `r${index % 2}` })) }
    const needs = ['member.role']
    const { app, asked: evaluated } = clubApi(many, everything, { needs })
    expect(JSON.parse((await asked(app, at('subject'), subjects)).text).results).toHaveLength(300)
    expect(evaluated).toHaveLength(2)
  })

  it('lets other requests through between its stretches', async () => {
    const many = { members: Array.from({ length: 400 }, (_, index) => ({ user: `u${index}` })) }
    const order: string[] = []
    const { app } = clubApi(many, () => order.push('decided') > 0)
    setImmediate(() => order.push('another'))
    await asked(app, at('subject'), subjects)
    expect(order.indexOf('another')).toBeLessThan(200)
    expect(order).toContain('another')
  })
})

/** All pages of a search, each as its ids and whether it says that it is the last. */
async function pages(app: Parameters<typeof asked>[0], kind: string, body: object, page: object) {
  const found: string[][] = []
  let next: object = page
  for (let turn = 0; turn < 50; turn++) {
    const { text } = await asked(app, at(kind), { ...body, page: next })
    expect(text).toMatch(/^\{"page":/)
    const { page: given, results: some } = JSON.parse(text)
    found.push(some.map(({ id, name }: { id?: string; name?: string }) => id ?? name))
    expect(Object.keys(given)).toEqual(['next_token'])
    if (given.next_token === '') return found
    next = { token: given.next_token }
  }
  throw new Error('it did not end')
}

describe('pages', () => {
  it('add up to the whole, by the limit of the first request', async () => {
    const { app } = clubApi({ members, entities }, ({ subject }) => subject?.id !== 'ben')
    expect(await pages(app, 'subject', subjects, { limit: 2 })).toEqual([['ann', 'cleo'], ['dan', 'eve'], ['zoe']])
    expect(await pages(app, 'subject', subjects, { limit: 3 })).toEqual([
      ['ann', 'cleo', 'dan'],
      ['eve', 'zoe'],
    ])
    expect(await pages(app, 'subject', subjects, {})).toEqual([['ann', 'cleo', 'dan', 'eve', 'zoe']])
    expect(await pages(app, 'action', actions, { limit: 1 })).toEqual([['door:open'], ['door:close'], ['ring']])
    expect(await pages(app, 'resource', resources, { limit: 1 })).toEqual([['7'], ['front'], ['back']])
  })

  it('end after a bounded number of candidates, even empty, whether or not a page was asked for', async () => {
    const { app, asked: evaluated } = clubApi({ members }, ({ subject }) => subject?.id === 'eve', { candidates: 2 })
    const first = JSON.parse((await asked(app, at('subject'), subjects)).text)
    expect(first).toEqual({ page: { next_token: expect.stringMatching(/^.+$/) }, results: [] })
    expect(evaluated).toHaveLength(2)
    const second = JSON.parse(
      (await asked(app, at('subject'), { ...subjects, page: { token: first.page.next_token } })).text,
    )
    expect(second.results).toEqual([])
    expect(evaluated).toHaveLength(4)
    expect(await pages(app, 'subject', subjects, { token: second.page.next_token })).toEqual([['eve']])
  })

  it('may hold nothing at all, and lose nobody by it', async () => {
    const { app } = clubApi({ members }, everything)
    const none = JSON.parse((await asked(app, at('subject'), { ...subjects, page: { limit: 0 } })).text)
    expect(none.results).toEqual([])
    const again = JSON.parse(
      (await asked(app, at('subject'), { ...subjects, page: { token: none.page.next_token } })).text,
    )
    expect([again.results, again.page.next_token === '']).toEqual([[], false])
  })

  it('cost what they hold, in a tenant of a million as well', async () => {
    const million = { members: Array.from({ length: 1_000_000 }, (_, index) => ({ user: `u${index}` })) }
    const { app, asked: evaluated } = clubApi(million, ({ subject }) => subject?.id === 'u999999', { candidates: 100 })
    const first = JSON.parse((await asked(app, at('subject'), subjects)).text)
    expect(first.results).toEqual([])
    expect(evaluated).toHaveLength(100)
    expect(first.page.next_token.length).toBeLessThan(200)
  })
})

describe('README', () => {
  it('shows a search and what the demo finds', async () => {
    const shown = /<!-- search -->\n```json\n([\s\S]*?)```\n\n```json\n([\s\S]*?)```\n<!-- \/search -->/.exec(readme)
    const { text } = await asked(demoApi().app, at('subject'), shown?.[1])
    expect(JSON.parse(text)).toEqual(JSON.parse(shown?.[2] ?? ''))
  })
})

describe('a page token', () => {
  const tokenOf = async (app: Parameters<typeof asked>[0], body: object = subjects, kind = 'subject') =>
    JSON.parse((await asked(app, at(kind), { ...body, page: { limit: 2 } })).text).page.next_token as string
  const ids = async (app: Parameters<typeof asked>[0], body: object, token: string, more: object = {}) =>
    JSON.parse((await asked(app, at('subject'), { ...body, page: { token, ...more } })).text).results.map(
      ({ id }: { id: string }) => id,
    )

  it('goes with the same question, its members in any order, with or without the limit', async () => {
    const { app } = clubApi({ members }, everything)
    const token = await tokenOf(app)
    const turned = Object.fromEntries(Object.entries(subjects).reverse())
    expect(await ids(app, turned, token)).toEqual(['cleo', 'dan'])
    expect(
      await ids(app, { ...turned, resource: { id: 'front', type: 'door' }, unknown: 1 }, token, { limit: 2 }),
    ).toEqual(['cleo', 'dan'])
  })

  it.each([
    ['another subject', { ...subjects, subject: { type: 'martian' } }, {}],
    ['another action', { ...subjects, action: { name: 'ring' } }, {}],
    ['another resource', { ...subjects, resource: { type: 'door', id: 'back' } }, {}],
    ['a context', { ...subjects, context: { at: 'night' } }, {}],
    ['a property', { ...subjects, subject: { type: 'user', properties: { x: 1 } } }, {}],
    ['another limit', subjects, { limit: 3 }],
  ])('is refused with %s', async (_what, body, more) => {
    const { app } = clubApi({ members }, everything)
    const page = { token: await tokenOf(app), ...more }
    const pointer = 'limit' in more ? '/page/limit' : '/page/token'
    expect(await refused(app, at('subject'), { ...body, page })).toEqual([400, 'malformed_request', pointer])
  })

  it('is refused in another search and about another tenant', async () => {
    const token_key = 'k'.repeat(32)
    const { app } = clubApi({ members, entities }, everything, { token_key })
    const both = { ...subjects, subject: { type: 'user', id: 'ann' } }
    const token = await tokenOf(app, both)
    expect(await refused(app, at('resource'), { ...both, page: { token } })).toEqual([
      400,
      'malformed_request',
      '/page/token',
    ])
    const other = clubApi({ members }, everything, { token_key, tenant: 'draughts' })
    expect(await refused(other.app, at('subject'), { ...both, page: { token } })).toEqual([
      400,
      'malformed_request',
      '/page/token',
    ])
  })

  it('is refused with any of its characters changed, cut off or added', async () => {
    const { app } = clubApi({ members }, everything)
    const token = await tokenOf(app)
    const [start, signature] = token.split('.') as [string, string]
    const forged = Buffer.from('{"after":"4"}').toString('base64url')
    for (const wrong of [
      `${forged}.${signature}`,
      `${start}.`,
      start,
      `.${signature}`,
      `${token}.`,
      `${token}x`,
      token.slice(0, -1),
      `${start}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
      'ö',
    ])
      expect(await refused(app, at('subject'), { ...subjects, page: { token: wrong } })).toEqual([
        400,
        'malformed_request',
        '/page/token',
      ])
  })

  it('holds in every process that has the key, and in no other', async () => {
    const made = (token_key: string | null) => clubApi({ members }, everything, { token_key }).app
    const token = await tokenOf(made('k'.repeat(32)))
    expect(await ids(made('k'.repeat(32)), subjects, token)).toEqual(['cleo', 'dan'])
    for (const key of ['l'.repeat(32), null])
      expect(await refused(made(key), at('subject'), { ...subjects, page: { token } })).toEqual([
        400,
        'malformed_request',
        '/page/token',
      ])
  })
})

describe('a random policy', () => {
  it('has its searches find those who may by its evaluations, all of them and nobody else', async () => {
    let seed = 11
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647
      return seed % below
    }
    const pick = (...ids: readonly string[]) => ids[random(ids.length)] as string
    let found = 0
    for (let round = 0; round < 40; round++) {
      const salt = random(1000)
      const says = ({ subject, action, resource }: Seen) => {
        const letters = [...`${salt}${subject?.id}${action.name}${resource?.id}`]
        return letters.reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 997, 7) % 3 === 0
      }
      const present = members.slice(random(5))
      const { app } = clubApi({ members: present, entities }, says, { candidates: 1 + random(4) })
      const subject = { type: 'user', id: pick('ann', 'ben', 'zoe', 'nobody') }
      const action = { name: pick('door:open', 'door:close', 'ring') }
      const resource = { type: 'door', id: pick('front', 'back', '7', 'none') }
      const users = [...new Set([...present.map(({ user }) => user), 'ben', 'zoe'])]
      const kinds = {
        subject: [users, (id: string) => ({ subject: { ...subject, id } })],
        resource: [['7', 'front', 'back'], (id: string) => ({ resource: { ...resource, id } })],
        action: [['door:open', 'door:close', 'ring'], (name: string) => ({ action: { name } })],
      } as const
      for (const [kind, [candidates, named]] of Object.entries(kinds)) {
        const allowed: string[] = []
        for (const id of candidates) {
          const { text } = await asked(app, '/access/v1/evaluation', { subject, action, resource, ...named(id) })
          if (text === '{"decision":true}') allowed.push(id)
        }
        const page = { limit: 1 + random(3) }
        expect((await pages(app, kind, { subject, action, resource }, page)).flat(), kind).toEqual(allowed)
        found += allowed.length
      }
    }
    expect(found).toBeGreaterThan(50)
  })
})
