import { describe, expect, it } from 'vitest'
import { factBounds } from '../../src/pdp/facts.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { tenantWith } from '../support/fact-bounds.ts'
import { club, clubPdp, refusal, request } from './fixture.ts'

function ask(fact: string, count: number, needs: readonly string[]) {
  const { asks = {}, ...more } = tenantWith[fact]?.(count) ?? {}
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
