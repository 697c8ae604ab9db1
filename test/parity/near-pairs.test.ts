import { isDeepStrictEqual } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import { writeInput } from '../../src/pdp/input-plan.ts'
import { normaliseInstant } from '../../src/pdp/instant.ts'
import type { PermissionIndex } from '../../src/pdp/policy.ts'
import { factsOfDocument, type TenantDocument as StoredDocument } from '../../src/pdp/tenant-document.ts'
import { evaluate, type ScenarioRequest, type TenantDocument } from '../reference/evaluate.ts'
import { randomCase } from '../reference/generate.ts'
import { builtBundle } from '../support/policy.ts'
import { agree, caseOf } from './cases.ts'

const pairs = 100_000

type Json = Readonly<Record<string, unknown>>

/** A request to a document; in a pair of them one value differs, or the same text is cut differently. */
interface Side {
  readonly document: TenantDocument
  readonly request: ScenarioRequest
}

const bundle = builtBundle()
const policy = loadPolicy(bundle, 64)
const { index } = bundle.manifest

/** Values that a careless key takes for the given one, or for each other. */
function lookAlikes(value: unknown = 'a'): readonly unknown[] {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const quoted = `${text}","role":"owner`
  const cut = text.split('')
  return [
    ...[value, text, `${text},`, `,${text}`, `${text}\0`, `\0${text}`, `${text} `, `${text}"`, quoted, `${text}\\`],
    ...[[value], [[value]], [text, ''], [`${text},`], [text, text], [`${text},${text}`], cut, [cut], cut.join()],
    ...[{ a: value, b: text }, { b: text, a: value }, { a: { b: value } }, { [text]: 1 }, { 'a,b': value }],
    ...[1, '1', [1], ['1'], 1.5, true, 'true', null, 'null', '', [], {}, '[]', '{}', '[object Object]'],
    ...['\u0430dmin', 'admin', 'a\u0301', '\u00e1', '\uff41', '\u200ba', '\ufeffa', 'ADMIN', '\u0131', '\u{1f511}'],
  ]
}

/** Where a value can differ: attributes of the request, of the tenant, of a member, and what no rule reads. */
const places = [
  ...['resource', 'resource', 'context'].flatMap((part) => [0, 1, 2].map((nth) => ({ part, nth }))),
  ...['settings', 'plan', 'plan', 'subject', 'user', 'role', 'status', 'unread'].map((part) => ({ part, nth: 0 })),
]

/** The request or document with `value` at a place, of those that the permission reads where there are such. */
function withValue({ document, request }: Side, { part, nth }: (typeof places)[number], value: unknown): Side {
  const needs = index.systems[document.system]?.permissions[request.action]?.needs ?? []
  const below = (prefix: string) =>
    needs.filter((need) => need.startsWith(prefix)).map((need) => need.slice(prefix.length))
  const nameIn = (names: readonly string[], other: string) => names[nth % Math.max(1, names.length)] ?? other
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const [first, ...others] = document.members ?? []
  switch (part) {
    case 'resource': {
      const name = nameIn(below('request.resource.properties.'), 'note')
      return { document, request: { ...request, resource: { ...request.resource, [name]: value } } }
    }
    case 'context': {
      const name = nameIn(below('request.context.'), 'note')
      return { document, request: { ...request, context: { ...request.context, [name]: value } } }
    }
    case 'settings': {
      const name = below('tenant.settings.').find((one) => one !== 'promo' && /name$/.test(one)) ?? 'note'
      return { document: { ...document, settings: { ...document.settings, [name]: text } }, request }
    }
    case 'plan':
      return { document: { ...document, plan: text }, request }
    case 'subject':
      return { document, request: { ...request, subject: { ...request.subject, id: text } } }
    case 'unread':
      return { document, request: { ...request, context: { ...request.context, request_id: value } } }
    default:
      // No document has two records of one user.
      if (part === 'user' && others.some(({ user }) => user === text)) return { document, request }
      if (first === undefined) return { document: { ...document, plan: text }, request }
      return { document: { ...document, members: [{ ...first, [part]: text }, ...others] }, request }
  }
}

interface Written {
  readonly side: Side
  readonly text: string
  /** What the permission reads of the request and of single records, found without the code under test. */
  readonly read: readonly unknown[]
}

function write(side: Side): Written {
  const { request, tenant } = caseOf(side.document, side.request, 0, policy)
  const { permissions, unlisted } = policy.systems.get(tenant.system) ?? { permissions: new Map(), unlisted: undefined }
  const { input } = (permissions.get(request.action.name) ?? unlisted) as PermissionIndex
  const facts = factsOfDocument(tenant as StoredDocument)
  const text = writeInput(input, request, request.resource.properties, facts, () => '')
  const needs = index.systems[tenant.system]?.permissions[request.action.name]?.needs ?? []
  return { side, text, read: [...index.core_needs, ...needs].map((need) => valueAt(side, need)) }
}

function valueAt({ document, request }: Side, need: string): unknown {
  const members = document.members ?? []
  const record = (user: unknown) => members.findLast((one) => one.user === user) as unknown as Json | undefined
  const self = request.subject.type === 'user' ? record(request.subject.id) : undefined
  const [root, ...path] = need.split('.') as [string, ...string[]]
  const name = path.at(-1) as string
  if (need === 'request.action.name') return request.action
  if (need === 'request.context.session_issued_at')
    return self?.sessions_valid_after === undefined ? undefined : normaliseInstant(request.context[name])
  if (root === 'request' && path[0] === 'context') return own(request.context, name)
  if (root === 'request' && path[0] === 'resource') return own(request.resource, name)
  if (need === 'request.subject.service') return request.subject.type === 'service' ? request.subject.id : undefined
  if (need === 'request.subject.id') return request.subject.id
  if (root === 'tenant')
    return own(path[0] === 'settings' ? document.settings : document, name === 'id' ? 'tenant' : name)
  if (root === 'target') return own(record(own(request.resource, 'user')), name)
  if (root !== 'member' || name === 'sessions_valid_after') return undefined
  return name === 'exists' ? self !== undefined : own(self, name)
}

const own = (from: object | undefined, name: string): unknown =>
  from !== undefined && Object.hasOwn(from, name) ? (from as Json)[name] : undefined

const found = { distinct: 0, equalTexts: 0, naiveCollisions: 0, unparsable: 0 }
const confused: unknown[] = []
const disagreeing: unknown[] = []

function compare(one: Written, other: Written): void {
  const distinct = !isDeepStrictEqual(one.read, other.read)
  if (distinct) found.distinct += 1
  if (distinct && one.read.join() === other.read.join()) found.naiveCollisions += 1
  if (one.text !== other.text) return
  found.equalTexts += 1
  if (distinct) confused.push({ one, other })
  if (!agree(evaluate(one.side.document, one.side.request), evaluate(other.side.document, other.side.request)))
    disagreeing.push({ one, other })
}

describe(`${pairs.toLocaleString('en')} pairs of requests or documents that differ in one value`, () => {
  beforeAll(() => {
    let [seed, compared] = [30_000_000, 0]
    while (compared < pairs) {
      const base = randomCase(seed)
      const place = places[seed % places.length] as (typeof places)[number]
      const given = lookAlikes(Object.values(base.request.resource)[0])
      const sides = given.map((value) => write(withValue(base, place, value)))
      // Each with one that is further on every time, and with the base itself.
      const untouched = write(base)
      sides.forEach((side, at) => {
        compare(side, sides[(at + 1 + (seed % (sides.length - 1))) % sides.length] as Written)
        compare(side, untouched)
        if (!isDeepStrictEqual(JSON.stringify(JSON.parse(side.text)), side.text)) found.unparsable += 1
      })
      compared += 2 * sides.length
      seed += 1
    }
  }, 300_000)

  it('collide a thousand times where a key joins values by commas', () => {
    expect(found.distinct).toBeGreaterThan(pairs / 3)
    expect(found.naiveCollisions).toBeGreaterThan(1_000)
  })

  it('never have the same input text where what the policy reads is distinct', () => {
    expect(confused).toEqual([])
  })

  it('have the same decision, reason and obligations by the reference where their input texts are equal', () => {
    expect(found.equalTexts).toBeGreaterThan(pairs / 20)
    expect(disagreeing).toEqual([])
  })

  it('are written as JSON that says nothing twice', () => {
    expect(found.unparsable).toBe(0)
  })
})
