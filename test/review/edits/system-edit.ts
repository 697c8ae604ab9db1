import type { PolicyDiff } from '../../../src/review/policy-diff.ts'
import type { Model } from '../../../src/review/reviewed-policy.ts'
import type { Edit } from '../../support/project-copy.ts'

/**
 * An edit of one system's policy, and what a diff must say of it, written down from what the edit means: whose decisions
 * turn in which way, which values of the tables differ, which rules, and which permissions those take part in.
 */
export interface SystemEdit {
  readonly what: string
  readonly edits: readonly Edit[]
  /** `role kind permission[: reason → reason, or obligations][ on plans]`, in any order. */
  readonly decisions: readonly string[]
  /** `path before → after`, and ` for ` the permissions whose rules look it up. */
  readonly tables?: readonly string[]
  /** `rule`, and what it guards: `permission`, `permission of role`, or `every permission`. */
  readonly rules?: Readonly<Record<string, readonly string[]>>
  /** Files that say the same in other words. */
  readonly rewritten?: readonly string[]
  readonly widens: boolean
}

/** Each role crossed with each permission. `tail` is the rest of the line: `: no_permission → not_shared on free`. */
export function each(roles: readonly string[], kind: string, permissions: readonly string[], tail = ''): string[] {
  return roles.flatMap((role) => permissions.map((permission) => `${role} ${kind} ${permission}${tail}`))
}

/** What the diff says of one system, in the words of `SystemEdit`. */
export function saidBy(
  { decisions, model, rules }: PolicyDiff,
  of: Model[string],
): Omit<SystemEdit, 'what' | 'edits' | 'widens'> {
  const permissions = Object.keys(of.permissions)
  const guarded = (guards: PolicyDiff['rules']['changes'][number]['guards']) =>
    guards.length === permissions.length && guards.every(({ roles }) => roles === undefined)
      ? ['every permission']
      : guards
          .flatMap(({ permission, roles }) => roles?.map((role) => `${permission} of ${role}`) ?? [permission])
          .sort()
  return {
    decisions: decisions
      .flatMap(({ kind, permissions: some, roles, plans, reasons, obligations }) => {
        const turned = reasons === undefined ? obligations?.join(', ') : `${reasons[0]} → ${reasons[1]}`
        const on = plans === undefined ? '' : ` on ${plans.join(', ')}`
        return each(roles, kind, some, `${turned === undefined ? '' : `: ${turned}`}${on}`)
      })
      .sort(),
    tables: model
      .map(({ path, before = 'absent', after = 'absent', guards }) => {
        const readers = guards.length === 0 ? '' : ` for ${guarded(guards).join(', ')}`
        return `${path.slice(1).join('.')} ${before} → ${after}${readers}`
      })
      .sort(),
    rules: Object.fromEntries(
      rules.changes.flatMap(({ changed, guards }) => changed.map((rule) => [rule, guarded(guards)])),
    ),
    rewritten: rules.rewritten,
  }
}
