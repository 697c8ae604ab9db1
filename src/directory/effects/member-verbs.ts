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
  async create_member(scope, sources) {
    const email = String(scope.needed('email')).trim()
    const status = scope.action.to
    await scope.create({ user: email, email, ...scope.values(sources), ...(status === undefined ? {} : { status }) })
    if (status === 'pending') scope.note('invited', email)
  },

  async set_member(scope, sources) {
    await scope.put({ ...(await scope.record('target')), ...scope.values(sources) })
  },

  async set_subject(scope, sources) {
    await scope.put({ ...(await scope.record('subject')), ...scope.values(sources) })
  },

  async merge_member(scope, sources) {
    const record = await scope.record('target')
    const merged = Object.entries(scope.values(sources)).map(([name, value]) => {
      return [name, { ...(record[name] as JsonObject | undefined), ...(value as JsonObject) }] as const
    })
    await scope.put({ ...record, ...Object.fromEntries(merged) })
  },

  async clear_member(scope, names) {
    const kept = Object.entries(await scope.record('target')).filter(([name]) => !names.includes(name))
    await scope.put(Object.fromEntries(kept))
  },

  async add_to_member(scope, sources) {
    await changeLists(scope, sources, (present, given) => [...new Set([...present, ...given])])
  },

  async take_from_member(scope, sources) {
    await changeLists(scope, sources, (present, given) => present.filter((element) => !given.includes(element)))
  },

  async move(scope, party) {
    const { to } = scope.action
    const record = await scope.record(party)
    if (record.status === 'pending') scope.note('uninvited', String(record.user))
    await scope.put({ ...record, status: to })
  },

  async remove_member(scope, party) {
    const { user, status } = await scope.record(party)
    if (status === 'pending') scope.note('uninvited', String(user))
    await scope.draft.removeMember(String(user))
    scope.note('members', String(user))
    scope.note('ended', String(user))
  },

  // A session counts only if it was issued later than this instant, also after the member is back.
  async end_sessions(scope, party) {
    const record = await scope.record(party)
    await scope.put({ ...record, sessions_valid_after: scope.action.now })
    scope.note('ended', String(record.user))
  },

  async renew_invitation(scope, party) {
    const { user } = await scope.record(party)
    scope.note('invited', String(user))
  },

  async leave_groups(scope, party) {
    const user = scope.user(party)
    const groups = Object.entries(await scope.draft.object('groups')).map(([name, users]) => {
      return [name, (users as readonly string[]).filter((member) => member !== user)] as const
    })
    await scope.draft.setObject('groups', Object.fromEntries(groups))
  },

  // Switches made for another role count for nothing, so that they go when the first one is made for this role.
  async set_override(scope, { permission, effect }) {
    const record = await scope.record('target')
    const present = record.overrides as { readonly for_role?: unknown; readonly grants?: JsonObject } | undefined
    const name = String(scope.needed(permission))
    const value = scope.needed(effect)
    const { [name]: _, ...others } = present?.for_role === record.role ? (present?.grants ?? {}) : {}
    const grants = value === 'default' ? others : { ...others, [name]: value }
    await scope.put({ ...record, overrides: { for_role: record.role, grants } })
  },
}

/** An attribute that is no list is one element; one that the request lacks changes nothing. */
async function changeLists(
  scope: EffectScope,
  sources: EffectSources,
  change: (present: readonly unknown[], given: readonly unknown[]) => readonly unknown[],
): Promise<void> {
  const record = await scope.record('target')
  const lists = Object.entries(scope.values(sources)).map(([name, value]) => {
    return [name, change((record[name] as readonly unknown[] | undefined) ?? [], [value].flat())] as const
  })
  await scope.put({ ...record, ...Object.fromEntries(lists) })
}
