import { describe, expect, it } from 'vitest'
import type { Decision } from '../../src/pdp/decision.ts'
import { createMemo } from '../../src/pdp/memo.ts'
import { clubPdp, clubPolicy, request, roomy } from './fixture.ts'

const byDoor = { needs: ['request.resource.properties.door'] }
const door = (name: string) => request({ resource: { type: 'door', id: '-', properties: { door: name } } })
const decision = { decision: true, obligations: [] } as unknown as Decision

describe('a decision that was made', () => {
  it('is given again to the same input, the same object, under another id', () => {
    const { pdp, inputs } = clubPdp(byDoor)
    const [first, again] = [pdp.decide(door('front')), pdp.decide(door('front'))]
    expect([first.cache, again.cache, inputs.length]).toEqual(['miss', 'hit', 1])
    expect(again.decision).toBe(first.decision)
    expect(again.decisionId).not.toBe(first.decisionId)
    expect(pdp.decide(door('back')).cache).toBe('miss')
  })

  it('is frozen, its limit and obligations too', () => {
    const { pdp } = clubPdp({
      evaluate: () => ({
        decision: false,
        reason: 'full',
        stage: 'capacity',
        check: null,
        limit: { name: 'seats', limit: 3, used: 3 },
        obligations: [{ type: 'tell', to: 'owner' }],
      }),
    })
    const { decision: made } = pdp.decide(request())
    const parts = [made, made.limit, made.obligations, made.obligations[0]]
    expect(parts.map((part) => Object.isFrozen(part))).toEqual([true, true, true, true])
  })

  it('is forgotten with its policy', () => {
    const { pdp } = clubPdp()
    pdp.decide(request())
    const before = pdp.memo
    const { policy } = clubPolicy({
      evaluate: () => ({ decision: false, reason: 'closed', obligations: [], stage: 'shape' }),
    })
    pdp.activate({ ...policy, digest: 'def' })
    expect(pdp.decide(request())).toMatchObject({ cache: 'miss', decision: { decision: false, policy: 'def' } })
    expect([pdp.memo === before, pdp.memo?.entries, before?.entries]).toEqual([false, 1, 1])
  })

  it('is never kept where it depends on the time, which the input says in UTC milliseconds', () => {
    let now = new Date('2026-11-20T10:00:00Z')
    const { pdp, inputs } = clubPdp({ needs: ['now'], now: () => now })
    const caches = [pdp.decide(request()).cache, pdp.decide(request()).cache]
    now = new Date('2026-11-20T10:00:01Z')
    caches.push(pdp.decide(request()).cache)
    expect(caches).toEqual(['bypass', 'bypass', 'bypass'])
    expect(inputs.map((input) => JSON.parse(input).now)).toEqual([
      '2026-11-20T10:00:00.000Z',
      '2026-11-20T10:00:00.000Z',
      '2026-11-20T10:00:01.000Z',
    ])
    expect(pdp.memo?.entries).toBe(0)
  })

  it('is not asked the time where no rule reads it', () => {
    const now = () => {
      throw new Error('nobody reads the time')
    }
    expect(clubPdp({ now }).pdp.decide(request()).cache).toBe('miss')
  })
})

describe('an input', () => {
  const shortest = Buffer.byteLength(
    '{"request":{"action":{"name":"door:open"},"resource":{"properties":{"door":""}}},"tenant":{},"member":{}}',
  )

  it.each([
    ['in one-byte letters', 'x', 20],
    ['in letters of two bytes', 'é', 10],
    ['in signs of four bytes', '🔑', 5],
  ])('of as many bytes as may be kept is kept, a longer one decided afresh: %s', (_, letter, count) => {
    const { pdp, inputs } = clubPdp({ ...byDoor, memo: { ...roomy, largestInput: shortest + 20 } })
    const ask = (times: number) => [
      pdp.decide(door(letter.repeat(times))).cache,
      pdp.decide(door(letter.repeat(times))).cache,
    ]
    expect([ask(count), ask(count + 1)]).toEqual([
      ['miss', 'hit'],
      ['bypass', 'bypass'],
    ])
    expect(inputs.length).toBe(3)
  })
})

describe('a memo', () => {
  it('keeps so many entries, those used last', () => {
    const memo = createMemo({ ...roomy, entries: 2 })
    memo.set('a', decision)
    memo.set('b', decision)
    memo.get('a')
    memo.set('c', decision)
    expect(['a', 'b', 'c'].map((input) => memo.get(input) !== undefined)).toEqual([true, false, true])
    expect([memo.entries, memo.evictions]).toEqual([2, 1])
  })

  it('keeps so many bytes', () => {
    const memo = createMemo({ entries: 1_000_000, bytes: 100_000, largestInput: 4096 })
    for (let index = 0; index < 200; index++) memo.set(String(index).padStart(1_000), decision)
    expect(memo.entries).toBeLessThanOrEqual(100)
    expect(memo.entries).toBeGreaterThan(20)
    expect(memo.evictions).toBe(200 - memo.entries)
    expect(memo.get('199'.padStart(1_000))).toBe(decision)
  })

  it('counts a decision of its own, with obligations, beside its key', () => {
    const own = { decision: true, obligations: [{ type: 'tell' }] } as unknown as Decision
    const entriesOf = (kept: Decision) => {
      const memo = createMemo({ entries: 1_000_000, bytes: 100_000, largestInput: 4096 })
      for (let index = 0; index < 1_000; index++) memo.set(String(index).padStart(100), kept)
      return memo.entries
    }
    expect([entriesOf(decision), entriesOf(own)]).toEqual([438, 79])
  })

  it('counts nothing as evicted that is only written again', () => {
    const memo = createMemo(roomy)
    for (let index = 0; index < 10; index++) memo.set('a', { ...decision })
    expect([memo.entries, memo.evictions]).toEqual([1, 0])
  })

  it('of no entries keeps nothing', () => {
    const { pdp, inputs } = clubPdp({ ...byDoor, memo: { ...roomy, entries: 0 } })
    expect([pdp.decide(door('a')).cache, pdp.decide(door('a')).cache, inputs.length]).toEqual(['bypass', 'bypass', 2])
  })

  it('compares the whole text: neither a prefix nor another case is enough', () => {
    const memo = createMemo(roomy)
    memo.set('{"a":1}', decision)
    expect(['{"a":1', '{"a":1} ', '{"A":1}', '', '__proto__'].map((input) => memo.get(input))).toEqual(
      new Array(5).fill(undefined),
    )
  })
})
