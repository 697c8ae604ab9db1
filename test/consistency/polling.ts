import { setTimeout as sleep } from 'node:timers/promises'
import type { Register, Wanted } from './register.ts'

export interface Polling {
  /** Of each sidecar; by default 200. */
  readonly perSecond?: number
  /** By default what all requests ask for that say nothing. */
  readonly wanted?: (turn: number) => Wanted
}

/** So many questions to a sidecar may be without an answer; those that hang must not end the polling. */
const lanes = 4

/** Asks each of so many sidecars all the time while `work` goes on. */
export async function whilePolling<T>(
  register: Pick<Register, 'check'>,
  sidecars: readonly number[],
  { perSecond = 200, wanted = () => ({}) }: Polling,
  work: () => Promise<T>,
): Promise<T> {
  let polling = true
  const lane = async (by: number, number: number) => {
    await sleep((number * 1_000) / perSecond)
    for (let turn = number; polling; turn += lanes) {
      const next = performance.now() + (lanes * 1_000) / perSecond
      await register.check(by, wanted(turn))
      await sleep(Math.max(0, next - performance.now()))
    }
  }
  const all = sidecars.flatMap((by) => Array.from({ length: lanes }, (_, number) => lane(by, number)))
  try {
    return await work()
  } finally {
    polling = false
    await Promise.all(all)
  }
}
