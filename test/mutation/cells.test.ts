import { describe, expect, it } from 'vitest'
import { matrixTable } from '../matrix/cases.ts'
import { systems } from '../reference/evaluate.ts'
import { type Cell, casesOf, mutantsOf, notices, type Permission } from './mutant.ts'

/** What a reviewer could miss in one cell: the four ways to write it wrongly. */
function flips(cell: Cell | undefined): readonly (readonly [what: string, cell: Cell | undefined])[] {
  if (cell === undefined) return [['granted', { reason: 'role_grant' }]]
  if (cell.todo === undefined) return [['removed', undefined]]
  return [
    ['removed', undefined],
    ['unconditional', { reason: 'role_grant' }],
  ]
}

const withCell = (permission: Permission, role: string, cell: Cell | undefined): Permission => {
  const { [role]: _, ...cells } = permission.cells
  return { ...permission, cells: cell === undefined ? cells : { ...cells, [role]: cell } }
}

describe.each(systems)('a cell of %s that is wrong', (system) => {
  it('is noticed by a case of the matrix or a row of decisions.yaml', { timeout: 120_000 }, () => {
    const cases = casesOf(system)
    const mutants = mutantsOf(system)
    const { rows, roles } = matrixTable(system)
    const survivors: string[] = []
    let made = 0
    for (const { permission: name } of rows) {
      const ofRow = cases.get(name) ?? []
      const sound = mutants.permission(name)
      expect(notices(mutants.pdp, ofRow), `${system} ${name} as it is`).toBe(false)
      for (const role of roles)
        for (const [what, cell] of flips(sound.cells[role])) {
          made += 1
          mutants.withPermission(name, withCell(sound, role, cell))
          if (!notices(mutants.pdp, ofRow)) survivors.push(`${name} ${role} ${what}`)
        }
      mutants.sound()
    }
    console.log(`${system}: ${made} mutants of ${rows.length} × ${roles.length} cells, ${survivors.length} survivors`)
    expect(survivors).toEqual([])
    expect(made).toBeGreaterThanOrEqual(rows.length * roles.length)
  })
})
