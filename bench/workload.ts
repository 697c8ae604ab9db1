/**
 * The decisions that every contender must give: a 5 × 38 matrix, 500 users and 2,000 distinct questions, the same on
 * every machine and in every run. The expected answers come from a plain table look-up here, not from any contender.
 */

export type Status = 'active' | 'pending' | 'inactive'

export interface Member {
  readonly user: string
  readonly role: string
  readonly status: Status
}

export interface Expected {
  readonly decision: boolean
  readonly reason: 'role_grant' | 'no_permission' | 'not_a_member' | 'member_pending' | 'member_inactive'
}

export interface Question {
  readonly user: string
  /** `type:action`, such as `doc:view`. */
  readonly permission: string
  readonly type: string
  readonly action: string
  readonly expected: Expected
}

export interface Workload {
  readonly tenant: string
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
  /** Role → permission → granted; every cell is there. */
  readonly matrix: Readonly<Record<string, Readonly<Record<string, boolean>>>>
  readonly members: readonly Member[]
  /** By user; somebody who is not in it is `not_a_member`. */
  readonly byUser: ReadonlyMap<string, Member>
  readonly questions: readonly Question[]
}

const roles = ['owner', 'admin', 'editor', 'commenter', 'viewer']

const actions: Readonly<Record<string, readonly string[]>> = {
  doc: ['view', 'create', 'edit', 'comment', 'share', 'export', 'delete', 'restore'],
  folder: ['view', 'create', 'rename', 'move', 'share', 'delete'],
  report: ['view', 'create', 'schedule', 'export', 'share', 'delete'],
  project: ['view', 'create', 'edit', 'archive', 'delete'],
  dataset: ['view', 'import', 'query', 'delete'],
  template: ['view', 'create', 'edit'],
  webhook: ['view', 'create', 'edit', 'delete'],
  audit: ['view', 'export'],
}

/** How likely a cell of the role grants; views are granted to everybody who is active. */
const generosity: Readonly<Record<string, number>> = { owner: 1, admin: 0.9, editor: 0.65, commenter: 0.4, viewer: 0.2 }

const memberCount = 500
const strangerCount = 20
const questionCount = 2000

/** Deterministic numbers in [0, 1): mulberry32. */
const randomNumbers = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Builds the whole workload; two calls give equal values. */
export const makeWorkload = (): Workload => {
  const random = randomNumbers(20261122)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const permissions = Object.entries(actions).flatMap(([type, names]) => names.map((name) => `${type}:${name}`))

  const matrix = Object.fromEntries(
    roles.map((role) => [
      role,
      Object.fromEntries(permissions.map((p) => [p, p.endsWith(':view') || random() < (generosity[role] ?? 0)])),
    ]),
  )

  const members = Array.from({ length: memberCount }, (_, n): Member => {
    const draw = random()
    return { user: name(n), role: pick(roles), status: draw < 0.84 ? 'active' : draw < 0.92 ? 'pending' : 'inactive' }
  })
  const byUser = new Map(members.map((member) => [member.user, member]))

  const users = Array.from({ length: memberCount + strangerCount }, (_, n) => name(n))
  const questions = new Map<string, Question>()
  while (questions.size < questionCount) {
    const user = pick(users)
    const permission = pick(permissions)
    const [type = '', action = ''] = permission.split(':')
    questions.set(`${user} ${permission}`, {
      user,
      permission,
      type,
      action,
      expected: lookUp(byUser.get(user), permission, matrix),
    })
  }
  return { tenant: 'bench', roles, permissions, matrix, members, byUser, questions: [...questions.values()] }
}

const name = (n: number): string => `user-${String(n).padStart(4, '0')}`

const lookUp = (member: Member | undefined, permission: string, matrix: Workload['matrix']): Expected => {
  if (member === undefined) return { decision: false, reason: 'not_a_member' }
  if (member.status === 'pending') return { decision: false, reason: 'member_pending' }
  if (member.status === 'inactive') return { decision: false, reason: 'member_inactive' }
  if (matrix[member.role]?.[permission] !== true) return { decision: false, reason: 'no_permission' }
  return { decision: true, reason: 'role_grant' }
}
