import { describe, expect, it } from 'vitest'
import type { Decision } from '../../src/pdp/decision.ts'
import { createDecisionPool } from '../../src/pdp/decision-pool.ts'

const denial: Decision = Object.freeze({
  decision: false,
  stage: 'right',
  reason: 'no_permission',
  message: 'the role `guest` does not hold `door:open`',
  rule: 'config/systems/club/matrix.yaml:3',
  obligations: Object.freeze([]),
  policy: 'digest',
})

/** The same with one member changed, as a new object. */
const but = (change: Partial<Decision>): Decision => Object.freeze({ ...denial, ...change })

describe('decisions that say the same', () => {
  it('are one object', () => {
    const pool = createDecisionPool()
    expect(pool(denial)).toBe(denial)
    expect(pool(but({}))).toBe(denial)
  })

  it.each([
    { decision: true },
    { stage: 'gate' },
    { reason: 'other' },
    { message: 'the role `guest`' },
    { rule: 'config/systems/club/matrix.yaml:4' },
    // What would be one key if the message did not come last.
    { rule: 'config/systems/club/matrix.yaml:3\nthe role', message: 'x' },
  ])('are not those that differ in %j', (change) => {
    const pool = createDecisionPool()
    pool(denial)
    const other = but(change)
    expect(pool(other)).toBe(other)
  })

  it.each([{ limit: { name: 'seats', limit: 3, used: 3 } }, { obligations: [{ type: 'tell' }] }])(
    'keep their own object where they speak of one request: %j',
    (change) => {
      const pool = createDecisionPool()
      pool(but(change))
      const again = but(change)
      expect(pool(again)).toBe(again)
    },
  )
})
