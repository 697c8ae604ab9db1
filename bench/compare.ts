import type { Contender } from './contender.ts'
import { pin } from './machine.ts'
import { type Measured, measure, measureOnlyIdle } from './measure.ts'
import { type MicroCase, type MicroResult, runMicro } from './micro.ts'
import type { Options } from './options.ts'
import { coreLoads } from './proc.ts'
import { pageOf, type Report, writeReport } from './report.ts'
import { cleanUpOnExit, type Host, makeHost } from './server-process.ts'
import { percent, summarise } from './summary.ts'
import type { Workload } from './workload.ts'

export interface Comparison {
  readonly title: string
  readonly workload: Workload
  /** The first is the yardstick and always runs. */
  readonly contenders: readonly Contender[]
  readonly micro?: readonly MicroCase[]
}

/** The whole of a run: prepare, pin, measure, report. Ends the process: 0 done, 1 failed, 2 something is missing. */
export const compare = async (comparison: Comparison, options: Options): Promise<never> => {
  cleanUpOnExit()
  try {
    process.exit(await run(comparison, options))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exit(1)
  }
}

const run = async ({ title, workload, contenders, micro = [] }: Comparison, options: Options): Promise<number> => {
  if (process.platform !== 'linux') {
    process.stderr.write('the benchmark reads /proc, so it needs Linux\n')
    return 2
  }
  const chosen = choose(contenders, options.only)
  const missing = new Set(chosen.flatMap((contender) => contender.prepare() ?? []))
  for (const line of missing) process.stderr.write(`${line}\n`)
  if (missing.size > 0) {
    process.stderr.write('nothing was measured; `--only` leaves contenders out\n')
    return 2
  }

  const pinning = pin(options.serverCore, options.loadCore)
  say(pinning.statement)
  const host = makeHost(pinning.serverCore)
  if (options.idle) return idle(chosen, host)

  const microResults: readonly MicroResult[] = await runMicro(micro, workload)
  const plan = { ...options, ...pinning, questions: workload.questions.length }
  const measured: Measured = await measure(chosen, host, plan, say)
  const rows = summarise(chosen, measured)
  const report: Report = { title, options, pinning, rows, measured, micro: microResults, date: new Date() }
  const files = writeReport(report)
  process.stdout.write(`${pageOf(report)}\n${files.join('\n')}\n`)
  return 0
}

const choose = ([yardstick, ...others]: readonly Contender[], only: readonly string[]): readonly Contender[] => {
  const wanted = (name: string) => only.some((word) => name.toLowerCase().includes(word.toLowerCase()))
  const kept = others.filter((contender) => only.length === 0 || wanted(contender.name))
  return yardstick === undefined ? kept : [yardstick, ...kept]
}

const idle = async (contenders: readonly Contender[], host: Host): Promise<number> => {
  for (const { core, busy } of await coreLoads(2)) process.stdout.write(`core ${core} before: ${percent(busy)} busy\n`)
  for (const { contender, cpu, rss } of await measureOnlyIdle(contenders, host)) {
    process.stdout.write(
      `${contender}: ${cpu.toFixed(0)} ms CPU per second at rest, ${Math.round(rss / 2 ** 20)} MiB\n`,
    )
  }
  return 0
}

/** Progress goes to the terminal only, so that a pipe holds nothing but the report. */
const say = (line: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`${line}\n`)
}
