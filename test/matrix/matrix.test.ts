import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { actionsOf, evaluate, type SystemName, systems } from '../reference/evaluate.ts'
import { matrixCases, matrixTable } from './cases.ts'

/** Permissions, cells, and cells that a condition decides. */
const sizes: Readonly<Record<SystemName, readonly [number, number, number]>> = {
  filestack: [38, 114, 13],
  imagekit: [43, 258, 23],
  fivemanage: [26, 104, 2],
  filerobot: [27, 189, 7],
  quantcdn: [40, 200, 0],
}

describe.each(systems)('the matrix of %s', (system) => {
  const [permissions, cells, conditional] = sizes[system]

  it(`has ${permissions} permissions and ${cells} cells, ${conditional} of them with a condition`, () => {
    const { rows, roles } = matrixTable(system)
    const withCondition = matrixCases(system).filter((one) => one.condition === true)
    expect([rows.length, rows.length * roles.length, withCondition.length]).toEqual([permissions, cells, conditional])
  })

  it('names only actions that the system has', () => {
    const known = actionsOf(system)
    expect(
      matrixTable(system)
        .rows.map((row) => row.permission)
        .filter((name) => !known.includes(name)),
    ).toEqual([])
  })

  it(`is what the reference answers in all ${cells + conditional} cases`, () => {
    const wrong = matrixCases(system).flatMap(({ permission, role, cell, condition, document, request, expected }) => {
      const { decision, reason, obligations } = evaluate(document, request)
      const agrees =
        decision === expected.decision &&
        reason === expected.reason &&
        (expected.obligations === undefined || isDeepStrictEqual(obligations, expected.obligations))
      return agrees ? [] : [{ permission, role, cell, condition, decision, reason, expected }]
    })
    expect(wrong).toEqual([])
  })
})

describe('the five matrices', () => {
  it('have 174 permissions together', () => {
    const rows = systems.map((system) => matrixTable(system).rows.length)
    expect(rows.reduce((sum, count) => sum + count, 0)).toBe(174)
  })
})
