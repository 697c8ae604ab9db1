import { spawnSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'
import { has } from './server-process.ts'

export interface Pinning {
  /** Undefined where servers are not pinned. */
  readonly serverCore: number | undefined
  readonly loadCore: number | undefined
  /** One sentence for the report. */
  readonly statement: string
}

/** The machine in one line: processor, cores, memory, kernel. */
export const describeMachine = (): string => {
  const cores = cpus()
  return [
    cores[0]?.model.trim() ?? 'unknown processor',
    `${cores.length} core${cores.length === 1 ? '' : 's'}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `${process.platform} ${release()}`,
  ].join(', ')
}

/** Puts this process, the load generator, on its core, if `taskset` is there; says where everything runs. */
export const pin = (serverCore: number, loadCore: number): Pinning => {
  const cores = cpus().length
  const unpinned = (why: string): Pinning => ({
    serverCore: undefined,
    loadCore: undefined,
    statement: `Nothing is pinned (${why}): servers may use every core, and the figures are not comparable with pinned ones.`,
  })
  if (!has('taskset')) return unpinned('`taskset` of util-linux is missing')
  for (const core of [serverCore, loadCore]) {
    if (core >= cores) return unpinned(`there is no core ${core}, only ${cores}`)
  }
  const moved = spawnSync('taskset', ['-a', '-c', '-p', String(loadCore), String(process.pid)])
  if (moved.status !== 0) return unpinned(`\`taskset\` failed: ${String(moved.stderr).trim()}`)
  const shared =
    serverCore === loadCore ? ' Both share one core: throughput says little, CPU per request still does.' : ''
  return {
    serverCore,
    loadCore,
    statement: `Every server is pinned to core ${serverCore}, the load generator to core ${loadCore}.${shared}`,
  }
}
