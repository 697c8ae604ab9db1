import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { openDirectory } from '../../src/directory/directory.ts'
import { project } from '../support/policy.ts'
import { directoryFile } from '../support/stored-tenants.ts'

const kills = Number(process.env.POSTERN_TEST_KILLS ?? 25)

/** Writes until it is killed; write `n` is on standard output once it is acknowledged. */
const writer = `
  import { writeSync } from 'node:fs'
  import { openDirectory } from '${pathToFileURL(join(project.root, 'dist/src/directory/directory.js'))}'
  const directory = await openDirectory(process.argv[1])
  for (;;) {
    const { value } = await directory.write('acme', async (draft) => {
      const n = (draft.settings().writes ?? 0) + 1
      await draft.putMember({ user: 'u' + n, role: 'r' + (n % 3), api_keys: ['k', 'k' + n], status: n % 2 ? 'active' : 'pending' })
      if (n % 3 === 0) await draft.removeMember('u' + (n - 1))
      await draft.add('shares', { user: 'u' + n, path: '/' + n })
      await draft.setObject('groups', { latest: ['u' + n] })
      draft.setSettings({ writes: n })
      return { commit: true, change: 'test', value: n }
    })
    writeSync(1, value + '\\n')
  }`

/** The last write that was acknowledged before the process was killed, `delay` milliseconds after its first. */
async function killedAfter(file: string, delay: number): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    if (text === '') setTimeout(() => child.kill('SIGKILL'), delay)
    text += chunk
  })
  const [, signal] = await once(child, 'close')
  expect(signal).toBe('SIGKILL')
  return Number(text.trimEnd().split('\n').at(-1))
}

it(`loses no acknowledged write and keeps every invariant when it is killed ${kills} times`, async () => {
  const file = directoryFile()
  const first = await openDirectory(file)
  await first.put([{ tenant: 'acme', system: 'x' }])
  await first.close()
  let writes = 0
  for (let kill = 0; kill < kills; kill++) {
    const acknowledged = await killedAfter(file, (kill * 7) % 60)
    expect(acknowledged).toBeGreaterThan(writes)
    const directory = await openDirectory(file)
    const { settings, members, shares, groups, revision } = (await directory.export('acme'))?.document ?? {}
    writes = Number(settings?.writes)
    // The write under way was committed, or nothing of it was.
    expect([acknowledged, acknowledged + 1]).toContain(writes)
    const numbers = Array.from({ length: writes }, (_, index) => index + 1)
    expect(revision).toBe(writes + 1)
    expect(members?.map(({ user }) => user)).toEqual(
      numbers.filter((n) => n % 3 !== 2 || n === writes).map((n) => `u${n}`),
    )
    expect(shares).toEqual(numbers.map((n) => ({ user: `u${n}`, path: `/${n}` })))
    expect(groups).toEqual({ latest: [`u${writes}`] })
    expect((await directory.check()).faults).toEqual([])
    await directory.close()
  }
}, 600_000)
