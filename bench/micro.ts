import { authzenBody } from './contenders/authzen.ts'
import { type Timing, time } from './time.ts'
import type { Workload } from './workload.ts'

export interface MicroCase {
  readonly label: string
  /** Microseconds of the plan's first step and of its goal, where there is one. */
  readonly firstStep?: number
  readonly goal?: number
  /** Prepares outside the clock; answers with what is timed, called with 0, 1, 2 … */
  make(workload: Workload): ((i: number) => unknown) | Promise<(i: number) => unknown>
}

export interface MicroResult extends Timing {
  readonly firstStep?: number | undefined
  readonly goal?: number | undefined
}

/** What Postern does in process, without HTTP; the first two lines are the harness itself and a familiar measure. */
export const microCases: readonly MicroCase[] = [
  { label: 'nothing (the harness itself)', make: () => (i) => i },
  {
    label: 'JSON.parse of one request',
    make: (workload) => {
      const texts = workload.questions.map((_, i) => JSON.stringify(authzenBody(workload, i)))
      return (i) => JSON.parse(texts[i % texts.length] ?? '')
    },
  },
  // TODO(plug in): each `make` builds the PDP once from `../src/app/embed.ts` with the workload's system and tenant, then
  // answers with the one call that is timed; facts are handed in, not loaded.
  // { label: 'cache key', make: … },
  // { label: 'hit', firstStep: 3, goal: 1.5, make: … },
  // { label: 'miss of a matrix row', firstStep: 15, goal: 10, make: … },
  // { label: 'miss of a lifecycle row', firstStep: 30, goal: 20, make: … },
]

/** Times all cases one after the other in this process. */
export const runMicro = async (cases: readonly MicroCase[], workload: Workload): Promise<readonly MicroResult[]> => {
  const results: MicroResult[] = []
  for (const { label, firstStep, goal, make } of cases) {
    results.push({ ...time(label, await make(workload)), firstStep, goal })
  }
  return results
}
