import { describe, expect, it } from 'vitest'
import { createPdp } from '../../src/pdp/decide.ts'
import { PosternError } from '../../src/pdp/errors.ts'
import { factsOfDocument } from '../../src/pdp/tenant-document.ts'
import { club, clubPdp, inputOf, refusal, request, roomy } from './fixture.ts'

const byTenant = { needs: ['tenant.id'] }
const byDoor = { needs: ['request.resource.properties.door'], idProperty: 'door' }

const tenantAsked = (parts: Parameters<typeof inputOf>[0], change: Parameters<typeof request>[0]) =>
  (inputOf({ ...byTenant, ...parts }, change) as { tenant: { id: string } }).tenant.id

const propertiesAsked = (parts: Parameters<typeof inputOf>[0], resource: object, action = 'door:open') =>
  (
    inputOf(parts, { action: { name: action }, resource: { type: 'door', id: '-', ...resource } }) as {
      request: { resource?: { properties?: unknown } }
    }
  ).request.resource?.properties

describe('the tenant of a request', () => {
  const go = { ...club, tenant: 'go' }

  it('is the one that `context.tenant` names', () => {
    expect(tenantAsked({ stored: [club, go] }, { context: { tenant: 'go' } })).toBe('go')
  })

  it('is the default where the request names none', () => {
    expect(tenantAsked({ stored: [club, go], defaultTenant: 'go' }, { context: {} })).toBe('go')
    const { context: _, ...bare } = request()
    expect(clubPdp({ stored: [club, go], defaultTenant: 'go' }).pdp.decide(bare).decision.decision).toBe(true)
  })

  it('is the one named, before the default', () => {
    expect(tenantAsked({ stored: [club, go], defaultTenant: 'go' }, {})).toBe('chess')
  })

  it('is the document that the request brings, stored or not', () => {
    const brought = { tenant: 'bridge', system: 'club' }
    expect(tenantAsked({ defaultTenant: 'chess' }, { context: {}, tenant: brought })).toBe('bridge')
  })

  it('means nothing in the properties of the resource', () => {
    const resource = { type: 'door', id: '-', properties: { tenant: 'go' } }
    expect(tenantAsked({ stored: [club, go] }, { resource })).toBe('chess')
  })

  it('gives its revision to the answer', () => {
    expect(clubPdp().pdp.decide(request()).revision).toBe('7')
    expect(clubPdp().pdp.decide(request({ context: {}, tenant: { tenant: 'x', system: 'club' } })).revision).toBe('0')
  })

  it.each([
    ['is required', { context: {} }, { code: 'tenant_required', status: 400, pointer: undefined }],
    [
      'must be known',
      { context: { tenant: 'go' } },
      { code: 'unknown_tenant', status: 404, pointer: '/context/tenant' },
    ],
    [
      'is nothing inherited',
      { context: { tenant: 'constructor' } },
      { code: 'unknown_tenant', status: 404, pointer: '/context/tenant' },
    ],
    [
      'is no number',
      { context: { tenant: 5 } },
      { code: 'malformed_request', status: 400, pointer: '/context/tenant' },
    ],
    [
      'is not null',
      { context: { tenant: null } },
      { code: 'malformed_request', status: 400, pointer: '/context/tenant' },
    ],
    [
      'is not both named and brought',
      { tenant: { ...club } },
      { code: 'ambiguous_tenant', status: 400, pointer: '/tenant' },
    ],
    [
      'is not both, not even with null',
      { context: { tenant: null }, tenant: { ...club } },
      { code: 'ambiguous_tenant', status: 400, pointer: '/tenant' },
    ],
    [
      'runs on a system of the policy',
      { context: {}, tenant: { tenant: 'x', system: 'pub' } },
      { code: 'unknown_system', status: 400, pointer: undefined },
    ],
  ] as const)('%s', (_, change, expected) => {
    expect(refusal(() => clubPdp().pdp.decide(request(change)))).toEqual(expected)
  })
})

describe('a resource id', () => {
  it('stands for the property of the type’s own name', () => {
    expect(propertiesAsked(byDoor, { id: 'front' })).toEqual({ door: 'front' })
  })

  it.each([
    ['beside other properties', { id: 'front', properties: { colour: 'red' } }, { door: 'front' }],
    ['for one that is null', { id: 'front', properties: { door: null } }, { door: 'front' }],
    ['next to the same one', { id: 'front', properties: { door: 'front' } }, { door: 'front' }],
    ['never as `-`', { id: '-' }, {}],
    ['never when it is empty', { id: '' }, {}],
    ['never as `-` against a property', { id: '-', properties: { door: 'front' } }, { door: 'front' }],
    ['never empty against a property', { id: '', properties: { door: null } }, { door: null }],
  ])('stands %s', (_, resource, expected) => expect(propertiesAsked(byDoor, resource)).toEqual(expected))

  it('stands for nothing where the row does not take that property', () => {
    const { needs } = byDoor
    expect(propertiesAsked({ needs }, { id: 'front' })).toEqual({})
  })

  it.each([
    ['differs from the property', 'front', 'back'],
    ['differs in its case', 'front', 'Front'],
    ['meets a number', '5', 5],
    ['meets a list of itself', 'front', ['front']],
    ['meets a blank', 'front', ''],
    ['meets false', 'front', false],
  ])('is ambiguous where it %s, taken or not', (_, id, door) => {
    const resource = { type: 'door', id, properties: { door } }
    const expected = { code: 'ambiguous_resource', status: 400, pointer: '/resource/id' }
    for (const parts of [byDoor, {}])
      expect(refusal(() => clubPdp(parts).pdp.decide(request({ resource })))).toEqual(expected)
  })

  it('meets no inherited property', () => {
    const asked = { action: { name: 'constructor:open' }, resource: { type: 'constructor', id: 'front' } }
    expect(clubPdp().pdp.decide(request(asked)).decision.decision).toBe(true)
  })

  it.each(['key', 'Door', 'door:open', ''])('is of the type that the action names, not of `%s`', (type) => {
    const expected = { code: 'resource_type_mismatch', status: 400, pointer: '/resource/type' }
    expect(refusal(() => clubPdp(byDoor).pdp.decide(request({ resource: { type, id: '-' } })))).toEqual(expected)
  })

  it('is of any type where the action names none', () => {
    const asked = { action: { name: 'open' }, resource: { type: 'anything', id: '5' } }
    expect(clubPdp().pdp.decide(request(asked)).decision.decision).toBe(true)
  })
})

describe('a decision point', () => {
  it('decides nothing before a policy is active', () => {
    const pdp = createPdp({
      tenants: { find: () => factsOfDocument(club) },
      inline: factsOfDocument as never,
      defaultTenant: undefined,
      memo: roomy,
    })
    expect([pdp.policy, pdp.memo]).toEqual([undefined, undefined])
    expect(refusal(() => pdp.decide(request()))).toEqual({ code: 'not_ready', status: 503, pointer: undefined })
  })

  it('passes on what the evaluator cannot decide, and remembers nothing of it', () => {
    let fails = true
    const { pdp } = clubPdp({
      evaluate: () => {
        if (fails) throw new PosternError('undecidable')
        return { decision: false, reason: 'closed', obligations: [], stage: 'shape', check: null, limit: null }
      },
    })
    expect(refusal(() => pdp.decide(request()))).toEqual({ code: 'undecidable', status: 503, pointer: undefined })
    fails = false
    expect(pdp.decide(request())).toMatchObject({ cache: 'miss', decision: { decision: false, reason: 'closed' } })
  })

  it('gives every answer an id of its own, 128 bits in hex', () => {
    const { pdp } = clubPdp()
    const ids = Array.from({ length: 1_000 }, () => pdp.decide(request()).decisionId)
    expect(new Set(ids).size).toBe(1_000)
    expect(ids.filter((id) => !/^[0-9a-f]{32}$/.test(id))).toEqual([])
  })
})
