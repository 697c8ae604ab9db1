import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { hasPostgres } from '../support/postgres.ts'
import { startFleet } from './fleet.ts'
import { propagation, tally, violations } from './history.ts'
import { codeWithout } from './patched-code.ts'
import { whilePolling } from './polling.ts'
import { createRegister } from './register.ts'
import { report, spread } from './report.ts'
import type { Sidecar } from './sidecar.ts'
import { size, testTimeout } from './size.ts'

const maxAgeMs = 2_000

/** Grants and revokes by one sidecar after the other, every second time for the whole fleet to know, and asks them all. */
async function race(sidecars: readonly Sidecar[], rounds: number) {
  const register = await createRegister('race', sidecars)
  const { writes, checks, undecided } = register
  const wanted = (turn: number) => (turn % 3 === 0 ? { atLeast: writes.at(-1) } : turn % 20 === 1 ? { full: true } : {})
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

describe.skipIf(!hasPostgres)('a right that is revoked (skipped where PostgreSQL is not installed)', () => {
  it('is allowed afterwards where a write does not wait for the leases of the fleet', async () => {
    const { sidecars } = await startFleet(2, { code: codeWithout('fleet') })
    const { P4 = 0, ...others } = (await race(sidecars, 20)).broken
    expect(P4).toBeGreaterThan(0)
    expect(others).toEqual({})
  })

  it('is allowed by its token where nobody waits for the revision that a request asks for', async () => {
    const { sidecars } = await startFleet(2, { code: codeWithout('token') })
    const { P2 = 0, now = 0, ...others } = (await race(sidecars, 20)).broken
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
