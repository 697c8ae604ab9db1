import { describe, expect, it } from 'vitest'
import { createPdp } from '../../src/pdp/decide.ts'
import { PosternError } from '../../src/pdp/errors.ts'
import type { TenantFacts } from '../../src/pdp/facts.ts'
import { factsOfDocument } from '../../src/pdp/tenant-document.ts'
import { allow, club, clubPolicy, roomy } from './fixture.ts'

const request = {
  subject: { type: 'user', id: 'ann' },
  action: { name: 'door:open' },
  resource: { type: 'door', id: '-' },
}

const deny = { decision: false, reason: 'no_permission', obligations: [], stage: 'right' }

/** A decision point whose tenant may be replaced, with what was looked up for it. */
function pointOver(facts: TenantFacts | undefined) {
  const state = { facts, lookups: [] as string[] }
  const pdp = createPdp({
    tenants: {
      find(tenant) {
        state.lookups.push(tenant)
        return state.facts
      },
    },
    inline(document) {
      state.lookups.push(`document ${document.tenant}`)
      if (document.tenant === 'broken') throw new PosternError('malformed_tenant')
      return factsOfDocument({ ...club, tenant: String(document.tenant) })
    },
    defaultTenant: 'chess',
    memo: roomy,
  })
  return { pdp, state }
}

describe('a snapshot', () => {
  it('decides by the policy that was active when it was made', async () => {
    const { pdp } = pointOver(factsOfDocument(club))
    pdp.activate(clubPolicy({ evaluate: () => allow }).policy)
    const snapshot = pdp.snapshot()
    pdp.activate(clubPolicy({ evaluate: () => deny }).policy)
    expect([(await snapshot.decide(request)).decision.decision, pdp.decide(request).decision.decision]).toEqual([
      true,
      false,
    ])
  })

  it('is over for a tenant that was written since it was first asked about', async () => {
    const { pdp, state } = pointOver(factsOfDocument(club))
    pdp.activate(clubPolicy().policy)
    const snapshot = pdp.snapshot()
    await snapshot.decide(request)
    state.facts = factsOfDocument({ ...club, revision: 8 })
    const changed = new PosternError('tenant_changed')
    expect(() => snapshot.decide(request)).toThrow(changed)
    expect(() => snapshot.open({})).toThrow(changed)
    state.facts = undefined
    expect(() => snapshot.decide(request)).toThrow(changed)
    state.facts = factsOfDocument({ ...club, revision: 8 })
    expect([(await pdp.snapshot().decide(request)).revision, pdp.decide(request).revision]).toEqual(['8', '8'])
  })

  it('gives no candidate of a tenant that was written since it was opened', () => {
    const { pdp, state } = pointOver(factsOfDocument(club))
    pdp.activate(clubPolicy().policy)
    const open = pdp.snapshot().open({})
    state.facts = factsOfDocument({ ...club, revision: 8 })
    expect(() => open.candidates('user', undefined, 9)).toThrow(new PosternError('tenant_changed'))
  })

  it('reads a document once, and one that is broken each time', async () => {
    const { pdp, state } = pointOver(undefined)
    pdp.activate(clubPolicy().policy)
    const snapshot = pdp.snapshot()
    const [sound, broken] = [{ tenant: 'sound' }, { tenant: 'broken' }]
    for (let turn = 0; turn < 2; turn++) {
      await snapshot.decide({ ...request, tenant: sound })
      expect(() => snapshot.decide({ ...request, tenant: broken })).toThrow(PosternError)
    }
    expect(state.lookups).toEqual(['document sound', 'document broken', 'document broken'])
  })

  it('shares the cache with everybody else', async () => {
    const { pdp } = pointOver(factsOfDocument(club))
    const { policy, inputs } = clubPolicy()
    pdp.activate(policy)
    await pdp.snapshot().decide(request)
    expect([pdp.decide(request).cache, inputs.length]).toEqual(['hit', 1])
  })

  it('opens the tenant that a request is about, and no other', () => {
    const { pdp, state } = pointOver(factsOfDocument(club))
    pdp.activate(clubPolicy().policy)
    const open = pdp.snapshot().open({})
    expect([open.id, open.actions(undefined, 9), open.candidates('user', undefined, 9)]).toEqual([
      'chess',
      [{ id: 'door:open', position: '0' }],
      [{ id: 'ann', position: '0' }],
    ])
    state.facts = factsOfDocument({ ...club, system: 'nowhere' })
    expect(() => pdp.snapshot().open({})).toThrow('no system `nowhere`')
    state.facts = undefined
    expect(() => pdp.snapshot().open({})).toThrow('no tenant `chess`')
  })

  it('is not to be had before there is a policy', () => {
    const { pdp } = pointOver(factsOfDocument(club))
    expect(() => pdp.snapshot()).toThrow(new PosternError('not_ready'))
  })
})
