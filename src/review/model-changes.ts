import type { DecisionChange } from './decision-changes.ts'
import { narrows } from './narrows.ts'
import type { Guard } from './rule-guards.ts'
import type { TableReaders } from './table-readers.ts'

/** One value of the compiled tables that differs. JSON texts; undefined where a side does not have it. */
export interface ModelChange {
  /** Below the model: system, part, names. */
  readonly path: readonly string[]
  readonly before?: string
  readonly after?: string
  /** Whether a decision that concerns it differs too. */
  readonly witnessed: boolean
  /** Whether it can only take away, whatever is asked. */
  readonly narrows: boolean
  /** The permissions whose rules look it up; those that the core reads it for are not among them. */
  readonly guards: readonly Guard[]
}

/**
 * Every value that differs, so that nothing of the tables changes unseen. Lists are compared whole. A cell whose
 * decisions differ is left out where they say it: that somebody loses does not say that nobody gains, nor what rules
 * make of it that look it up. `readersOf` says which do; undefined is any.
 */
export function modelChanges(
  before: unknown,
  after: unknown,
  decisions: readonly DecisionChange[],
  readersOf: ((path: readonly string[]) => TableReaders) | undefined,
): readonly ModelChange[] {
  return differences(before, after, [])
    .map((change) => {
      const { guards, ownRules } = change.path[1] === 'messages' ? noReaders : (readersOf?.(change.path) ?? anyReaders)
      const by = decisions.filter((one) => concerns(one, change.path))
      return { ...change, by, guards, narrows: change.narrows && !ownRules }
    })
    .filter(({ path, by, narrows, guards }) => path[3] !== 'cells' || guards.length > 0 || !saysIt(by, narrows))
    .map(({ by, ...change }) => ({ ...change, witnessed: by.length > 0 }))
}

/** No rule sees the texts that answers show. */
const noReaders: TableReaders = { guards: [], ownRules: false }
const anyReaders: TableReaders = { guards: [], ownRules: true }

function saysIt(by: readonly DecisionChange[], narrows: boolean): boolean {
  return by.length > 0 && (narrows || by.some(({ kind }) => kind.startsWith('gains')))
}

function differences(
  before: unknown,
  after: unknown,
  path: readonly string[],
): Omit<ModelChange, 'witnessed' | 'guards'>[] {
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return names.flatMap((name) => differences(own(before, name), own(after, name), [...path, name]))
  }
  // `checks` and `gates` of a todo are its stages' lists, one after the other.
  if (path.at(-2) === 'todo' && ['checks', 'gates'].includes(path.at(-1) ?? '')) return []
  const [one, other] = [JSON.stringify(before), JSON.stringify(after)]
  if (one === other) return []
  const turned = { ...(one === undefined ? {} : { before: one }), ...(other === undefined ? {} : { after: other }) }
  return [{ path, ...turned, narrows: narrows({ path, before, after }) }]
}

function concerns({ system, permissions, roles, plans }: DecisionChange, path: readonly string[]): boolean {
  const [ofSystem, part, name = '', member, role = ''] = path
  if (ofSystem !== system) return false
  if (part === 'permissions') return permissions.includes(name) && (member !== 'cells' || roles.includes(role))
  if (part === 'roles') return roles.includes(name)
  return part === 'plans' && plans?.includes(name) === true
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function own(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
