import { accessChanges, customLevels } from './access-changes.ts'
import type { Limit } from './decision.ts'
import { type PatchStep, pointerOf } from './json-patch.ts'
import type { Member } from './member.ts'
import type { PermissionIndex, SystemIndex } from './policy.ts'
import type { Prepared } from './prepare.ts'
import type { DecisionRequest } from './request.ts'
import type { TenantChange } from './tenant-change.ts'
import type { TenantDocument } from './tenant-document.ts'

/**
 * The single changes that are worth trying, from the narrow to the wide: a seat, a key, an override of one permission, access
 * to one thing, then the person's record, then what concerns everybody. Whether one of them helps is for the policy to say. None of
 * them switches off what the tenant asks of all its members, and none alters the request.
 */
export function changesOf(
  document: TenantDocument,
  request: DecisionRequest,
  { system, permission }: Pick<Prepared, 'system' | 'permission'>,
  limit: Limit | undefined,
): readonly TenantChange[] {
  return [
    ...(limit === undefined ? [] : seatChanges(document, request, limit)),
    ...(request.subject.type === 'user' ? subjectChanges(document, request, system, permission) : []),
    ...[...system.plans.keys()]
      .filter((plan) => plan !== document.plan)
      .map((plan) => ({
        kind: 'plan' as const,
        change: `the tenant is on the plan \`${plan}\``,
        patch: [set(document, 'plan', plan)],
      })),
  ]
}

function seatChanges(document: TenantDocument, request: DecisionRequest, { used }: Limit): readonly TenantChange[] {
  const raised = [used, used + 1].map((seats) => ({
    kind: 'limit' as const,
    change: `support raises the tenant's limit to ${seats} seats`,
    patch: [
      document.settings === undefined
        ? set(document, 'settings', { seat_limit_override: seats })
        : set(document.settings, 'seat_limit_override', seats, 'settings'),
    ],
  }))
  const members = document.members ?? []
  const target = request.resource.properties?.user ?? request.resource.id
  const others = [...members.entries()].filter(([, { user }]) => user !== request.subject.id && user !== target)
  const pending = others.find(([, { status }]) => status === 'pending')
  // The youngest record stands for all of them: which seat is given up is not for the policy to say.
  const active = others.findLast(([, { status = 'active' }]) => status === 'active')
  const freed = [
    ...(pending === undefined ? [] : [{ kind: 'seat' as const, ...revoked(...pending) }]),
    ...(active === undefined ? [] : [{ kind: 'seat' as const, ...deactivated(...active) }]),
  ]
  return [...freed, ...raised]
}

function revoked(index: number, { user }: Member) {
  const patch: PatchStep[] = [{ op: 'remove', path: pointerOf('members', index) }]
  return { change: `a seat is freed: the invitation of \`${user}\` is revoked`, member: user, patch }
}

function deactivated(index: number, member: Member) {
  const patch = [set(member, 'status', 'inactive', 'members', index)]
  const change = `a seat is freed: \`${member.user}\` is made inactive, or another member`
  return { change, member: member.user, patch }
}

function subjectChanges(
  document: TenantDocument,
  request: DecisionRequest,
  system: SystemIndex,
  permission: PermissionIndex,
): readonly TenantChange[] {
  const { id } = request.subject
  const roles = [...rolesByBreadth(system), ...customLevels(document)]
  const index = (document.members ?? []).findIndex(({ user }) => user === id)
  const member = document.members?.[index]
  if (member === undefined)
    return roles.map((role) => {
      const record = { user: id, role, status: 'active' }
      const patch: PatchStep[] = [
        ...(document.members === undefined ? [{ op: 'add' as const, path: '/members', value: [] }] : []),
        { op: 'add', path: '/members/-', value: record },
      ]
      return { kind: 'member', change: `\`${id}\` is a member with the role \`${role}\``, patch }
    })
  const at = (name: keyof Member, value: unknown) => [set(member, name, value, 'members', index)]
  return [
    ...keyChanges(document, request, member, at),
    ...overrideChanges(request, member, at),
    ...accessChanges(document, request, permission),
    ...(member.two_factor_enabled === true
      ? []
      : [
          {
            kind: 'second_factor' as const,
            change: `\`${id}\` has a second factor`,
            patch: at('two_factor_enabled', true),
          },
        ]),
    ...((member.status ?? 'active') === 'active'
      ? []
      : [{ kind: 'status' as const, change: `the record of \`${id}\` is active`, patch: at('status', 'active') }]),
    ...roles
      .filter((role) => role !== member.role)
      .map((role) => ({
        kind: 'role' as const,
        change: `\`${id}\` has the role \`${role}\``,
        patch: at('role', role),
      })),
  ]
}

type At = (name: keyof Member, value: unknown) => PatchStep[]

function keyChanges(document: TenantDocument, { resource }: DecisionRequest, member: Member, at: At): TenantChange[] {
  const key = resource.properties?.api_key ?? (resource.type === 'api_key' ? resource.id : undefined)
  if (typeof key !== 'string' || document.api_keys?.includes(key) !== true || member.api_keys?.includes(key)) return []
  return [
    {
      kind: 'api_key',
      change: `the key \`${key}\` is assigned to \`${member.user}\``,
      patch: at('api_keys', [...(member.api_keys ?? []), key]),
    },
  ]
}

/** An override counts for the role that it was made for, so one of an earlier role is replaced. */
function overrideChanges({ action }: DecisionRequest, member: Member, at: At): TenantChange[] {
  const { role, overrides } = member
  if (role === undefined) return []
  const kept = overrides?.for_role === role ? overrides.grants : {}
  return [
    {
      kind: 'override',
      change: `\`${member.user}\` has \`${action.name}\` allowed by an override`,
      patch: at('overrides', { for_role: role, grants: { ...kept, [action.name]: 'allow' } }),
    },
  ]
}

/** The role that has cells in the fewest permissions first: who suggests a role should suggest the smallest. */
function rolesByBreadth({ roles, permissions }: SystemIndex): readonly string[] {
  const breadth = (role: string) => [...permissions.values()].filter(({ cells }) => role in cells).length
  return Object.keys(roles)
    .map((role) => [role, breadth(role)] as const)
    .sort(([, a], [, b]) => a - b)
    .map(([role]) => role)
}

function set(holder: object, name: string, value: unknown, ...above: readonly (string | number)[]): PatchStep {
  return { op: Object.hasOwn(holder, name) ? 'replace' : 'add', path: pointerOf(...above, name), value }
}
