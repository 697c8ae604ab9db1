import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { hasPostgres } from '../support/postgres.ts'
import { startDistantFleet } from './fleet.ts'
import { codeWithout } from './patched-code.ts'
import { maxAgeMs } from './race.ts'
import { createRegister, type Register } from './register.ts'
import { report } from './report.ts'
import { size, testTimeout } from './size.ts'

/** Far less than a million changes are. */
const grownMib = 150

async function run(url: string, sql: string, values: readonly unknown[] = []): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql, [...values])
  } finally {
    await client.end()
  }
}

/** What so many writes of others leave behind. */
const write = (url: string, changes: number) =>
  run(
    url,
    `with bump as (update postern.meta set rev = rev + $1::int returning rev)
     insert into postern.change (rev, tenant, kind, ended)
     select rev - $1::int + number, 'bulk-' || number % 1000, 'put', '[]' from bump, generate_series(1, $1::int) as number`,
    [changes],
  )

/** How long it takes a sidecar until it refuses what it allowed before it stood still; what it answers meanwhile too. */
async function refusedAfter(register: Register, by: number, patienceMs: number) {
  const began = performance.now()
  const allowed: number[] = []
  while (performance.now() < began + patienceMs) {
    const check = await register.check(by)
    if (check?.allowed === false) return { took: performance.now() - began, allowed }
    if (check?.allowed === true) allowed.push(performance.now() - began)
    await sleep(10)
  }
  return { took: Number.POSITIVE_INFINITY, allowed }
}

/** A sidecar that stands still for longer than it may decide, while a right is revoked in the midst of other changes. */
async function afterStandstill(
  meanwhile: (url: string, revoked: number) => Promise<void>,
  code?: string,
  patienceMs = 15_000,
) {
  const { url, sidecars } = await startDistantFleet(2, code)
  const [, frozen] = sidecars
  const register = await createRegister('backlog', sidecars, true)
  expect((await register.check(1, { full: true }))?.allowed).toBe(true)
  const before = frozen?.residentMib() ?? 0
  frozen?.freeze()
  const { rev } = await register.write(0, false)
  await meanwhile(url, rev)
  await sleep(maxAgeMs)
  frozen?.resume()
  const { took, allowed } = await refusedAfter(register, 1, patienceMs)
  return { took, allowed, grown: (frozen?.residentMib() ?? 0) - before }
}

describe.skipIf(!hasPostgres)('a sidecar that stood still (skipped without PostgreSQL)', () => {
  /** As if the changes that are kept were fewer. */
  const loseRevocation = async (url: string, revoked: number) => {
    await write(url, 10)
    await run(url, 'delete from postern.change where rev = $1', [revoked])
  }

  it('allows for ever where it believes the changes that are left to be all', async () => {
    const { took, allowed } = await afterStandstill(loseRevocation, codeWithout('gap'), maxAgeMs + 1_000)
    expect(took).toBe(Number.POSITIVE_INFINITY)
    expect(allowed.length).toBeGreaterThan(20)
  })

  it('forgets all that it knows where a change is missing', async () => {
    const { took, allowed } = await afterStandstill(loseRevocation)
    expect(allowed).toEqual([])
    expect(took).toBeLessThan(10_000)
  })

  it.each([5_000, size.changes])(
    'knows of %d changes soon, and does not grow with them',
    async (changes) => {
      const { took, allowed, grown } = await afterStandstill((url) => write(url, changes))
      report(`backlog: ${changes} changes, known after ${took.toFixed(0)} ms, ${grown.toFixed(0)} MiB more`)
      expect(allowed).toEqual([])
      expect(took).toBeLessThan(10_000)
      expect(grown).toBeLessThan(grownMib)
    },
    testTimeout,
  )
})
