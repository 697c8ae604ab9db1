import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { hasPostgres } from '../support/postgres.ts'
import { type DistantFleet, startDistantFleet } from './fleet.ts'
import { tally, violations } from './history.ts'
import { codeWithout } from './patched-code.ts'
import { whilePolling } from './polling.ts'
import { maxAgeMs } from './race.ts'
import { createRegister } from './register.ts'

/** Ways in which the second sidecar knows nothing of what is written. */
const outages: readonly [string, (fleet: DistantFleet) => void, (fleet: DistantFleet) => void][] = [
  ['its network holds back everything', ({ networks }) => networks[0]?.hold(), ({ networks }) => networks[0]?.heal()],
  ['its network is cut', ({ networks }) => networks[0]?.cut(), ({ networks }) => networks[0]?.heal()],
  ['it stands still', ({ sidecars }) => sidecars[1]?.freeze(), ({ sidecars }) => sidecars[1]?.resume()],
]

/** Revokes a right during the outage, and waits for the fleet. */
async function revokedDuring(fleet: DistantFleet, begin: () => void, end: () => void) {
  const { sidecars } = fleet
  const register = await createRegister('lease', sidecars, true)
  expect((await register.check(1, { full: true }))?.allowed).toBe(true)
  const { revoked, confirmed } = await whilePolling(register, [0, 1], { perSecond: 50 }, async () => {
    begin()
    const revoked = await register.write(0, false, true)
    const confirmed = performance.now()
    await sleep(300)
    end()
    await sleep(1_000)
    return { revoked, confirmed }
  })
  const { checks, writes, undecided } = register
  return {
    took: confirmed - revoked.sent,
    everywhere: revoked.everywhere,
    undecided: [...undecided.keys()],
    broken: tally(violations(writes, checks, maxAgeMs)),
    last: checks.filter(({ by }) => by === 1).at(-1),
  }
}

describe.skipIf(!hasPostgres)('a sidecar that hears nothing (skipped without PostgreSQL)', () => {
  it('allows what was revoked everywhere where it does not look at its lease', async () => {
    const fleet = await startDistantFleet(2, codeWithout('lease'))
    const { everywhere, broken } = await revokedDuring(
      fleet,
      () => fleet.networks[0]?.hold(),
      () => fleet.networks[0]?.heal(),
    )
    expect(everywhere).toBe(true)
    expect(broken.P4).toBeGreaterThan(0)
  })

  it.each(outages)('decides nothing by the time that the write is everywhere, where %s', async (_, begin, end) => {
    const fleet = await startDistantFleet(2)
    const { took, everywhere, undecided, broken, last } = await revokedDuring(
      fleet,
      () => begin(fleet),
      () => end(fleet),
    )
    expect([everywhere, broken]).toEqual([true, {}])
    expect(took).toBeGreaterThan(maxAgeMs / 2)
    expect(undecided).toEqual(['stale_directory'])
    expect(last?.allowed).toBe(false)
  })
})
