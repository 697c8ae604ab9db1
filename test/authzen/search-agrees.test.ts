import { beforeAll, describe, expect, it } from 'vitest'
import type { OpenTenant } from '../../src/pdp/decision.ts'
import { asked } from './asked.ts'
import { demoApi } from './demo-api.ts'
import { exampleApi } from './example-api.ts'

interface Entity {
  readonly type: string
  readonly id: string
  readonly properties?: object
}

let tenants: readonly { readonly app: Parameters<typeof asked>[0]; readonly open: OpenTenant }[]
beforeAll(async () => {
  tenants = [demoApi(), await exampleApi()].flatMap(({ app, pdp, ids }) =>
    ids.map((tenant) => ({ app, open: pdp.snapshot().open({ context: { tenant } }) })),
  )
}, 120_000)

const properties = [
  {},
  { role: 'developer', email: 'new@example.com' },
  { user: 'bill' },
  { user: 'dev', role: 'billing' },
  { api_key: 'key-site' },
  { status: 'archived' },
]

describe('the systems that are shipped, and the examples', () => {
  it('have every search agree with the evaluations of all its candidates', async () => {
    let seed = 5
    const pick = <T>(values: readonly T[]): T => {
      seed = (seed * 48271) % 2147483647
      return values[seed % values.length] as T
    }
    const all = 1_000
    let allowed = 0
    for (const { app, open } of tenants) {
      const at = `/t/${open.id}/access/v1`
      const users = (await open.candidates('user', undefined, all)).map(({ id }) => id)
      const actions = open.actions(undefined, all).map(({ id }) => id)
      const may = async (subject: Entity, name: string, resource: Entity) => {
        const { status, text } = await asked(app, `${at}/evaluation`, { subject, action: { name }, resource })
        // A resource that does not go with the action gets no decision.
        expect([200, 400]).toContain(status)
        return text === '{"decision":true}'
      }
      const agree = async (
        kind: string,
        body: object,
        ids: readonly string[],
        mayBy: (id: string) => Promise<boolean>,
      ) => {
        const expected: string[] = []
        for (const id of ids) if (await mayBy(id)) expected.push(id)
        const { text } = await asked(app, `${at}/search/${kind}`, body)
        const found = JSON.parse(text).results.map(({ id, name }: { id?: string; name?: string }) => id ?? name)
        expect(found, `${kind} in ${open.id}: ${JSON.stringify(body)}`).toEqual(expected)
        allowed += found.length
      }
      for (let round = 0; round < 25; round++) {
        const name = pick(actions)
        const action = { name }
        const type = name.includes(':') ? name.slice(0, name.indexOf(':')) : pick(['record', 'todo'])
        const subject = { type: 'user', id: pick([...users, 'nobody']) }
        const resource = { type, id: pick(['-', '101', '115', 'record-1', 'key-app']), properties: pick(properties) }
        const resources = (await open.candidates(type, undefined, all)).map(({ id }) => id)
        await agree('subject', { subject: { type: 'user' }, action, resource }, users, (id) =>
          may({ ...subject, id }, name, resource),
        )
        await agree('resource', { subject, action, resource }, resources, (id) =>
          may(subject, name, { ...resource, id }),
        )
        await agree('action', { subject, resource }, actions, (other) => may(subject, other, resource))
      }
    }
    expect(tenants).toHaveLength(9)
    expect(allowed).toBeGreaterThan(300)
  }, 60_000)
})
