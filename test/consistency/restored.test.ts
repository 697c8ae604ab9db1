import { execFileSync } from 'node:child_process'
import { renameSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { hasPostgres, postgresProgram, startPostgres } from '../support/postgres.ts'
import { startDistantFleet } from './fleet.ts'
import { codeWithout, type Safeguard } from './patched-code.ts'
import { whilePolling } from './polling.ts'
import { maxAgeMs } from './race.ts'
import { createRegister, type Register } from './register.ts'
import { startSidecar } from './sidecar.ts'

const dumpOf = (url: string) =>
  execFileSync(postgresProgram('pg_dump'), ['--schema=postern', url], { encoding: 'utf8' })

function restore(url: string, dump: string): void {
  const input = `drop schema postern cascade;\n${dump}`
  execFileSync(postgresProgram('psql'), ['-qX1', '-v', 'ON_ERROR_STOP=1', url], { input, stdio: 'pipe' })
}

/** What a sidecar says now, and of a revision that only the lost history had. */
async function saidOf(register: Register, by: number, lost: string) {
  const check = await register.check(by)
  const { status, body } = await register.ask(by, { at_least: lost })
  return { allowed: check?.allowed, lost: body.error?.code ?? `${status} ${body.decision}` }
}

const forgotten = { allowed: false, lost: 'revision_not_reached' }
const believed = { allowed: true, lost: '200 true' }

/** Says what two sidecars say after the grant of a right was lost by a restored dump, and as many writes were made anew. */
async function afterRestoring(...safeguards: readonly Safeguard[]) {
  const code = safeguards.length === 0 ? undefined : codeWithout(...safeguards)
  const { url, sidecars } = await startDistantFleet(2, code)
  const register = await createRegister('restored', sidecars)
  const dump = dumpOf(url)
  const lost = register.tokenOf(await register.write(1, true))
  for (const by of [0, 1]) expect((await register.check(by, { full: true }))?.allowed).toBe(true)
  // It knows nothing of what happens until it is there again.
  sidecars[1]?.freeze()
  restore(url, dump)
  await sleep(maxAgeMs)
  await createRegister('another', sidecars)
  sidecars[1]?.resume()
  await sleep(maxAgeMs + 500)
  return [await saidOf(register, 0, lost), await saidOf(register, 1, lost)]
}

/** The same with the files of the whole server in the place of a dump: the tables are the same ones. */
async function afterSettingBack(...safeguards: readonly Safeguard[]) {
  const server = await startPostgres(['fsync=off'])
  onTestFinished(() => server.stop())
  const directory = await server.database()
  const code = safeguards.length === 0 ? undefined : codeWithout(...safeguards)
  const sidecars = [await startSidecar({ directory }), await startSidecar({ directory, code })]
  const register = await createRegister('restored', sidecars)
  const copy = `${server.data}.copy`
  // With its owner, as whom PostgreSQL runs.
  await server.restart('fast', () => execFileSync('cp', ['-a', server.data, copy]))
  const lost = register.tokenOf(await register.write(1, true))
  for (const by of [0, 1]) await decided(register, by, true)
  sidecars[1]?.freeze()
  await server.restart('immediate', () => {
    rmSync(server.data, { recursive: true })
    renameSync(copy, server.data)
  })
  await decided(register, 0, false)
  await createRegister('another', sidecars)
  sidecars[1]?.resume()
  await sleep(maxAgeMs + 500)
  return [await saidOf(register, 0, lost), await saidOf(register, 1, lost)]
}

/** Waits until the sidecar follows its database again, and says so. */
async function decided(register: Register, by: number, allowed: boolean): Promise<void> {
  await vi.waitFor(async () => expect((await register.check(by, { full: true }))?.allowed).toBe(allowed), 15_000)
}

describe.skipIf(!hasPostgres)('a directory that is set back to before a grant (skipped without PostgreSQL)', () => {
  it('is believed to hold it where neither epochs nor marks tell one history from another', async () => {
    expect(await afterRestoring('epoch', 'mark')).toEqual([forgotten, believed])
  })

  it('grants nothing after a dump was restored, and reaches no revision of the lost history', async () => {
    expect(await afterRestoring()).toEqual([forgotten, forgotten])
  })

  // Of a set-back that leaves the epoch as it was nobody can tell by a revision; README says what to do then.
  const reached = { allowed: false, lost: '200 false' }

  it('is believed to hold it where a change is known by its rev, and the same tables were set back', async () => {
    expect(await afterSettingBack('mark')).toEqual([reached, believed])
  })

  it('grants nothing after the same tables were set back', async () => {
    expect(await afterSettingBack()).toEqual([reached, reached])
  })

  it('does so at once in sidecars that are asked all the time', async () => {
    const { url, sidecars } = await startDistantFleet(3)
    const register = await createRegister('serving', sidecars)
    const dump = dumpOf(url)
    const lost = register.tokenOf(await register.write(1, true, true))
    const late = await whilePolling(register, [0, 1, 2], { perSecond: 50 }, async () => {
      await sleep(200)
      restore(url, dump)
      const restored = performance.now()
      await sleep(maxAgeMs + 500)
      return restored + maxAgeMs
    })
    expect(register.checks.some(({ allowed }) => allowed)).toBe(true)
    expect(register.checks.filter(({ allowed, sent }) => allowed && sent > late)).toEqual([])
    for (const by of sidecars.keys()) expect(await saidOf(register, by, lost)).toEqual(forgotten)
  })
})
