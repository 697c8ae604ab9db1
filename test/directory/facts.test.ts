import { describe, expect, it } from 'vitest'
import { whenLoaded } from '../../src/pdp/awaited-pdp.ts'
import { factBounds } from '../../src/pdp/facts.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { factsOfDocument, type TenantDocument } from '../../src/pdp/tenant-document.ts'
import { tenantWith } from '../support/fact-bounds.ts'
import { backends, factsOf } from '../support/stored-tenants.ts'
import { everyFact } from './every-fact.ts'
import { randomTenant } from './random-tenant.ts'

describe.each(backends)('on $name', ({ directoryOf, cases }) => {
  describe('a stored tenant', () => {
    it('has for every fact the text that its document has', async () => {
      const all = await Promise.all(
        Array.from({ length: 600 }, async (_, seed) => {
          const { document, request } = randomTenant(seed)
          const expected = await everyFact(factsOfDocument(document), document, request)
          const telling = expected.items.filter(([, text]) => text !== '[]' && text !== '{}').map(([name]) => name)
          return { document, request, expected, telling }
        }),
      )
      const tried = all.sort((a, b) => b.telling.length - a.telling.length).slice(0, cases)
      const directory = await directoryOf(...tried.map(({ document }) => document))
      for (const { document, request, expected } of tried) {
        const stored = await factsOf(directory, document.tenant)
        expect(await everyFact(stored, document, request)).toEqual(expected)
        // Asked again it answers from what it kept.
        expect(await everyFact(stored, document, request)).toEqual(expected)
      }
      // The cases say something about each fact.
      expect([...new Set(tried.flatMap(({ telling }) => telling))].sort()).toEqual([
        'collections',
        'gallery_access',
        'group_exists',
        'invited',
        'invites',
        'key_holders',
        'owned',
        'project_exists',
        'shares',
        'without_two_factor',
      ])
    })

    it('is searched for the candidates that its document has, page by page', async () => {
      const types = ['user', 'api_key', 'project', 'custom_level', 'group', 'collection', 'door', 'constructor']
      const all = Array.from({ length: cases }, (_, seed) => randomTenant(seed).document)
      const twice =
        JSON.parse(`{"tenant":"twice","system":"x","members":[{"user":"a"},{"user":"b"}],"api_keys":["k","l","k"],
      "projects":["p","p"],"custom_levels":[{"id":"x"},{"id":"x"},{"id":7},{"id":"y"}],"groups":{"g":[]},"collection_assets":{"c":[]},
      "entities":{"user":{"c":{},"a":{},"d":{}},"door":{"front":{},"back":{}},"api_key":{"l":{},"m":{}},"none":{}}}`)
      const documents = [...all, twice as TenantDocument]
      const directory = await directoryOf(...documents)
      const counted: Record<string, number> = Object.create(null)
      for (const document of documents)
        for (const type of types) {
          const expected = factsOfDocument(document)
            .candidates(type, undefined, 1_000)
            .map(({ id }) => id)
          const facts = await factsOf(directory, document.tenant)
          for (const most of [1, 2, 1_000]) {
            const found: string[] = []
            const pageAfter = (after?: string) => whenLoaded(() => facts.candidates(type, after, most))
            for (let page = await pageAfter(); page.length > 0; page = await pageAfter(page.at(-1)?.position)) {
              expect(page.length).toBeLessThanOrEqual(most)
              found.push(...page.map(({ id }) => id))
            }
            expect(found).toEqual(expected)
          }
          counted[type] = (counted[type] ?? 0) + expected.length
        }
      expect(counted).toMatchObject({ door: 2, constructor: 0 })
      for (const type of types.slice(0, 6)) expect(counted[type], type).toBeGreaterThan(0)
    })

    it('comes out as the document that it was', async () => {
      const all = Array.from({ length: cases }, (_, seed) => randomTenant(seed).document)
      const directory = await directoryOf(...all)
      expect(await Promise.all(all.map(async ({ tenant }) => (await directory.export(tenant))?.document))).toEqual(
        all.map((document, index) => ({ ...document, revision: index + 1 })),
      )
    })

    it('keeps names that look like those of a prototype, empty lists, and what is said twice', async () => {
      const document = JSON.parse(`{"tenant":"__proto__","system":"x","settings":{"__proto__":{"a":1}},"members":[],
      "api_keys":[],"projects":["a","a"],"groups":{"__proto__":["u","u"],"10":[],"9":["u"]},
      "collection_assets":{"c":["/a","/b","/a"],"b":["/b"]},"custom_levels":[{"id":"z"},{"id":"z"},{"id":"y"}],
      "entities":{"none":{},"user":{"constructor":{"__proto__":1}},"project":{"b":{},"a":{}},"document":{"d":{},"1":{}}},
      "shares":[{"level":"read"},{"user":"u","group":"9","path":"/a","level":"read"},{"group":"__proto__","path":"/a","level":"r"}],
      "owners":[{"user":"u","path":"/a","collection":"c"},{"user":"u","collection":"c","since":0}]}`)
      const directory = await directoryOf(document)
      const exported = (await directory.export('__proto__'))?.document
      expect(JSON.stringify(exported)).toBe(JSON.stringify({ ...exported, ...document, revision: 1 }))
      const request: DecisionRequest = {
        subject: { type: 'user', id: 'u' },
        action: { name: 'a:b' },
        resource: { type: 'user', id: 'constructor', properties: { path: '/a/x', group: '__proto__', project: 'a' } },
        context: { destination: '/b' },
      }
      const stored = await factsOf(directory, '__proto__')
      expect(await everyFact(stored, document, request)).toEqual(
        await everyFact(factsOfDocument(document), document, request),
      )
      expect(await whenLoaded(() => stored.item('shares', request))).toBe(
        '[{"group":"__proto__","path":"/a","level":"r"}]',
      )
      expect(await whenLoaded(() => stored.item('collections', request))).toBe('{"c":["/a","/b","/a"],"b":["/b"]}')
    })

    it('is the same for everybody who asks at once, and one that is not there is none for all of them', async () => {
      const { tenants } = await directoryOf({ tenant: 't', system: 'x', members: [{ user: 'ann', role: 'r' }] })
      const ask = (tenant: string) => whenLoaded(() => tenants.find(tenant)?.record('ann')?.value('role') ?? 'none')
      const asking = Array.from({ length: 500 }, (_, index) => ask(index % 2 === 0 ? 't' : 'gone'))
      const answers = await Promise.all(asking)
      expect(answers.filter((_, index) => index % 2 === 0)).toEqual(Array(250).fill('r'))
      expect(answers.filter((_, index) => index % 2 === 1)).toEqual(Array(250).fill('none'))
    })

    it('finds nothing for a text that cannot be stored, nor for its look-alike', async () => {
      const document = {
        tenant: 't',
        system: 'x',
        members: [{ user: '\ufffd' }, { user: 'a' }],
        projects: ['\ufffd'],
      }
      const directory = await directoryOf(document)
      const stored = await factsOf(directory, 't')
      for (const user of ['\ud800', 'a\0b']) expect(await whenLoaded(() => stored.record(user))).toBeUndefined()
      expect(await whenLoaded(() => directory.tenants.find('t\0'))).toBeUndefined()
      expect((await whenLoaded(() => stored.record('\ufffd')))?.value('user')).toBe('\ufffd')
    })
  })

  describe.each(Object.entries(factBounds))('%s of a stored tenant', (fact, bound) => {
    it.each([bound, bound + 1])('answers as that of a document with %i records', async (count) => {
      const { asks, ...more } = tenantWith[fact]?.(count) ?? {}
      const document: TenantDocument = { tenant: 't', system: 'x', ...more }
      const request: DecisionRequest = {
        subject: { type: 'user', id: 'ann' },
        action: { name: 'a:b' },
        resource: { type: 'a', id: '-', properties: { ...asks } },
      }
      const stored = await factsOf(await directoryOf(document), 't')
      // One by one, ten thousand candidates would be as many look-ups.
      const few = { users: ['u1'], pages: [999, 1000] }
      const expected = await everyFact(factsOfDocument(document), document, request, few)
      expect(await everyFact(stored, document, request, few)).toEqual(expected)
      expect(JSON.stringify(expected).includes('too_many_facts')).toBe(count > bound)
    })
  })

  it('a path with more folders above it than anybody has is refused, stored or not', async () => {
    const document = { tenant: 't', system: 'x' }
    const request: DecisionRequest = {
      subject: { type: 'user', id: 'ann' },
      action: { name: 'a:b' },
      resource: { type: 'a', id: '-', properties: { path: '/a'.repeat(2000) } },
    }
    const stored = await factsOf(await directoryOf(document), 't')
    for (const facts of [stored, factsOfDocument(document)])
      await expect((async () => whenLoaded(() => facts.item('owned', request)))()).rejects.toThrow(
        'a path with more than 1000 folders above it',
      )
  })
})
