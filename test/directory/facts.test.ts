import { describe, expect, it } from 'vitest'
import { factBounds, type TenantFacts } from '../../src/pdp/facts.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { factsOfDocument, type TenantDocument } from '../../src/pdp/tenant-document.ts'
import { tenantWith } from '../support/fact-bounds.ts'
import { directoryOf } from '../support/stored-tenants.ts'
import { everyFact } from './every-fact.ts'
import { randomTenant } from './random-tenant.ts'

const cases = 600

describe('a stored tenant', () => {
  it('has for every fact the text that its document has', () => {
    const all = Array.from({ length: cases }, (_, seed) => randomTenant(seed))
    const { tenants } = directoryOf(...all.map(({ document }) => document))
    const texts = new Set<string>()
    for (const { document, request } of all) {
      const stored = tenants.find(document.tenant)
      const expected = everyFact(factsOfDocument(document), document, request)
      expect(stored && everyFact(stored, document, request)).toEqual(expected)
      // Asked again it answers from what it kept.
      expect(stored && everyFact(stored, document, request)).toEqual(expected)
      for (const [name, text] of expected.items) if (text !== '[]' && text !== '{}') texts.add(`${name}`)
    }
    // The cases say something about each fact.
    expect([...texts].sort()).toEqual([
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

  it('is searched for the candidates that its document has, page by page', () => {
    const types = ['user', 'api_key', 'project', 'custom_level', 'group', 'collection', 'door', 'constructor']
    const all = Array.from({ length: cases }, (_, seed) => randomTenant(seed).document)
    const twice =
      JSON.parse(`{"tenant":"twice","system":"x","members":[{"user":"a"},{"user":"b"}],"api_keys":["k","l","k"],
      "projects":["p","p"],"custom_levels":[{"id":"x"},{"id":"x"},{"id":7},{"id":"y"}],"groups":{"g":[]},"collection_assets":{"c":[]},
      "entities":{"user":{"c":{},"a":{},"d":{}},"door":{"front":{},"back":{}},"api_key":{"l":{},"m":{}},"none":{}}}`)
    const documents = [...all, twice as TenantDocument]
    const { tenants } = directoryOf(...documents)
    const counted: Record<string, number> = Object.create(null)
    for (const document of documents)
      for (const type of types) {
        const expected = factsOfDocument(document)
          .candidates(type, undefined, 1_000)
          .map(({ id }) => id)
        const facts = tenants.find(document.tenant) as TenantFacts
        for (const most of [1, 2, 1_000]) {
          const found: string[] = []
          for (let after: string | undefined, page = facts.candidates(type, after, most); page.length > 0; ) {
            expect(page.length).toBeLessThanOrEqual(most)
            found.push(...page.map(({ id }) => id))
            after = page.at(-1)?.position
            page = facts.candidates(type, after, most)
          }
          expect(found).toEqual(expected)
        }
        counted[type] = (counted[type] ?? 0) + expected.length
      }
    expect(counted).toMatchObject({ door: 2, constructor: 0 })
    for (const type of types.slice(0, 6)) expect(counted[type], type).toBeGreaterThan(0)
  })

  it('comes out as the document that it was', () => {
    const all = Array.from({ length: cases }, (_, seed) => randomTenant(seed).document)
    const directory = directoryOf(...all)
    expect(all.map(({ tenant }) => directory.export(tenant))).toEqual(
      all.map((document, index) => ({ ...document, revision: index + 1 })),
    )
  })

  it('keeps names that look like those of a prototype, empty lists, and what is said twice', () => {
    const document = JSON.parse(`{"tenant":"__proto__","system":"x","settings":{"__proto__":{"a":1}},"members":[],
      "api_keys":[],"projects":["a","a"],"groups":{"__proto__":["u","u"],"10":[],"9":["u"]},
      "collection_assets":{"c":["/a","/b","/a"],"b":["/b"]},"custom_levels":[{"id":"z"},{"id":"z"},{"id":"y"}],
      "entities":{"none":{},"user":{"constructor":{"__proto__":1}},"project":{"b":{},"a":{}},"document":{"d":{},"1":{}}},
      "shares":[{"level":"read"},{"user":"u","group":"9","path":"/a","level":"read"},{"group":"__proto__","path":"/a","level":"r"}],
      "owners":[{"user":"u","path":"/a","collection":"c"},{"user":"u","collection":"c","since":0}]}`)
    const directory = directoryOf(document)
    expect(JSON.stringify(directory.export('__proto__'))).toBe(
      JSON.stringify({ ...directory.export('__proto__'), ...document, revision: 1 }),
    )
    const request: DecisionRequest = {
      subject: { type: 'user', id: 'u' },
      action: { name: 'a:b' },
      resource: { type: 'user', id: 'constructor', properties: { path: '/a/x', group: '__proto__', project: 'a' } },
      context: { destination: '/b' },
    }
    const stored = directory.tenants.find('__proto__')
    expect(stored && everyFact(stored, document, request)).toEqual(
      everyFact(factsOfDocument(document), document, request),
    )
    expect(stored?.item('shares', request)).toBe('[{"group":"__proto__","path":"/a","level":"r"}]')
    expect(stored?.item('collections', request)).toBe('{"c":["/a","/b","/a"],"b":["/b"]}')
  })

  it('finds nothing for a text that cannot be stored, nor for its look-alike', () => {
    const document = {
      tenant: 't',
      system: 'x',
      members: [{ user: '\ufffd' }, { user: 'a' }],
      projects: ['\ufffd'],
    }
    const { tenants } = directoryOf(document)
    const stored = tenants.find('t')
    expect([stored?.record('\ud800'), stored?.record('a\0b'), tenants.find('t\0')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(stored?.record('\ufffd')?.value('user')).toBe('\ufffd')
  })
})

describe.each(Object.entries(factBounds))('%s of a stored tenant', (fact, bound) => {
  it.each([bound, bound + 1])('answers as that of a document with %i records', (count) => {
    const { asks, ...more } = tenantWith[fact]?.(count) ?? {}
    const document: TenantDocument = { tenant: 't', system: 'x', ...more }
    const request: DecisionRequest = {
      subject: { type: 'user', id: 'ann' },
      action: { name: 'a:b' },
      resource: { type: 'a', id: '-', properties: { ...asks } },
    }
    const stored = directoryOf(document).tenants.find('t')
    const expected = everyFact(factsOfDocument(document), document, request, ['u1'])
    expect(stored && everyFact(stored, document, request, ['u1'])).toEqual(expected)
    expect(JSON.stringify(expected).includes('too_many_facts')).toBe(count > bound)
  })
})

it('a path with more folders above it than anybody has is refused, stored or not', () => {
  const document = { tenant: 't', system: 'x' }
  const request: DecisionRequest = {
    subject: { type: 'user', id: 'ann' },
    action: { name: 'a:b' },
    resource: { type: 'a', id: '-', properties: { path: '/a'.repeat(2000) } },
  }
  const stored = directoryOf(document).tenants.find('t')
  for (const facts of [stored, factsOfDocument(document)])
    expect(() => facts?.item('owned', request)).toThrow('a path with more than 1000 folders above it')
})
