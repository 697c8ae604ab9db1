import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { hasPostgres } from '../support/postgres.ts'
import { startDistantFleet } from './fleet.ts'
import { propagation, tally, violations } from './history.ts'
import { codeWithout } from './patched-code.ts'
import { whilePolling } from './polling.ts'
import { maxAgeMs, race } from './race.ts'
import { createRegister } from './register.ts'
import { report, spread } from './report.ts'
import { testTimeout } from './size.ts'

/** What becomes of a right that is revoked while no NOTIFY reaches the other sidecar. */
async function revokedUnheard(code: string) {
  const { sidecars, networks } = await startDistantFleet(2, code)
  const register = await createRegister('unheard', sidecars, true)
  await register.check(1, { full: true })
  for (const network of networks) network.loseNotifications(true)
  await whilePolling(register, [1], { perSecond: 20 }, async () => {
    await register.write(0, false)
    await sleep(maxAgeMs + 1_000)
  })
  return { broken: tally(violations(register.writes, register.checks, maxAgeMs)), undecided: register.undecided }
}

describe.skipIf(!hasPostgres)('where every NOTIFY is lost (skipped without PostgreSQL)', () => {
  it('who relies on it alone allows for ever', async () => {
    const { broken } = await revokedUnheard(codeWithout('poll', 'lease'))
    expect(broken.P3).toBeGreaterThan(0)
  })

  it('who relies on it but for the lease decides nothing once the lease is over', async () => {
    const { broken, undecided } = await revokedUnheard(codeWithout('poll'))
    expect(broken).toEqual({})
    expect([...undecided.keys()]).toEqual(['stale_directory'])
  })

  it(
    'the sidecars ask often enough to keep each promise',
    async () => {
      const { sidecars, networks } = await startDistantFleet(3)
      for (const network of networks) network.loseNotifications(true)
      for (const plain of [false, true]) {
        const { writes, checks, undecided, broken } = await race(sidecars, 10, plain)
        const times = propagation(writes, checks)
        const asked = plain ? 'asked for no revision' : 'asked also for revisions'
        report(`without NOTIFY, ${asked}: ${checks.length} decisions, known after ${spread(times)}`)
        // Within 0.2 seconds a token may not be reached.
        undecided.delete('revision_not_reached')
        expect([broken, Object.fromEntries(undecided)]).toEqual([{}, {}])
        expect(times.length).toBeGreaterThan(10)
        expect(Math.max(...times)).toBeLessThan(maxAgeMs)
      }
    },
    testTimeout,
  )
})
