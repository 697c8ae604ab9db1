import { type Obstacle, obstacles } from './logged-decision.ts'
import { type Counted, type Flip, type FlipKind, type ReplayReport, widens } from './replay-report.ts'

export const replayFormats = ['text', 'json', 'markdown'] as const
export type ReplayFormat = (typeof replayFormats)[number]

const verbs: Readonly<Record<FlipKind, string>> = {
  gains: 'gains',
  loses: 'loses',
  reason: 'has another reason with',
  obligations: 'has other obligations with',
}

/** The report as a text that ends with a line break. */
export function replayText(report: ReplayReport, format: ReplayFormat): string {
  if (format === 'json') return `${JSON.stringify({ widens: widens(report), ...report }, null, 2)}\n`
  const { replayed, flips, not_replayable, malformed } = report
  const turned = flips.reduce((sum, { decisions }) => sum + decisions, 0)
  const summary = `${counted(replayed, 'decision')} replayed, ${turned === 0 ? 'none turns' : `${turned} turn`}`
  const obstacleLines = Object.entries(not_replayable)
    .filter(([, { events }]) => events > 0)
    .map(([name, counts]) => `not replayable: ${counted(counts, 'event')}: ${obstacles[name as Obstacle]}`)
  const more = malformed.count - malformed.lines.length
  const malformedLines = [
    ...malformed.lines.map((line) => `malformed: ${line}`),
    ...(more > 0 ? [`malformed: ${more} more lines`] : []),
  ]
  const lines = [...flips.map(flipLine), ...obstacleLines, ...malformedLines]
  if (format === 'text') return `${[summary, ...lines].join('\n')}\n`
  return `${['### Replay', '', summary, '', ...lines.map((line) => `- ${line}`)].join('\n').trimEnd()}\n`
}

function flipLine({ kind, system, action, reasons: [before, after], rule, examples, ...counts }: Flip): string {
  const place = rule === '' ? '' : `: ${rule}`
  const many = counted({ events: counts.decisions, weight: counts.weight }, 'decision')
  const reasons = before === after ? before : `${before} → ${after}`
  return `${many} ${verbs[kind]} \`${action}\`, ${reasons} (${system})${place}; ${examples.join(', ')}`
}

/** Events, and in brackets how many they stand for where the log was sampled. */
function counted({ events, weight }: Counted, what: string): string {
  const stand = weight === events ? '' : ` (standing for ${weight})`
  return `${events} ${what}${events === 1 ? '' : 's'}${stand}`
}
