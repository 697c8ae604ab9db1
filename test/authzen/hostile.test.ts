import { describe, expect, it } from 'vitest'
import { asked } from './asked.ts'
import { demoApi } from './demo-api.ts'

const subject = { type: 'user', id: 'owner', properties: { a: 1 } }
const action = { name: 'member:list', properties: {} }
const resource = { type: 'member', id: '-', properties: { user: 'bill' } }
const context = { tenant: 'acme-filestack', at: 'noon' }

const bodies: Readonly<Record<string, object>> = {
  evaluation: { subject, action, resource, context },
  evaluations: {
    subject,
    action,
    evaluations: [{ resource }, { resource, context }, { subject, action, resource, context }],
    options: { evaluations_semantic: 'execute_all' },
    context,
  },
  'search/subject': { subject, action, resource, context, page: { limit: 2 } },
  'search/resource': { subject, action, resource: { type: 'api_key' }, context, page: { limit: 2, token: 'x.y' } },
  'search/action': { subject, resource, context, page: {} },
}

const oddities: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  9007199254740991,
  '',
  '-',
  'user',
  '__proto__',
  'constructor',
  'toString',
  'x'.repeat(300),
  '\n',
  [],
  [null],
  [{}],
  {},
  { id: 1 },
  { type: 'user', id: 'owner' },
  { length: 2 },
  { toString: 1, valueOf: null },
]

const names = ['subject', 'id', 'type', 'name', 'properties', 'tenant', 'page', 'token', 'evaluations', 'constructor']

describe('bodies that nobody means', () => {
  it('are answered by a decision or by what is wrong with them, never by a defect, and never gain an allow', async () => {
    let seed = 3
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647
      return seed % below
    }
    const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T
    /** The value with one thing in it replaced, left out or added, anywhere. */
    const broken = (value: unknown): unknown => {
      const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
      if (entries.length === 0 || random(4) === 0) return pick(oddities)
      const at = random(entries.length)
      const [name, inner] = entries[at] as [string, unknown]
      const how = random(8)
      const changed: [string, unknown][] = how === 0 ? [] : how === 1 ? [[pick(names), inner]] : [[name, broken(inner)]]
      const others = entries.filter((_, index) => index !== at)
      return Array.isArray(value)
        ? [...others, ...changed].map(([, item]) => item)
        : Object.fromEntries([...others, ...changed])
    }
    const { app, lines } = demoApi()
    const statuses = new Map<number, number>()
    for (let round = 0; round < 3_000; round++) {
      const [path, body] = pick(Object.entries(bodies))
      let sent: unknown = body
      for (let times = 0; times <= random(3); times++) sent = broken(sent)
      const { status, text } = await asked(app, `/access/v1/${path}`, JSON.stringify(sent))
      expect([200, 400, 404], `${path} ${JSON.stringify(sent)} ${text}`).toContain(status)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      const answer = JSON.parse(text)
      if (status !== 200) expect(Object.keys(answer)).toEqual(['error'])
      // Whoever is not the owner by type and id is nobody, whatever else the body says.
      else if (path === 'evaluation' && answer.decision)
        expect(sent).toMatchObject({ subject: { type: 'user', id: 'owner' } })
    }
    expect(lines).toEqual([])
    for (const status of [200, 400, 404]) expect(statuses.get(status), String(status)).toBeGreaterThan(20)
  }, 60_000)
})
