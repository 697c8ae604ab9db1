import { describe, expect, it } from 'vitest'
import { createFailureLimit } from '../../src/access/failure-limit.ts'

function limit(attempts: number) {
  const at = { now: 5_000 }
  const reports: { throttled: boolean; first: boolean; address: string }[] = []
  const failed = createFailureLimit({ attempts, report: (report) => reports.push(report), now: () => at.now })
  return { failed, reports, at }
}

describe('failed attempts', () => {
  it('are too many after as many as a minute has, until that minute is over', () => {
    const { failed, reports, at } = limit(2)
    expect([failed('10.0.0.1'), failed('10.0.0.1'), failed('10.0.0.1')]).toEqual([undefined, undefined, 60])
    at.now += 59_001
    expect(failed('10.0.0.1')).toBe(1)
    at.now += 999
    expect(failed('10.0.0.1')).toBeUndefined()
    expect(reports.map(({ throttled, first }) => [throttled, first])).toEqual([
      [false, false],
      [false, false],
      [true, true],
      [true, false],
      [false, false],
    ])
  })

  it('of one address are not those of another', () => {
    const { failed } = limit(1)
    expect([failed('10.0.0.1'), failed('10.0.0.1'), failed('10.0.0.2'), failed('fd00::1')]).toEqual([
      undefined,
      60,
      undefined,
      undefined,
    ])
  })

  it.each([
    ['10.0.0.1', '::ffff:10.0.0.1'],
    ['2001:db8:0:1::1', '2001:db8:0:1:ffff:ffff:ffff:ffff'],
    ['2001:db8::5', '2001:db8:0:0:8000::'],
    ['::1', '::2'],
    ['fe80::1%eth0', 'fe80::2%eth1'],
    [undefined, undefined],
  ])('of %s and %s are counted together', (one, other) => {
    const { failed } = limit(1)
    expect([failed(one), failed(other)]).toEqual([undefined, 60])
  })

  it.each([
    ['2001:db8:0:1::1', '2001:db8:0:2::1'],
    ['2001:db8::1', '2001:db8:1::1'],
    ['10.0.0.1', undefined],
  ])('of %s and %s are not', (one, other) => {
    const { failed } = limit(1)
    expect([failed(one), failed(other)]).toEqual([undefined, undefined])
  })

  it('are kept of ten thousand addresses at most, the last ones', () => {
    const { failed } = limit(1)
    for (let index = 0; index <= 10_000; index++) failed(`10.0.${index >> 8}.${index & 255}`)
    expect(failed('10.0.0.0')).toBeUndefined()
    expect(failed('10.0.39.16')).toBe(60)
  })
})
