import type { ModelPermission, ModelSystem, ReviewedPolicy } from './reviewed-policy.ts'

/** One crossing: `allow`, `deny`, what the plan withholds, or the number of the footnote that says on what terms. */
export type MatrixCell =
  | { readonly is: 'allow' | 'deny' }
  | { readonly is: 'withheld'; readonly what: 'role' | 'feature' }
  | { readonly is: 'noted'; readonly note: number }

export interface MatrixRow {
  readonly permission: string
  readonly place: string
  readonly cells: readonly MatrixCell[]
}

/** The effective permissions of one system. */
export interface MatrixTable {
  readonly system: string
  /** The plan that the cells are true of; undefined for what holds whatever the plan. */
  readonly plan?: string
  readonly roles: readonly string[]
  readonly rows: readonly MatrixRow[]
  /** Numbered from 1. */
  readonly notes: readonly { readonly text: string; readonly place: string }[]
}

export interface MatrixChoice {
  readonly roles?: readonly string[]
  readonly plan?: string
}

/** What a cell says, its footnote written out. */
export function saidBy(cell: MatrixCell, { notes }: Pick<MatrixTable, 'notes'>): string {
  if (cell.is === 'noted') return notes[cell.note - 1]?.text ?? ''
  return cell.is === 'withheld' ? `${cell.what} not on plan` : cell.is
}

/** What each role of a system holds. `choice.roles` are roles, and `choice.plan` a plan, that the system has. */
export function matrixTable({ model, policy }: ReviewedPolicy, system: string, choice: MatrixChoice): MatrixTable {
  const of = model[system] as ModelSystem
  const index = policy.systems.get(system)
  const notes = new Map<string, { number: number; place: string }>()
  const note = (text: string, place: string): MatrixCell => {
    const known = notes.get(text) ?? { number: notes.size + 1, place }
    notes.set(text, known)
    return { is: 'noted', note: known.number }
  }
  const roles = choice.roles ?? Object.keys(of.roles)
  const rows = Object.entries(of.permissions).map(([permission, row]) => {
    const places = index?.permissions.get(permission)
    const place = places?.row ?? ''
    const names = places?.names ?? {}
    const cells = roles.map((role): MatrixCell => {
      const what = withheldByPlan(of, row, role, choice.plan)
      if (what !== undefined) return { is: 'withheld', what }
      if (row.who !== 'member') return note(askedBy(row), place)
      const terms = termsOf(row, role, names)
      return terms === undefined ? plain(row, role) : note(...terms, place)
    })
    return { permission, place, cells }
  })
  return {
    system,
    ...(choice.plan === undefined ? {} : { plan: choice.plan }),
    roles,
    rows,
    notes: [...notes].map(([text, { place }]) => ({ text, place })),
  }

  function termsOf(
    row: ModelPermission,
    role: string,
    names: Readonly<Record<string, string>>,
  ): [text: string] | undefined {
    const condition = conditionOf(row, role, names)
    const held = condition === undefined ? (row.cells[role] === undefined ? 'deny' : 'allow') : `when \`${condition}\``
    if (row.grant !== undefined) return [`${held}, unless the grant \`${row.grant}\` says otherwise`]
    return condition === undefined ? undefined : [held]
  }
}

/** The condition under which a role's cell holds. */
export function conditionOf(
  row: ModelPermission,
  role: string,
  names: Readonly<Record<string, string>>,
): string | undefined {
  // A rule that systems share has lost its kind; its name under `conditions` is still in the index.
  return row.cells[role]?.todo?.checks
    ?.map(([, name]) => name)
    .find((name) => Object.hasOwn(names, `conditions.${name}`))
}

function plain(row: ModelPermission, role: string): MatrixCell {
  return { is: row.cells[role] === undefined ? 'deny' : 'allow' }
}

function askedBy(row: ModelPermission): string {
  const [service] = Object.keys(row.services ?? {})
  return service === undefined ? `asked by \`${row.who}\`, whatever the role` : `asked by the service \`${service}\``
}

/** As the core and the check of `feature` say it. */
function withheldByPlan(
  of: ModelSystem,
  row: ModelPermission,
  role: string,
  plan?: string,
): 'role' | 'feature' | undefined {
  if (plan === undefined || row.who === 'invitee' || row.who === 'service') return undefined
  const offered = of.roles[role]?.plans
  if (offered !== undefined && !offered[plan]) return 'role'
  const held = row.who === 'self' || row.grant !== undefined || row.cells[role] !== undefined
  if (held && row.feature !== undefined && !of.plans?.[plan]?.features[row.feature]) return 'feature'
  return undefined
}
