import type { JsonObject } from '../tenant-draft.ts'
import type { EffectScope, Verbs } from './effect-scope.ts'

/** Effects on the tenant itself: its plan, its settings, its lists. */
export const tenantVerbs: Verbs<
  | 'set_plan'
  | 'set_setting'
  | 'clear_setting'
  | 'append_to_setting'
  | 'add_to_tenant'
  | 'take_from_tenant'
  | 'add_record'
  | 'set_record'
  | 'drop_record'
> = {
  set_plan(scope, source) {
    scope.draft.setPlan(String(scope.needed(source)))
  },

  // Null takes a setting back; one that the request lacks stays.
  set_setting(scope, sources) {
    for (const [path, source] of Object.entries(sources)) {
      const value = scope.raw(source)
      if (value !== undefined) changeSetting(scope, path, () => value ?? undefined)
    }
  },

  clear_setting(scope, paths) {
    for (const path of paths) changeSetting(scope, path, () => undefined)
  },

  append_to_setting(scope, sources) {
    for (const [path, source] of Object.entries(sources))
      changeSetting(scope, path, (present) => [...((present as unknown[] | undefined) ?? []), scope.needed(source)])
  },

  async add_to_tenant(scope, sources) {
    for (const [list, source] of Object.entries(sources)) {
      const element = scope.needed(source)
      const present = await scope.draft.list(list)
      if (!present.includes(element)) await scope.draft.add(list, element)
    }
  },

  // A key that no longer exists is nobody's.
  async take_from_tenant(scope, sources) {
    for (const [list, source] of Object.entries(sources)) {
      const element = scope.needed(source)
      const elements = await scope.draft.list(list)
      const kept = elements.filter((present) => present !== element)
      await scope.draft.setList(list, kept)
      if (list !== 'api_keys') continue
      for (const record of await scope.draft.membersWithKey(String(element))) {
        const kept = (record[list] as readonly unknown[]).filter((present) => present !== element)
        await scope.put({ ...record, [list]: kept })
      }
    }
  },

  async add_record(scope, { list, members }) {
    await scope.draft.add(list, given(scope, members))
  },

  async set_record(scope, { list, by, members }) {
    const key = given(scope, by)
    const change = given(scope, members)
    const elements = (await scope.draft.list(list)) as readonly JsonObject[]
    await scope.draft.setList(
      list,
      elements.map((element) => (isAbout(element, key) ? { ...element, ...change } : element)),
    )
  },

  async drop_record(scope, { list, by }) {
    await scope.draft.remove(list, given(scope, by))
  },
}

/** Those of the attributes that the request has. */
function given(scope: EffectScope, names: readonly string[]): JsonObject {
  return scope.values(Object.fromEntries(names.map((name) => [name, name])))
}

function isAbout(element: JsonObject, key: JsonObject): boolean {
  return Object.entries(key).every(([name, value]) => element[name] === value)
}

/** `a.b` is the member `b` of the setting `a`; undefined removes it. */
function changeSetting(scope: EffectScope, path: string, change: (present: unknown) => unknown): void {
  const [first, ...rest] = path.split('.') as [string, ...string[]]
  scope.draft.setSettings(changed(scope.draft.settings(), [first, ...rest], change))
}

function changed(
  object: JsonObject,
  [name, ...rest]: readonly [string, ...string[]],
  change: (present: unknown) => unknown,
): JsonObject {
  const { [name]: present, ...others } = object
  const [next, ...deeper] = rest
  const value =
    next === undefined ? change(present) : changed((present as JsonObject | undefined) ?? {}, [next, ...deeper], change)
  return value === undefined ? others : { ...others, [name]: value }
}
