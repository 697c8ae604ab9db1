import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hasPostgres, startPostgres } from '../support/postgres.ts'
import { type Exposed, type Fault, faults, poolFault } from './faults.ts'
import { tally, type Violation, violations } from './history.ts'
import { startPool } from './pgbouncer.ts'
import { whilePolling } from './polling.ts'
import { maxAgeMs } from './race.ts'
import { createRegister, type Register } from './register.ts'
import { report, spread } from './report.ts'
import { type Sidecar, startSidecar } from './sidecar.ts'
import { size, testTimeout } from './size.ts'
import { wireProxy } from './wire-proxy.ts'

/** Some outlast what is decided without a word of the database. */
const durations = size.faults > 100 ? [100, 500, 1_000, 2_600, 5_000, 10_000] : [100, 400, 800, 2_600]

/** No sidecar may take longer to be of use again; how long it mostly takes is reported. */
const patienceMs = 15_000

/** One sidecar that nothing happens to, and others with all that may fail between them and their PostgreSQL. */
async function exposedFleet(count: number) {
  const server = await startPostgres(['fsync=off', 'max_connections=200'])
  onTestFinished(() => server.stop())
  const directory = await server.database()
  const home = await startSidecar({ directory })
  const admin = new pg.Client({ connectionString: directory })
  // It is lost when PostgreSQL is started anew.
  admin.on('error', () => {})
  await admin.connect()
  onTestFinished(() => admin.end())

  const expose = async (number: number): Promise<Exposed> => {
    const name = `sidecar-${number}`
    const network = await wireProxy(server.port)
    const direct = `${network.urlOf(directory)}?application_name=${name}`
    // Every third one sends its questions through a pool, and listens past it.
    const pool = number % 3 === 2 ? await startPool(server.port) : undefined
    const options = pool === undefined ? { directory: direct } : { directory: pool.urlOf(directory), listen: direct }
    return { sidecar: await startSidecar(options), network, name, pool, admin }
  }
  const exposed = await Promise.all(Array.from({ length: count - 1 }, (_, number) => expose(number)))
  return { server, home, exposed, silent: new Set<Sidecar>() }
}

type ExposedFleet = Awaited<ReturnType<typeof exposedFleet>>

/** The first decision that knows of the last write. */
async function recovered(register: Register, by: number): Promise<number> {
  const { rev } = register.writes.at(-1) ?? { rev: Number.POSITIVE_INFINITY }
  const healed = performance.now()
  while (performance.now() < healed + patienceMs) {
    const check = await register.check(by)
    if (check !== undefined && check.rev >= rev) return performance.now() - healed
    await sleep(10)
  }
  return Number.POSITIVE_INFINITY
}

/** Statuses of `/livez` other than 200, but for those of sidecars that were silent meanwhile. */
function watchLife(sidecars: readonly Sidecar[], silent: ReadonlySet<Sidecar>) {
  let watching = true
  const dead: number[] = []
  const watch = async (sidecar: Sidecar) => {
    while (watching) {
      const excused = silent.has(sidecar)
      const { status } = await sidecar.ask({ to: 'decision', method: 'GET', path: '/livez' })
      if (status !== 200 && !excused && !silent.has(sidecar)) dead.push(status)
      await sleep(50)
    }
  }
  const all = Promise.all(sidecars.map(watch))
  return async () => {
    watching = false
    await all
    return dead
  }
}

interface Outcome {
  readonly found: readonly Violation[]
  readonly decisions: number
  readonly undecided: ReadonlyMap<string, number>
  readonly recoveries: readonly number[]
}

/** Revokes a right during each fault of one sidecar. */
async function lane({ home, silent }: ExposedFleet, exposed: Exposed, count: number, offset: number): Promise<Outcome> {
  const mine: readonly Fault[] = exposed.pool === undefined ? faults : [...faults, poolFault]
  const register = await createRegister(exposed.name, [home, exposed.sidecar])
  const recoveries: number[] = []
  await whilePolling(register, [0, 1], { perSecond: 40 }, async () => {
    for (let turn = 0; turn < count; turn++) {
      const fault = mine[(turn + offset) % mine.length] as Fault
      const duration = durations[(turn + Math.floor(turn / durations.length)) % durations.length] as number
      await register.write(0, true, turn % 2 === 0)
      await recovered(register, 1)
      if (fault.silent) silent.add(exposed.sidecar)
      const heal = await fault.strike(exposed)
      const began = performance.now()
      await sleep((turn * 13) % 60)
      await register.write(0, false, turn % 2 === 1)
      await sleep(Math.max(0, began + duration - performance.now()))
      await heal()
      silent.delete(exposed.sidecar)
      recoveries.push(await recovered(register, 1))
    }
  })
  const { writes, checks, undecided } = register
  return { found: violations(writes, checks, maxAgeMs), decisions: checks.length, undecided, recoveries }
}

describe.skipIf(!hasPostgres)('a right that is revoked while something fails (skipped without PostgreSQL)', () => {
  it(
    `is not allowed beyond its time in ${size.faults} faults, and all goes on afterwards`,
    async () => {
      const fleet = await exposedFleet(size.sidecars)
      const { server, home, exposed, silent } = fleet
      const sidecars = [home, ...exposed.map(({ sidecar }) => sidecar)]
      const life = watchLife(sidecars, silent)
      const count = Math.ceil(size.faults / exposed.length)
      const lanes = await Promise.all(exposed.map((one, number) => lane(fleet, one, count, number * 3)))
      const recoveries = lanes.flatMap((one) => one.recoveries)
      const undecided = lanes.flatMap((one) => [...one.undecided.keys()])
      const decisions = lanes.reduce((sum, one) => sum + one.decisions, 0)
      report(`channel faults: ${recoveries.length}, ${decisions} decisions; of use again after ${spread(recoveries)}`)
      expect(lanes.map(({ found }) => tally(found))).toEqual(lanes.map(() => ({})))
      expect(undecided).toContain('stale_directory')
      expect(Math.max(...recoveries)).toBeLessThan(patienceMs)

      // What all of them need is gone for a moment.
      const register = await createRegister('restarts', sidecars)
      const restarts: number[] = []
      await whilePolling(register, [...sidecars.keys()], { perSecond: 40 }, async () => {
        for (const mode of ['fast', 'immediate'] as const) {
          await register.write(0, true, true)
          const restarted = server.restart(mode)
          await register.write(0, false)
          await restarted
          restarts.push(...(await Promise.all(sidecars.map((_, by) => recovered(register, by)))))
        }
      })
      report(`PostgreSQL started anew twice: of use again after ${spread(restarts)}`)
      expect(tally(violations(register.writes, register.checks, maxAgeMs))).toEqual({})
      expect(Math.max(...restarts)).toBeLessThan(patienceMs)
      expect(await life()).toEqual([])
    },
    testTimeout,
  )
})
