import { describe, expect, it } from 'vitest'
import { factBounds } from '../../src/pdp/facts.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import type { TenantDocument } from '../../src/pdp/tenant-document.ts'
import { club, clubPdp, refusal, request } from './fixture.ts'

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
const keyed = <T>(count: number, value: T) => Object.fromEntries(times(count, (index) => [`n${index}`, value]))

/** A tenant and resource properties that make a fact of so many records. */
const makers: Readonly<Record<string, (count: number) => Partial<TenantDocument> & { readonly asks?: object }>> = {
  'tenant.api_keys': (count) => ({ api_keys: times(count, (index) => `k${index}`) }),
  'tenant.projects': (count) => ({ projects: times(count, (index) => `p${index}`) }),
  'tenant.custom_levels': (count) => ({ custom_levels: times(count, (index) => ({ id: `l${index}` })) }),
  'tenant.gallery_roles': (count) => ({ gallery_roles: keyed(count, []) }),
  'items.invites': (count) => ({ asks: { invites: times(count, (index) => ({ email: `n${index}@example.com` })) } }),
  'items.key_holders': (count) => ({
    members: times(count, (index) => ({ user: `u${index}`, api_keys: ['k'] })),
    asks: { api_key: 'k' },
  }),
  'items.shares': (count) => ({ shares: times(count, () => ({ user: 'ann', path: '/' })), asks: { path: '/a' } }),
  'items.owned': (count) => ({ owners: times(count, () => ({ user: 'ann', path: '/a' })), asks: { path: '/a' } }),
  'items.collections': (count) => ({ collection_assets: keyed(count, ['/a']), asks: { path: '/a' } }),
  'items.gallery_access': (count) => ({
    gallery_access: times(count, (index) => ({ user: 'ann', project: `p${index}` })),
  }),
  'items.without_two_factor': (count) => ({ members: times(count, (index) => ({ user: `u${index}` })) }),
  'counts.roles': (count) => ({ members: times(count, (index) => ({ user: `u${index}`, role: `r${index}` })) }),
}

function ask(fact: string, count: number, needs: readonly string[]) {
  const { asks = {}, ...more } = makers[fact]?.(count) ?? {}
  const { pdp } = clubPdp({
    needs,
    stored: [{ ...club, ...more }],
    memo: { entries: 1, bytes: 10_000, largestInput: 0 },
  })
  const change: Partial<DecisionRequest> = { resource: { type: 'door', id: '-', properties: { ...asks } } }
  return () => pdp.decide(request(change))
}

describe.each(Object.entries(factBounds))('%s holds %i records', (fact, bound) => {
  it('and is decided upon with so many', () => {
    expect(ask(fact, bound, [fact])().decision.decision).toBe(true)
  })

  it('and refuses one more with `too_many_facts`, each time it is asked', () => {
    const asked = ask(fact, bound + 1, [fact])
    const expected = { code: 'too_many_facts', status: 503, pointer: undefined }
    expect([refusal(asked), refusal(asked)]).toEqual([expected, expected])
  })

  it('and stops nobody whose permission does not read it', () => {
    expect(ask(fact, bound + 1, ['tenant.id', 'counts.active'])().decision.decision).toBe(true)
  })
})
