import { describe, expect, it } from 'vitest'
import { hasPostgres } from '../support/postgres.ts'
import { startDistantFleet, startFleet } from './fleet.ts'
import { propagation } from './history.ts'
import { codeWithout, type Safeguard } from './patched-code.ts'
import { maxAgeMs, race } from './race.ts'
import { report, spread } from './report.ts'
import { size, testTimeout } from './size.ts'

/** What a race breaks where sidecars without the safeguard hear of writes only when they ask. */
async function slowRaceWithout(safeguard: Safeguard) {
  const { sidecars, networks } = await startDistantFleet(3, codeWithout(safeguard))
  for (const network of networks) network.loseNotifications(true)
  return (await race(sidecars, 20)).broken
}

describe.skipIf(!hasPostgres)('a right that is revoked (skipped without PostgreSQL)', () => {
  it('is allowed afterwards where a write does not wait for the leases of the fleet', async () => {
    const { P4 = 0, ...others } = await slowRaceWithout('fleet')
    expect(P4).toBeGreaterThan(0)
    expect(others).toEqual({})
  })

  it('is allowed by its token where nobody waits for the revision that a request asks for', async () => {
    const { P2 = 0, now = 0, ...others } = await slowRaceWithout('token')
    expect(P2).toBeGreaterThan(0)
    expect(now).toBeGreaterThan(0)
    expect(others).toEqual({})
  })

  it(
    `is refused everywhere as promised, in ${size.revokes} rounds by ${size.sidecars} sidecars`,
    async () => {
      const { sidecars } = await startFleet(size.sidecars)
      const { writes, checks, undecided, broken } = await race(sidecars, size.revokes)
      const times = propagation(writes, checks)
      report(`revoke race: ${writes.length} writes, ${checks.length} decisions, known after ${spread(times)}`)
      expect([broken, Object.fromEntries(undecided)]).toEqual([{}, {}])
      expect(checks.length).toBeGreaterThan(size.revokes * size.sidecars * 3)
      expect(checks.filter(({ allowed }) => allowed).length).toBeGreaterThan(checks.length / 10)
      expect(Math.max(...times)).toBeLessThan(maxAgeMs)
    },
    testTimeout,
  )
})
