import type { ChangeKind, DecisionChange } from './decision-changes.ts'
import type { ModelChange } from './model-changes.ts'
import { type PolicyDiff, widens } from './policy-diff.ts'
import type { RuleChange } from './rule-changes.ts'
import type { Guard } from './rule-guards.ts'

export type DiffFormat = 'text' | 'markdown' | 'json'

/** The diff as a text that ends with a line break. Witnesses are whole requests, as `postern eval` takes them. */
export function diffText(diff: PolicyDiff, format: DiffFormat): string {
  if (format === 'json') return `${JSON.stringify({ widens: widens(diff), ...diff }, null, 2)}\n`
  const lines = summaryLines(diff)
  if (format === 'text') return `${lines.join('\n')}\n`
  const witnesses = diff.decisions.map((change) => [changeLine(change), JSON.stringify(change.witness)] as const)
  const details = witnesses.map(([line, json]) => `${line}\n\n\`\`\`json\n${json}\n\`\`\`\n`)
  const folded = details.length === 0 ? [] : ['', '<details><summary>witnesses</summary>', '', ...details, '</details>']
  return `${['### Policy change', '', ...lines.map((line) => `- ${line}`), ...folded].join('\n')}\n`
}

/** One line a change; what decisions do first, then what the tables and the Rego say. */
export function summaryLines(diff: PolicyDiff): readonly string[] {
  return [
    ...(diff.decisions.length === 0 ? ['no decision changes'] : diff.decisions.map(changeLine)),
    ...diff.model.map(modelLine),
    ...diff.rules.changes.map(ruleLine),
    ...diff.rules.rewritten.map((file) => `rules: ${file} is written otherwise and says the same`),
    ...(diff.hidden ? ['rules: the compiled Rego changed, and a bundle of an older build does not say where'] : []),
  ]
}

const verbs: Readonly<Record<ChangeKind, readonly [one: string, many: string]>> = {
  gains: ['gains', 'gain'],
  'gains right': ['gains the right to', 'gain the right to'],
  loses: ['loses', 'lose'],
  'loses right': ['loses the right to', 'lose the right to'],
  reason: ['has another reason with', 'have another reason with'],
  obligations: ['has other obligations with', 'have other obligations with'],
  limit: ['meets another limit with', 'meet another limit with'],
}

/** The line of one change of decisions. */
export function changeLine({ system, kind, permissions, roles, plans, place, ...what }: DecisionChange): string {
  const on = plans === undefined ? '' : ` on ${plans.join(', ')}`
  const { reasons, obligations = [] } = what
  const turned = [...(reasons === undefined ? [] : [`${reasons[0]} → ${reasons[1]}`]), ...obligations]
  const verb = verbs[kind][roles.length === 1 ? 0 : 1]
  return `${words(roles)} ${verb} ${words(permissions)}${on}${turned.map((one) => `, ${one}`).join('')} (${system}): ${place}`
}

function modelLine(change: ModelChange): string {
  const { path, before, after, witnessed, guards } = change
  const [system, ...rest] = path
  const turned = `\`${rest.join('.')}\` ${before ?? 'absent'} → ${after ?? 'absent'}`
  // A message is no part of what is decided.
  const unseen = witnessed || rest[0] === 'messages' ? '' : ', changed, no witness'
  const read = guards.length === 0 ? '' : `; rules look it up for ${guardNames(guards)}`
  return `table: ${turned} (${system})${unseen}${read}${mayWiden(change)}`
}

function mayWiden({ path, witnessed, narrows, guards }: ModelChange): string {
  if (narrows) return ''
  if (path.at(-1) === 'obligations') return '; an allow may oblige to less'
  return witnessed && (path[3] === 'cells' || guards.length > 0) ? '; what was not asked may widen' : ''
}

function ruleLine(change: RuleChange): string {
  const { changed, asked, guards, rows, decisions, widens } = change
  const named = asked.filter((path) => !changed.includes(path)).map((path) => path.split('.').at(-1) ?? path)
  const by = named.length === 0 ? '' : `, asked by ${words(named)}`
  if (guards.length === 0) return `rules: ${words(changed)} changed${by}, guards nothing`
  const differ = [
    ...(decisions === 0 ? [] : [`${decisions} decisions differ`]),
    rows.length === 0 ? 'no row differs' : `rows ${words(rows)} differ`,
  ].join(', ')
  const rest = widens ? '; what was not asked may widen' : ''
  return `rules: ${words(changed)} changed${by}, guards ${guardWords(guards)}: ${differ}${rest}`
}

/** As `guardNames`, and the system; of several no more than how many. */
function guardWords(guards: readonly Guard[]): string {
  const systems = [...new Set(guards.map(({ system }) => system))]
  if (systems.length > 1) return `${guards.length} permissions (${systems.join(', ')})`
  return `${guardNames(guards)} (${systems[0]})`
}

/** `a`, `b` of `role`; `c`: those of the same roles together. */
function guardNames(guards: readonly Guard[]): string {
  const groups = new Map<string, string[]>()
  for (const { permission, roles } of guards) {
    const key = roles === undefined ? '' : ` of ${words(roles)}`
    groups.set(key, [...(groups.get(key) ?? []), permission])
  }
  return [...groups].map(([of, permissions]) => `${words(permissions)}${of}`).join('; ')
}

/** The first four; how many more. */
function words(list: readonly string[]): string {
  const shown = list.slice(0, 4).map((word) => `\`${word}\``)
  return [...shown, ...(list.length > 4 ? [`${list.length - 4} more`] : [])].join(', ')
}
