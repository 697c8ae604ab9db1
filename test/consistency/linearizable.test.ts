import { expect, it } from 'vitest'
import { isLinearizable, type Operation } from './linearizable.ts'
import { nextRight, type RightStep } from './right.ts'

const from = (called: number, returned: number, step: RightStep): Operation<RightStep> => ({ called, returned, step })
const judged = (...operations: Operation<RightStep>[]) => isLinearizable(operations, false, nextRight)

it('a history is linearizable where each check knows of what had been answered before', () => {
  expect(judged()).toBe(true)
  expect(
    judged(
      from(0, 1, { set: true, changed: true }),
      from(2, 3, { check: true }),
      from(4, 5, { set: false, changed: true }),
      from(6, 7, { check: false }),
    ),
  ).toBe(true)
})

it('a check during a write may know of it or not, and once one does all later ones must', () => {
  const write = from(0, 10, { set: true, changed: true })
  expect(judged(write, from(1, 2, { check: false }), from(3, 4, { check: true }))).toBe(true)
  expect(judged(write, from(1, 2, { check: true }), from(3, 4, { check: false }))).toBe(false)
  expect(judged(write, from(1, 4, { check: true }), from(3, 5, { check: false }))).toBe(true)
})

it('a history is not linearizable where a right outlives its revocation, or a write says that it changed nothing', () => {
  const grant = from(0, 1, { set: true, changed: true })
  const revoke = from(2, 3, { set: false, changed: true })
  expect(judged(grant, revoke, from(4, 5, { check: true }))).toBe(false)
  expect(judged(grant, revoke, from(2.5, 5, { check: true }))).toBe(true)
  expect(judged(grant, from(2, 3, { set: true, changed: true }))).toBe(false)
  expect(judged(from(0, 4, { set: true, changed: true }), from(1, 3, { set: true, changed: false }))).toBe(true)
})

it('a long history of many at once is judged in a moment', () => {
  const operations = Array.from({ length: 60 }, (_, index) =>
    from(
      index,
      index + 6,
      index % 3 === 0 ? { set: index % 2 === 0, changed: index % 2 === 0 } : { check: index > 57 },
    ),
  )
  expect(typeof judged(...operations)).toBe('boolean')
})
