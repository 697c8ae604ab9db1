import { expect, it } from 'vitest'
import { type Checked, propagation, tally, violations, type Written } from './history.ts'

/** Granted at 10 by the first sidecar, revoked at 20 by the second, granted at 30 and revoked at 40, for all to know. */
const writes: readonly Written[] = [
  { by: 0, allows: true, sent: 10, answered: 12, rev: 1, everywhere: false },
  { by: 1, allows: false, sent: 20, answered: 22, rev: 2, everywhere: false },
  { by: 0, allows: true, sent: 30, answered: 32, rev: 3, everywhere: false },
  { by: 0, allows: false, sent: 40, answered: 42, rev: 4, everywhere: true },
]

const broken = (check: Pick<Checked, 'sent' | 'allowed' | 'rev'> & Partial<Checked>) =>
  tally(violations(writes, [{ by: 2, answered: check.sent + 1, ...check }], 15))

it('a decision that knows of all that it must keeps every promise', () => {
  expect(broken({ sent: 25, allowed: true, rev: 1 })).toEqual({})
  expect(broken({ sent: 25, allowed: false, rev: 2, atLeast: 2, full: true, by: 1 })).toEqual({})
  expect(broken({ sent: 41, allowed: true, rev: 3 })).toEqual({})
  expect(broken({ sent: 43, allowed: false, rev: 4 })).toEqual({})
})

it('an allow after the revocation breaks the promise that was made for it', () => {
  const allow = { sent: 25, allowed: true, rev: 1 }
  expect(broken({ ...allow, by: 1 })).toEqual({ P1: 1 })
  expect(broken({ ...allow, atLeast: 2 })).toEqual({ P2: 1 })
  expect(broken({ ...allow, full: true })).toEqual({ now: 1 })
  expect(broken({ ...allow, sent: 28, rev: 1 })).toEqual({})
  expect(broken({ sent: 50, allowed: true, rev: 3 })).toEqual({ P4: 1 })
  expect(broken({ sent: 60, allowed: true, rev: 3 })).toEqual({ P3: 1, P4: 1 })
})

it('an allow is found out also where it says that it is of a later revision', () => {
  expect(broken({ sent: 43, allowed: true, rev: 4 })).toEqual({ P4: 1, P6: 1 })
  expect(broken({ sent: 25, allowed: true, rev: 2, atLeast: 2 })).toEqual({ P2: 1, P6: 1 })
})

it('a decision that is of no revision, or not of its own, is not of one', () => {
  expect(broken({ sent: 25, allowed: true, rev: 7 })).toEqual({ P6: 1 })
  expect(broken({ sent: 25, allowed: false, rev: 1 })).toEqual({ P6: 1 })
})

it('it took a sidecar until its first decision that knew', () => {
  const check = (answered: number, rev: number): Checked => ({
    by: 2,
    sent: answered - 1,
    answered,
    allowed: true,
    rev,
  })
  expect(propagation(writes, [check(11, 1), check(25, 1), check(29, 2), check(41, 4)])).toEqual([0, 7, 9])
})
