// The permission matrices, typed apart from config/, and the requests that show every cell of them.

import type { Attributes, Member, Obligation, ScenarioRequest, TenantDocument } from '../reference/evaluate.ts'

export interface MatrixRow {
  readonly permission: string
  /** Role to what stands in its cell. */
  readonly cells: Readonly<Record<string, string>>
}

export interface MatrixTable {
  readonly roles: readonly string[]
  readonly rows: readonly MatrixRow[]
}

/** One request that shows a cell. A cell with a condition has two: one that meets it, one that does not. */
export interface MatrixCase {
  readonly permission: string
  readonly role: string
  readonly cell: string
  /** Undefined where the cell has no condition. */
  readonly condition: boolean | undefined
  readonly document: TenantDocument
  readonly request: ScenarioRequest
  readonly expected: {
    readonly decision: boolean
    readonly reason: string
    /** Left out where the cell says nothing about them. */
    readonly obligations?: readonly Obligation[]
  }
}

/** A header `permission | role | …`, then one line per permission. `names` spells out what a header abbreviates. */
export function parseTable(text: string, names: Readonly<Record<string, string>> = {}): MatrixTable {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.split('|').map((cell) => cell.trim()))
  const [header, ...body] = lines
  if (header?.[0] !== 'permission') throw new Error('A matrix starts with a header: permission | role | …')
  const roles = header.slice(1).map((name) => names[name] ?? name)
  const rows = body.map(([permission = '', ...cells]) => {
    if (!/^[a-z_]+:[a-z_]+$/.test(permission)) throw new Error(`${permission} is no permission`)
    if (cells.length !== roles.length)
      throw new Error(`${permission} has ${cells.length} cells for ${roles.length} roles`)
    for (const cell of cells) if (!/^(Y|\.|C[A-Z])$/.test(cell)) throw new Error(`${permission} has a cell ${cell}`)
    return { permission, cells: Object.fromEntries(roles.map((role, index) => [role, cells[index] ?? '.'])) }
  })
  const permissions = new Set(rows.map((row) => row.permission))
  if (permissions.size !== rows.length) throw new Error('A permission stands twice in the matrix')
  return { roles, rows }
}

/** What a system's cases are made of. */
export interface MatrixScene {
  readonly table: MatrixTable
  /** Cells that stand for a condition which can fail; other `C…` cells always allow. */
  readonly conditions: readonly string[]
  /** The subject that has the role, and the tenant that it belongs to. */
  cast(role: string, permission: string, cell: string, met: boolean): { user: string; document: TenantDocument }
  /** Whatever the permission needs so that nothing but the cell can stand in its way. */
  ask(permission: string, role: string, cell: string, met: boolean): { resource?: Attributes; context?: Attributes }
  /** The answer where a condition is not met. */
  unmet(permission: string, cell: string): string
  /** The answer of an allow. */
  granted(cell: string): string
  obligations?(cell: string): readonly Obligation[] | undefined
}

export function casesOf(scene: MatrixScene): readonly MatrixCase[] {
  return scene.table.rows.flatMap(({ permission, cells }) =>
    Object.entries(cells).flatMap(([role, cell]) => {
      const show = (condition: boolean | undefined): MatrixCase => {
        const met = condition ?? true
        const { user, document } = scene.cast(role, permission, cell, met)
        const { resource = {}, context = {} } = scene.ask(permission, role, cell, met)
        const allowed = cell !== '.' && met
        const reason = allowed ? scene.granted(cell) : cell === '.' ? 'no_permission' : scene.unmet(permission, cell)
        const obligations = allowed ? scene.obligations?.(cell) : []
        return {
          permission,
          role,
          cell,
          condition,
          document,
          request: { subject: { type: 'user', id: user }, action: permission, resource, context },
          expected: { decision: allowed, reason, ...(obligations ? { obligations } : {}) },
        }
      }
      return scene.conditions.includes(cell) ? [show(true), show(false)] : [show(undefined)]
    }),
  )
}

/** The member that a cell is about, among others. */
export const subjectOf = (members: readonly Member[], role: string): string => {
  const member = members.find((one) => one.role === role)
  if (!member) throw new Error(`Nobody has the role ${role}`)
  return member.user
}
