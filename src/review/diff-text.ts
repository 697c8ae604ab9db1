import { htmlPage, htmlText } from '../document/html-page.ts'
import type { ChangeKind, DecisionChange } from './decision-changes.ts'
import type { ModelChange } from './model-changes.ts'
import { type PolicyDiff, widens } from './policy-diff.ts'
import type { RuleChange } from './rule-changes.ts'

export const diffFormats = ['text', 'markdown', 'json', 'html'] as const
export type DiffFormat = (typeof diffFormats)[number]

/** The diff as a text that ends with a line break. Witnesses are whole requests, as `postern eval` takes them. */
export function diffText(diff: PolicyDiff, format: DiffFormat): string {
  if (format === 'json') return `${JSON.stringify({ widens: widens(diff), ...diff }, null, 2)}\n`
  const lines = summaryLines(diff)
  if (format === 'text') return `${lines.join('\n')}\n`
  const witnesses = diff.decisions.map((change) => [changeLine(change), JSON.stringify(change.witness)] as const)
  if (format === 'html') {
    const list = lines.map((line) => `<li>${htmlText(line)}</li>`).join('\n')
    const shown = witnesses.map(([line, json]) => `<p>${htmlText(line)}</p>\n<pre>${htmlText(json)}</pre>`)
    return htmlPage('Policy change', [`<ul>\n${list}\n</ul>`, ...shown].join('\n'))
  }
  const details = witnesses.map(([line, json]) => `${line}\n\n\`\`\`json\n${json}\n\`\`\`\n`)
  const folded = details.length === 0 ? [] : ['', '<details><summary>witnesses</summary>', '', ...details, '</details>']
  return `${['### Policy change', '', ...lines.map((line) => `- ${line}`), ...folded].join('\n')}\n`
}

/** One line a change; what decisions do first, then what the tables and the Rego say. */
export function summaryLines(diff: PolicyDiff): readonly string[] {
  return [
    ...(diff.decisions.length === 0 ? ['no decision changes'] : diff.decisions.map(changeLine)),
    ...diff.model.map(modelLine),
    ...diff.rules.map(ruleLine),
    ...(diff.hidden ? ['rules: the compiled Rego changed, and a bundle has no sources that show where'] : []),
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

function changeLine({ system, kind, permissions, roles, plans, reasons, place }: DecisionChange): string {
  const on = plans === undefined ? '' : ` on ${plans.join(', ')}`
  const turned = reasons === undefined ? '' : `, ${reasons[0]} → ${reasons[1]}`
  const verb = verbs[kind][roles.length === 1 ? 0 : 1]
  return `${words(roles)} ${verb} ${words(permissions)}${on}${turned} (${system}): ${place}`
}

function modelLine({ path, before, after, witnessed }: ModelChange): string {
  const [system, ...rest] = path
  const turned = `\`${rest.join('.')}\` ${before ?? 'absent'} → ${after ?? 'absent'}`
  // A message is no part of what is decided.
  return `table: ${turned} (${system})${witnessed || rest[0] === 'messages' ? '' : ', changed, no witness'}`
}

function ruleLine({ file, rules, guards, decisions }: RuleChange): string {
  const said = decisions === 0 ? 'no decision differs' : `${decisions} decisions differ`
  const named = rules.length === 0 ? '' : ` (${words(rules)})`
  return `rules: ${file} changed${named}, guards ${guards.length} permissions: ${said}`
}

/** The first four; how many more. */
function words(list: readonly string[]): string {
  const shown = list.slice(0, 4).map((word) => `\`${word}\``)
  return [...shown, ...(list.length > 4 ? [`${list.length - 4} more`] : [])].join(', ')
}
