import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** Linux' accounting of CPU time and memory. Times are in seconds, as precise as the kernel's tick (mostly 10 ms). */

let ticks: number | undefined

const ticksPerSecond = (): number => {
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  return ticks
}

/** CPU time that all threads of the process have used since its start, user and system. Throws if it is gone. */
export const processCpuSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is the command's name in parentheses, which may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond()
}

/** Resident memory of the process in bytes. */
export const residentBytes = (pid: number): number => {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1] ?? Number.NaN) * 1024
}

export interface CoreTimes {
  /** All but idling and waiting; interrupts too, since the kernel mostly charges them to the process that they met. */
  readonly busy: number
  /** Taken by the hypervisor for others. */
  readonly stolen: number
}

/** What one core has done since boot; NaN where there is none to watch. */
export const coreTimes = (core: number | undefined): CoreTimes => {
  if (core === undefined) return { busy: Number.NaN, stolen: Number.NaN }
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'))?.[1]
  if (line === undefined) throw new Error(`core ${core} is not in /proc/stat`)
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
    .split(' ')
    .map((n) => Number(n) / ticksPerSecond())
  return { busy: user + nice + system + irq + softirq, stolen: steal }
}

export interface CoreLoad {
  readonly core: number
  /** Share of the time that something ran on it, 0 … 1. */
  readonly busy: number
}

/** What every core does in the next `seconds`; nothing else should, when a benchmark is about to start. */
export const coreLoads = async (seconds: number): Promise<readonly CoreLoad[]> => {
  const before = cpus().map((_, core) => coreTimes(core).busy)
  await sleep(seconds * 1000)
  return before.map((busy, core) => ({ core, busy: (coreTimes(core).busy - busy) / seconds }))
}
