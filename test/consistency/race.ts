import { setTimeout as sleep } from 'node:timers/promises'
import { tally, violations } from './history.ts'
import { whilePolling } from './polling.ts'
import { createRegister } from './register.ts'
import type { Sidecar } from './sidecar.ts'

/** The default of `freshness.max_age_ms`. */
export const maxAgeMs = 2_000

/** Grants and revokes by one sidecar after the other, every second time for the whole fleet to know, and asks them all; `plain`
 * questions ask for no revision. */
export async function race(sidecars: readonly Sidecar[], rounds: number, plain = false) {
  const register = await createRegister(plain ? 'plain' : 'race', sidecars)
  const { writes, checks, undecided } = register
  const wanted = (turn: number) => {
    if (plain) return {}
    return turn % 3 === 0 ? { atLeast: writes.at(-1) } : { full: turn % 20 === 1 }
  }
  await whilePolling(register, [...sidecars.keys()], { wanted }, async () => {
    for (let round = 0; round < rounds; round++) {
      await register.write(round % sidecars.length, true, round % 2 === 0)
      await sleep(10)
      await register.write((round * 7 + 1) % sidecars.length, false, round % 4 < 2)
      await sleep(20)
    }
  })
  return { writes, checks, undecided, broken: tally(violations(writes, checks, maxAgeMs)) }
}
