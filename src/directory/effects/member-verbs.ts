import type { EffectSources } from '../../pdp/effect.ts'
import type { JsonObject } from '../tenant-draft.ts'
import type { EffectScope, Verbs } from './effect-scope.ts'

/** Effects on one member's record. */
export const memberVerbs: Verbs<
  | 'create_member'
  | 'set_member'
  | 'set_subject'
  | 'merge_member'
  | 'clear_member'
  | 'add_to_member'
  | 'take_from_member'
  | 'move'
  | 'remove_member'
  | 'end_sessions'
  | 'renew_invitation'
  | 'leave_groups'
  | 'set_override'
> = {
  // Who is invited is known by the address alone, until an acceptance tells the user's id.
  create_member(scope, sources) {
    const email = String(scope.needed('email')).trim()
    const status = scope.action.to
    scope.create({ user: email, email, ...scope.values(sources), ...(status === undefined ? {} : { status }) })
    if (status === 'pending') scope.note('invited', email)
  },

  set_member(scope, sources) {
    scope.put({ ...scope.record('target'), ...scope.values(sources) })
  },

  set_subject(scope, sources) {
    scope.put({ ...scope.record('subject'), ...scope.values(sources) })
  },

  merge_member(scope, sources) {
    const record = scope.record('target')
    const merged = Object.entries(scope.values(sources)).map(([name, value]) => {
      return [name, { ...(record[name] as JsonObject | undefined), ...(value as JsonObject) }] as const
    })
    scope.put({ ...record, ...Object.fromEntries(merged) })
  },

  clear_member(scope, names) {
    const kept = Object.entries(scope.record('target')).filter(([name]) => !names.includes(name))
    scope.put(Object.fromEntries(kept))
  },

  add_to_member(scope, sources) {
    changeLists(scope, sources, (present, given) => [...new Set([...present, ...given])])
  },

  take_from_member(scope, sources) {
    changeLists(scope, sources, (present, given) => present.filter((element) => !given.includes(element)))
  },

  move(scope, party) {
    const { to } = scope.action
    const record = scope.record(party)
    if (record.status === 'pending') scope.note('uninvited', String(record.user))
    scope.put({ ...record, status: to })
  },

  remove_member(scope, party) {
    const { user, status } = scope.record(party)
    if (status === 'pending') scope.note('uninvited', String(user))
    scope.draft.removeMember(String(user))
    scope.note('members', String(user))
    scope.note('ended', String(user))
  },

  // A session counts only if it was issued later than this instant, also after the member is back.
  end_sessions(scope, party) {
    const record = scope.record(party)
    scope.put({ ...record, sessions_valid_after: scope.action.now })
    scope.note('ended', String(record.user))
  },

  renew_invitation(scope, party) {
    scope.note('invited', String(scope.record(party).user))
  },

  leave_groups(scope, party) {
    const user = scope.user(party)
    const groups = Object.entries(scope.draft.object('groups')).map(([name, users]) => {
      return [name, (users as readonly string[]).filter((member) => member !== user)] as const
    })
    scope.draft.setObject('groups', Object.fromEntries(groups))
  },

  // Switches made for another role count for nothing, so that they go when the first one is made for this role.
  set_override(scope, { permission, effect }) {
    const record = scope.record('target')
    const present = record.overrides as { readonly for_role?: unknown; readonly grants?: JsonObject } | undefined
    const name = String(scope.needed(permission))
    const value = scope.needed(effect)
    const { [name]: _, ...others } = present?.for_role === record.role ? (present?.grants ?? {}) : {}
    const grants = value === 'default' ? others : { ...others, [name]: value }
    scope.put({ ...record, overrides: { for_role: record.role, grants } })
  },
}

/** An attribute that is no list is one element; one that the request lacks changes nothing. */
function changeLists(
  scope: EffectScope,
  sources: EffectSources,
  change: (present: readonly unknown[], given: readonly unknown[]) => readonly unknown[],
): void {
  const record = scope.record('target')
  const lists = Object.entries(scope.values(sources)).map(([name, value]) => {
    return [name, change((record[name] as readonly unknown[] | undefined) ?? [], [value].flat())] as const
  })
  scope.put({ ...record, ...Object.fromEntries(lists) })
}
