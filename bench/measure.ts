import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from './ask.ts'
import type { Contender } from './contender.ts'
import { type LoadPlan, load, type Requests, requestsOf } from './load.ts'
import { type CoreLoad, coreLoads, coreTimes, processCpuSeconds, residentBytes } from './proc.ts'
import type { Host, Running } from './server-process.ts'

export interface Plan {
  readonly rounds: number
  readonly seconds: number
  readonly warmup: number
  readonly connections: number
  /** Distinct questions of the workload. */
  readonly questions: number
  /** The cores whose other work is watched, where there is pinning. */
  readonly serverCore: number | undefined
  readonly loadCore: number | undefined
}

/** One window of one contender, as measured. */
export interface Round {
  readonly round: number
  readonly contender: string
  readonly requests: number
  readonly seconds: number
  readonly failures: number
  /** Requests per second. */
  readonly throughput: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** CPU time of the whole server process per request, in microseconds. */
  readonly cpuPerRequest: number
  readonly rss: number
  /** Shares of one core, 0 … 1: the server, the load generator, what else ran beside each, what the hypervisor took. */
  readonly serverBusy: number
  readonly generatorBusy: number
  readonly besideServer: number
  readonly besideGenerator: number
  readonly stolen: number
}

/** What a started server uses when nobody asks it anything. */
export interface Idle {
  readonly contender: string
  /** Milliseconds of CPU per second. */
  readonly cpu: number
  readonly rss: number
}

export interface Measured {
  /** What the machine did before anything was started. */
  readonly machineBefore: readonly CoreLoad[]
  readonly idle: readonly Idle[]
  readonly rounds: readonly Round[]
}

interface Started {
  readonly contender: Contender
  readonly running: Running
  readonly requests: Requests
}

const ramp = 0.5

/**
 * Starts all, checks every answer of each, warms each up, measures what they use at rest, then measures in rounds, each
 * round with all contenders one after the other, the order rotated. Checks every answer again at the end. Rejects with
 * the first wrong one.
 */
export const measure = async (
  contenders: readonly Contender[],
  host: Host,
  plan: Plan,
  say: (line: string) => void,
): Promise<Measured> => {
  const machineBefore = await coreLoads(2)
  const started: Started[] = []
  for (const contender of contenders) {
    const running = await contender.start(host)
    await checkAnswers(contender, running, 0, plan.questions)
    const requests = requestsOf(contender, plan.questions, plan.questions * 2)
    say(`${contender.name}: ${plan.questions} answers are right`)
    started.push({ contender, running, requests })
  }
  for (const { requests, running } of started) await load(requests, loadPlan(running, plan, plan.warmup))

  const idle = await measureIdle(started)
  const rounds: Round[] = []
  for (let round = 0; round < plan.rounds; round++) {
    const shift = round % started.length
    for (const entry of [...started.slice(shift), ...started.slice(0, shift)]) {
      const result = await measureRound(round, entry, plan)
      rounds.push(result)
      say(
        `round ${round + 1}/${plan.rounds} ${result.contender}: ${result.cpuPerRequest.toFixed(1)} µs CPU, ` +
          `${Math.round(result.throughput)} requests/s`,
      )
    }
  }
  for (const { contender, running } of started) {
    await checkAnswers(contender, running, plan.questions, plan.questions)
    await running.stop()
  }
  return { machineBefore, idle, rounds }
}

/** Starts all and measures nothing but what they use at rest. */
export const measureOnlyIdle = async (contenders: readonly Contender[], host: Host): Promise<readonly Idle[]> => {
  const started: Started[] = []
  for (const contender of contenders) {
    started.push({ contender, running: await contender.start(host), requests: () => [] })
  }
  await sleep(1000)
  const idle = await measureIdle(started)
  for (const { running } of started) await running.stop()
  return idle
}

/** Throws unless questions `from` … `from + count - 1` are answered as the workload says. */
const checkAnswers = async (contender: Contender, running: Running, from: number, count: number): Promise<void> => {
  for (let i = from; i < from + count; i++) {
    const request = contender.request(i)
    const { status, body } = await ask(running, request)
    if (!contender.check(i, status, body)) {
      throw new Error(
        `${contender.name} answers request ${i} wrongly\n${request.path} ${request.body}\n${status} ${body}`,
      )
    }
  }
}

const loadPlan = (place: Running, { connections }: Plan, seconds: number): LoadPlan => ({
  place,
  connections,
  ramp,
  seconds,
})

const measureIdle = async (started: readonly Started[]): Promise<readonly Idle[]> => {
  const seconds = 2
  await sleep(500)
  const before = started.map(({ running }) => processCpuSeconds(running.pid))
  await sleep(seconds * 1000)
  return started.map(({ contender, running }, n) => ({
    contender: contender.name,
    cpu: ((processCpuSeconds(running.pid) - (before[n] ?? 0)) / seconds) * 1000,
    rss: residentBytes(running.pid),
  }))
}

const measureRound = async (round: number, { contender, running, requests }: Started, plan: Plan): Promise<Round> => {
  const snapshot = () => ({
    cpu: processCpuSeconds(running.pid),
    serverCore: coreTimes(plan.serverCore),
    loadCore: coreTimes(plan.loadCore),
  })
  let before = snapshot()
  let after = before
  const window = await load(requests, {
    ...loadPlan(running, plan, plan.seconds),
    opened: () => {
      before = snapshot()
    },
    closed: () => {
      after = snapshot()
    },
  })
  if (window.requests === 0) throw new Error(`${contender.name} answered nothing in round ${round + 1}`)
  if (window.failures > 0) throw new Error(`${contender.name} failed ${window.failures} requests in round ${round + 1}`)
  const cpu = after.cpu - before.cpu
  const beside = (core: 'serverCore' | 'loadCore', own: number) => {
    const shared = plan.serverCore === plan.loadCore ? cpu + window.generatorCpu : own
    return Math.max(0, (after[core].busy - before[core].busy - shared) / window.seconds)
  }
  return {
    round: round + 1,
    contender: contender.name,
    requests: window.requests,
    seconds: window.seconds,
    failures: window.failures,
    throughput: window.requests / window.seconds,
    p50: window.p50,
    p99: window.p99,
    cpuPerRequest: (cpu / window.requests) * 1e6,
    rss: residentBytes(running.pid),
    serverBusy: cpu / window.seconds,
    generatorBusy: window.generatorCpu / window.seconds,
    besideServer: beside('serverCore', cpu),
    besideGenerator: beside('loadCore', window.generatorCpu),
    stolen: (after.serverCore.stolen - before.serverCore.stolen) / window.seconds,
  }
}
