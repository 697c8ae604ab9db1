import { changeOf, type DecisionChange } from './decision-changes.ts'
import type { DiffSide, ReviewedRule, ReviewedRules } from './diff-side.ts'
import { everyPermission, type Guard, guardsOf, isOfRefusals, joined } from './rule-guards.ts'

/** Rules that say something else, and what may be decided otherwise for that. */
export interface RuleChange {
  /** By path: `systems.acme.checks.door_exists`. */
  readonly changed: readonly string[]
  /** The named rules that are among them or ask one of them, by path; `core` where every decision does. */
  readonly asked: readonly string[]
  readonly guards: readonly Guard[]
  /** The decision rows of those permissions whose outcome differs, as `system/row`. */
  readonly rows: readonly string[]
  /** How many decisions of those permissions differ. */
  readonly decisions: number
  /** Whether more may be allowed than was asked about, or an allow oblige to less. */
  readonly widens: boolean
}

/** What the Rego of two policies has in common, and what not. */
export interface RuleComparison {
  readonly changes: readonly RuleChange[]
  /** Files that are written otherwise and say the same. */
  readonly rewritten: readonly string[]
}

/**
 * Compares rule by rule, dependencies included. Whatever is decided otherwise because of Rego is among the guards of a
 * change: a rule whose syntax is the same, and that asks none that changed, answers the same.
 */
export function compareRules(
  base: DiffSide & { readonly rules: ReviewedRules },
  head: DiffSide & { readonly rules: ReviewedRules },
  decisions: readonly DecisionChange[],
): RuleComparison {
  const paths = [...new Set([...Object.keys(base.rules), ...Object.keys(head.rules)])].sort()
  const changed = new Set(paths.filter((path) => base.rules[path]?.syntax !== head.rules[path]?.syntax))
  const sides = [base, head]
  const askedFor = new Map<string, string[]>()
  const note = (asked: string, roots: readonly string[], isApart?: (path: string) => boolean) => {
    for (const path of new Set(sides.flatMap(({ rules }) => reached(rules, roots, isApart))))
      if (changed.has(path)) askedFor.set(path, [...(askedFor.get(path) ?? []), asked])
  }
  const isKind = (path: string, kind: ReviewedRule['kind']) => sides.some(({ rules }) => rules[path]?.kind === kind)
  const core = paths.filter((path) => isKind(path, 'core'))
  // The core looks rules up by the names that YAML gives: what those guard is counted by name.
  note('core', core, (path) => path.startsWith('systems.') || isKind(path, 'named'))
  for (const path of paths) if (isKind(path, 'named')) note(path, [path])

  const groups = new Map<string, string[]>()
  for (const path of changed) {
    const key = JSON.stringify(askedFor.get(path) ?? [])
    groups.set(key, [...(groups.get(key) ?? []), path])
  }
  const differing = rowsThatDiffer(base, head)
  const changes = [...groups].map(([key, some]): RuleChange => {
    const asked = JSON.parse(key) as readonly string[]
    const guards = joined(
      sides.flatMap(({ reviewed: { model } }) =>
        asked.flatMap((path) => (path === 'core' ? everyPermission(model) : guardsOf(model, path))),
      ),
    )
    const known = new Map(guards.map((guard) => [`${guard.system} ${guard.permission}`, guard]))
    const concerns = (system: string, permission: string, roles: readonly string[]) => {
      const guard = known.get(`${system} ${permission}`)
      return guard !== undefined && (guard.roles === undefined || guard.roles.some((role) => roles.includes(role)))
    }
    return {
      changed: some,
      asked,
      guards,
      rows: differing.filter(({ system, permission }) => known.has(`${system} ${permission}`)).map(({ row }) => row),
      decisions: decisions
        .filter(({ system, permissions, roles }) => permissions.some((name) => concerns(system, name, roles)))
        .reduce((sum, change) => sum + change.decisions, 0),
      widens:
        guards.length > 0 && !asked.every((path) => sides.every((side) => isOfRefusals(side.reviewed.model, path))),
    }
  })
  return { changes, rewritten: rewritten(base, head, changed) }
}

/** The rules that the roots may ask, themselves included. */
export function reached(
  rules: ReviewedRules,
  roots: readonly string[],
  isApart: (path: string) => boolean = () => false,
): readonly string[] {
  const seen = new Set<string>()
  const open = roots.filter((path) => Object.hasOwn(rules, path))
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path) || isApart(path)) continue
    seen.add(path)
    open.push(...(rules[path]?.uses ?? []))
  }
  return [...seen]
}

function rowsThatDiffer(base: DiffSide, head: DiffSide) {
  const rows = [base, head].flatMap(({ bases }) => Object.values(bases).flatMap((of) => of.rows))
  const asked = new Map(rows.map(({ row, request }) => [JSON.stringify([row, request]), { row, request }]))
  const found = new Map<string, { row: string; system: string; permission: string }>()
  for (const { row, request } of asked.values())
    if (changeOf(base.reviewed.decide(request), head.reviewed.decide(request)) !== undefined)
      found.set(row, { row, system: String(request.tenant.system), permission: request.action.name })
  return [...found.values()]
}

function rewritten(base: DiffSide, head: DiffSide, changed: ReadonlySet<string>): readonly string[] {
  const withChanges = new Set(
    [base, head].flatMap(({ rules = {} }) => [...changed].flatMap((path) => rules[path]?.files ?? [])),
  )
  const files = base.texts.size === 0 || head.texts.size === 0 ? [] : [...base.texts.keys(), ...head.texts.keys()]
  return [...new Set(files)]
    .filter((file) => base.texts.get(file) !== head.texts.get(file) && !withChanges.has(file))
    .sort()
}
