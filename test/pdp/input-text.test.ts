import { describe, expect, it } from 'vitest'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import type { TenantDocument } from '../../src/pdp/tenant-document.ts'
import { club, clubPdp, inputOf, type Parts, request } from './fixture.ts'

const core = ['member.exists', 'member.role', 'member.sessions_valid_after', 'request.context.session_issued_at']
const session = 'request.context.session_issued_at'
const bounded: TenantDocument = {
  ...club,
  members: [{ user: 'ann', role: 'keeper', sessions_valid_after: '2026-11-20T11:00:00+01:00' }],
}

/** The text that the policy is asked, for each of the requests, all to one decision point. */
function texts(
  parts: Parts & { stored?: readonly TenantDocument[] },
  ...changes: Partial<DecisionRequest>[]
): readonly string[] {
  const { pdp, inputs } = clubPdp({ ...parts, memo: { entries: 1, bytes: 10_000, largestInput: 0 } })
  for (const change of changes) pdp.decide(request(change))
  return inputs
}

const inContext = (more: object): Partial<DecisionRequest> => ({ context: { tenant: 'chess', ...more } })
const withProperties = (properties: Readonly<Record<string, unknown>>): Partial<DecisionRequest> => ({
  resource: { type: 'door', id: '-', properties },
})

describe('the input text', () => {
  it('is the action and the facts that are needed, in a fixed order', () => {
    const needs = [
      'tenant.plan',
      'request.resource.properties.b',
      'tenant.id',
      'request.resource.properties.a',
      'counts.active',
    ]
    const [text] = texts({ core: ['member.role'], needs }, withProperties({ b: 1, c: 3, a: '2' }))
    expect(text).toBe(
      '{"request":{"action":{"name":"door:open"},"resource":{"properties":{"a":"2","b":1}}},"tenant":{"id":"chess"},"member":{"role":"keeper"},"counts":{"active":1}}',
    )
  })

  it('is the same whatever else the request says', () => {
    const [one, ...others] = texts(
      { core, needs: ['request.context.reason', 'request.resource.properties.door'] },
      { ...inContext({ reason: 'x' }), ...withProperties({ door: 'front' }) },
      {
        ...inContext({ request_id: 'r-1', reason: 'x', time: 5 }),
        ...withProperties({ door: 'front', colour: 'red' }),
      },
      { ...inContext({ reason: 'x' }), ...withProperties({ colour: 'red', door: 'front', tenant: 'go' }) },
      {
        ...inContext({ reason: 'x' }),
        ...withProperties({ door: 'front' }),
        subject: { type: 'user', id: 'ann', properties: { role: 'owner' } },
      },
      {
        ...inContext({ reason: 'x' }),
        ...withProperties({ door: 'front' }),
        action: { name: 'door:open', properties: { reason: 'y' } },
      },
    )
    expect(new Set([one, ...others])).toEqual(new Set([one]))
  })

  it('is the same for all who may do the same, unless a rule reads who asks', () => {
    const stored = [
      {
        ...club,
        members: [
          { user: 'ann', role: 'keeper' },
          { user: 'bob', role: 'keeper' },
        ],
      },
    ]
    const both = [{}, { subject: { type: 'user', id: 'bob' } }]
    expect(new Set(texts({ core, stored }, ...both)).size).toBe(1)
    expect(new Set(texts({ core, stored, needs: ['request.subject.id'] }, ...both)).size).toBe(2)
  })

  it('cannot be cut by a value', () => {
    const hostile = 'x"},"tenant":{"plan":"pro'
    const [text] = texts({ needs: ['request.resource.properties.door'] }, withProperties({ door: hostile }))
    expect(JSON.parse(text as string)).toMatchObject({
      request: { resource: { properties: { door: hostile } } },
      tenant: {},
    })
  })

  it('holds nothing inherited, and what is really called so', () => {
    const needs = ['request.resource.properties.constructor', 'request.resource.properties.__proto__']
    const [none, own] = texts(
      { needs },
      withProperties({}),
      withProperties(JSON.parse('{"__proto__":1,"constructor":2}')),
    )
    expect(none).toContain('"resource":{"properties":{}}')
    expect(own).toContain('"properties":{"__proto__":1,"constructor":2}')
  })
})

describe('the session’s time', () => {
  const sent = inContext({ session_issued_at: '2026-11-20T10:00:00.5+00:00' })

  it('is left out where the record sets no bound', () => {
    expect(inputOf({ core }, sent).request).toEqual({ action: { name: 'door:open' } })
  })

  it('is there, normalised like the bound, where the record sets one', () => {
    const { request: asked, member } = inputOf({ core, stored: [bounded] }, sent)
    expect(asked).toMatchObject({ context: { session_issued_at: '2026-11-20T10:00:00.500Z' } })
    expect(member).toMatchObject({ sessions_valid_after: '2026-11-20T10:00:00.000Z' })
  })

  it('is there where a rule of the permission reads it', () => {
    const expected = { context: { session_issued_at: '2026-11-20T10:00:00.500Z' } }
    expect(inputOf({ core, needs: [session] }, sent).request).toMatchObject(expected)
  })

  it.each(['yesterday', '', 5, null, ['2026-11-20T10:00:00Z']])('is absent where it is no instant: %j', (value) => {
    const { request: asked } = inputOf({ core, stored: [bounded] }, inContext({ session_issued_at: value }))
    expect(asked).toEqual({ action: { name: 'door:open' } })
  })

  it('exceeds no bound that is no instant', () => {
    const members = [{ user: 'ann', sessions_valid_after: 'always' }]
    const { member } = inputOf({ core, stored: [{ ...club, members }] })
    const bound = (member as { sessions_valid_after: string }).sessions_valid_after
    expect('9999-12-31T23:59:59.999Z' > bound).toBe(false)
  })
})

describe('the subject', () => {
  const needs = [
    'request.subject.service',
    'request.subject.type',
    'request.subject.id',
    'request.subject.properties.note',
  ]
  const stored = [
    {
      ...club,
      members: [
        { user: 'ann', role: 'keeper' },
        { user: 'service:x', role: 'guest' },
      ],
    },
  ]
  const asked = (subject: DecisionRequest['subject']) => inputOf({ core, needs, stored }, { subject })

  it('of type `service` has its id as `service`, and no record', () => {
    const { request, member } = asked({ type: 'service', id: 'ann' })
    expect(request).toMatchObject({ subject: { type: 'service', id: 'ann', service: 'ann' } })
    expect(member).toBeUndefined()
  })

  it('of type `user` is a person, whatever the id', () => {
    const { request, member } = asked({ type: 'user', id: 'service:x' })
    expect(request).toMatchObject({ subject: { type: 'user', id: 'service:x' } })
    expect(request).not.toHaveProperty('subject.service')
    expect(member).toEqual({ exists: true, role: 'guest' })
  })

  it.each(['User', 'group', 'users'])('of type `%s` has no record', (type) => {
    expect(asked({ type, id: 'ann' }).member).toBeUndefined()
  })

  it.each(['ANN', ' ann', 'bob', 'constructor', '__proto__'])(
    'without a record of that very id has none: `%s`',
    (id) => {
      expect(asked({ type: 'user', id }).member).toBeUndefined()
    },
  )

  it('says of itself only what a rule reads', () => {
    const properties = { note: 'hi', role: 'owner' }
    expect(asked({ type: 'user', id: 'ann', properties }).request).toHaveProperty('subject.properties', { note: 'hi' })
  })
})

describe('the action', () => {
  const properties = { softly: true, twice: false }
  const asked = (needs: readonly string[], action: DecisionRequest['action']) =>
    (inputOf({ needs, defaultTenant: 'chess' }, { action }).request as { action: unknown }).action

  it('says only what a rule reads', () => {
    const needs = ['request.action.properties.softly', 'request.action.properties.slowly']
    const given = asked(needs, { name: 'door:open', properties })
    expect(given).toEqual({ name: 'door:open', properties: { softly: true } })
    expect(asked(needs, { name: 'door:open' })).toEqual({ name: 'door:open', properties: {} })
  })

  it('is its name alone where no rule reads more', () => {
    expect(asked([], { name: 'door:open', properties })).toEqual({ name: 'door:open' })
  })
})

describe('what rules look up by name', () => {
  it('is an object, if only an empty one', () => {
    const needs = ['request.resource.properties.door', 'request.context.reason']
    const { context: _, ...bare } = request()
    const { request: asked } = inputOf({ needs, defaultTenant: 'chess' }, { ...bare, context: {} })
    expect(asked).toMatchObject({ resource: { properties: {} }, context: {} })
  })

  it('keeps null apart from absent', () => {
    const needs = ['request.resource.properties.door']
    expect(new Set(texts({ needs }, withProperties({ door: null }), withProperties({}))).size).toBe(2)
  })
})

describe('other facts', () => {
  it('name the target by the property `user`, also where the id stands for it', () => {
    const needs = ['target.role', 'target.exists', 'request.resource.properties.user']
    const asked = (properties: object) => inputOf({ core, needs }, withProperties({ ...properties })).target
    expect(asked({ user: 'ann' })).toEqual({ exists: true, role: 'keeper' })
    for (const user of ['ANN', 'bob', ['ann'], null, 'constructor']) expect(asked({ user })).toBeUndefined()
    const stood = inputOf(
      { needs, idProperty: 'user' },
      { action: { name: 'door:open' }, resource: { type: 'door', id: 'ann' } },
    )
    expect(stood.target).toEqual({ exists: true, role: 'keeper' })
  })

  it('are the entities that the subject and the resource are', () => {
    const door = { front: { floor: 1 }, back: { floor: 2 } }
    const stored = [{ ...club, entities: { door, user: { ann: { age: 7 }, bob: {} }, key: { k: {} } } }]
    const resource = { type: 'door', id: 'front' }
    expect(inputOf({ needs: ['entities'], stored }, { resource }).entities).toEqual({
      door: { front: { floor: 1 } },
      user: { ann: { age: 7 } },
    })
    const inherited = { type: 'door', id: 'constructor' }
    expect(inputOf({ needs: ['entities'], stored }, { resource: inherited }).entities).toEqual({
      user: { ann: { age: 7 } },
    })
  })

  it('hold both entities where subject and resource are of one type', () => {
    const stored = [{ ...club, entities: { user: { ann: { age: 7 }, bob: { age: 8 } } } }]
    const asked = { action: { name: 'greet' }, resource: { type: 'user', id: 'bob' } }
    const system = {
      unlisted: clubPdp({ needs: ['entities'] })
        .pdp.policy?.systems.get('club')
        ?.permissions.get('door:open'),
    }
    const given = inputOf({ stored, system: system as NonNullable<Parts['system']> }, asked).entities
    expect(given).toEqual({ user: { ann: { age: 7 }, bob: { age: 8 } } })
  })

  it('compare invited addresses trimmed and in ASCII lower case', () => {
    const members = [{ user: 'ann', email: 'Ann@Example.com' }, { user: 'ÉVE@x.com' }]
    const invited = (email: unknown) =>
      (
        inputOf({ needs: ['items.invited'], stored: [{ ...club, members }] }, withProperties({ email })).items as {
          invited: unknown[]
        }
      ).invited
    expect(invited('\u0085 ANN@example.COM\ufeff')).toEqual([{ address: 'ann@example.com', taken: true }])
    expect(invited('ANN')).toEqual([{ address: 'ann', taken: true }])
    expect(invited('éve@x.com')).toEqual([{ address: 'éve@x.com', taken: false }])
    expect(invited('ÉVE@X.COM')).toEqual([{ address: 'Éve@x.com', taken: true }])
    expect(invited(' ')).toEqual([{ address: '', taken: false }])
    for (const email of [5, null, undefined, ['ann']]) expect(invited(email)).toEqual([null])
  })
})
