import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { hasPostgres } from '../support/postgres.ts'
import { startDistantFleet } from './fleet.ts'
import { isLinearizable, type Operation } from './linearizable.ts'
import { createRegister } from './register.ts'
import { report } from './report.ts'
import { nextRight, type RightStep } from './right.ts'
import type { Sidecar } from './sidecar.ts'
import { size, testTimeout } from './size.ts'

const clients = 5
const steps = 8

/** What several clients did to one member's right by several sidecars at the same time. */
async function historyOf(tenant: string, seed: number, sidecars: readonly Sidecar[], full: boolean) {
  const register = await createRegister(tenant, sidecars)
  const operations: Operation<RightStep>[] = []
  const client = async (number: number) => {
    for (let turn = 0; turn < steps; turn++) {
      const chance = (seed * 7_919 + number * 104_729 + turn * 1_299_709) % 97
      await sleep(chance % 4)
      const by = chance % sidecars.length
      const called = performance.now()
      const returned = (step: RightStep) => operations.push({ called, returned: performance.now(), step })
      if (chance % 5 < 3) {
        const check = await register.check(by, { full })
        if (check !== undefined) returned({ check: check.allowed })
      } else {
        const set = chance % 2 === 0
        const { status, body } = await register.act(by, set, false, randomUUID())
        expect([200, 403]).toContain(status)
        if (status === 403) expect(body.context?.reason).toBe('invalid_transition')
        returned({ set, changed: status === 200 })
      }
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)))
  return operations
}

async function judged(name: string, count: number, sidecars: readonly Sidecar[], full: boolean): Promise<boolean[]> {
  const verdicts: boolean[] = []
  for (let seed = 0; seed < count; seed++) {
    const operations = await historyOf(`${name}-${seed}`, seed, sidecars, full)
    expect(operations.length).toBeGreaterThan((clients * steps) / 2)
    verdicts.push(isLinearizable(operations, false, nextRight))
  }
  return verdicts
}

describe.skipIf(!hasPostgres)('grants, revocations and checks by three sidecars (skipped without PostgreSQL)', () => {
  it('are not linearizable where a check asks for nothing', async () => {
    const { sidecars, networks } = await startDistantFleet(3)
    for (const network of networks) network.loseNotifications(true)
    expect(await judged('plain', 5, sidecars, false)).toContain(false)
  })

  it(
    `are linearizable in ${size.histories} histories whose checks ask for the present state`,
    async () => {
      const { sidecars, networks } = await startDistantFleet(3)
      const heard = await judged('heard', size.histories / 2, sidecars, true)
      for (const network of networks) network.loseNotifications(true)
      const unheard = await judged('unheard', size.histories / 2, sidecars, true)
      const verdicts = [...heard, ...unheard]
      report(`linearizability: ${verdicts.filter(Boolean).length} of ${verdicts.length} histories are linearizable`)
      expect(verdicts).toEqual(verdicts.map(() => true))
    },
    testTimeout,
  )
})
