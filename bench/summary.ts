import type { Contender } from './contender.ts'
import type { Measured, Round } from './measure.ts'

/** One contender's line in the report: medians over its rounds. */
export interface Row {
  readonly contender: string
  readonly version: string
  readonly note: string
  readonly cpu: number
  readonly cpuLeast: number
  readonly cpuMost: number
  readonly throughput: number
  readonly p50: number
  readonly p99: number
  readonly rss: number
  readonly serverBusy: number
  readonly idleCpu: number
  /** Against the first row; undefined where it was not measured. */
  readonly cpuRatio: number
  readonly throughputRatio: number
}

/** The middle value; of an even number of values the mean of the two middle ones. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Medians per contender, in the order given; the first contender is 1.0 in every ratio. */
export const summarise = (contenders: readonly Contender[], { idle, rounds }: Measured): readonly Row[] => {
  const rows = contenders.map((contender): Row => {
    const own = rounds.filter((round) => round.contender === contender.name)
    const of = (pick: (round: Round) => number) => median(own.map(pick))
    const cpus = own.map((round) => round.cpuPerRequest)
    return {
      contender: contender.name,
      version: contender.version(),
      note: contender.note,
      cpu: median(cpus),
      cpuLeast: Math.min(...cpus),
      cpuMost: Math.max(...cpus),
      throughput: of((round) => round.throughput),
      p50: of((round) => round.p50),
      p99: of((round) => round.p99),
      rss: of((round) => round.rss),
      serverBusy: of((round) => round.serverBusy),
      idleCpu: idle.find((entry) => entry.contender === contender.name)?.cpu ?? Number.NaN,
      cpuRatio: Number.NaN,
      throughputRatio: Number.NaN,
    }
  })
  const yardstick = rows[0]
  if (yardstick === undefined) return []
  return rows.map((row) => ({
    ...row,
    cpuRatio: row.cpu / yardstick.cpu,
    throughputRatio: row.throughput / yardstick.throughput,
  }))
}

/** What a reader must know before believing a number: each sentence is one way in which this run was not clean. */
export const doubts = (
  { machineBefore, rounds }: Measured,
  cores: readonly (number | undefined)[],
): readonly string[] => {
  const list: string[] = []
  for (const { core, busy } of machineBefore) {
    if (busy > 0.05 && cores.includes(core))
      list.push(`core ${core} was ${percent(busy)} busy before anything was started`)
  }
  const say = (suspect: (round: Round) => boolean, what: string) => {
    const found = rounds.filter(suspect)
    const names = [...new Set(found.map((round) => round.contender))].join(', ')
    if (found.length > 0) list.push(`${found.length} of ${rounds.length} measurements ${what} (${names})`)
  }
  say((round) => round.besideServer > 0.05, "shared the server's core with other work")
  say((round) => round.besideGenerator > 0.05, "shared the load generator's core with other work")
  say((round) => round.stolen > 0.02, 'lost time of the core to the hypervisor')
  say(
    (round) => round.serverBusy < 0.9,
    'used less than nine tenths of the server core, so their throughput is not what the server can do',
  )
  return list
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`
