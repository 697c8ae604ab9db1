import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { serve } from '../../src/app/serve.ts'
import { packageRoot } from '../../src/document/package-root.ts'
import { defaultSettings } from '../../src/document/settings.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import { openDoor } from '../support/acme.ts'
import { builtBundle } from '../support/policy.ts'
import { tinyProject } from '../support/project-copy.ts'
import { clientOf } from '../support/serving.ts'
import { lockDoors } from './fixture.ts'

// The compiled program; `npm test` compiles first.
const main = join(packageRoot(), 'dist/src/main.js')

/** The port that the child says it listens on. Its standard error is read on, as a closed one would end it. */
function startedAt(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stderr?.on('data', (chunk) => {
      text += chunk
      const port = /"address":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(text)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
    child.on('exit', () => reject(new Error(`it did not start: ${text}`)))
  })
}

it('a served folder: what is broken changes nothing and is told, what is sound decides', {
  timeout: 60_000,
}, async () => {
  const project = tinyProject()
  const env = { ...process.env, POSTERN_LISTEN_DECISION: '127.0.0.1:0', POSTERN_DRAIN_DELAY_MS: '0' }
  const child = spawn(process.execPath, [main, 'serve', '--project', project.root], { env })
  try {
    const port = await startedAt(child)
    const client = clientOf(port)
    const status = async () => JSON.parse((await client.get('/v1/status')).text)
    const until = async (holds: (now: Readonly<Record<string, number>>) => boolean) => {
      for (let tries = 0; tries < 600; tries++) {
        const now = await status()
        if (holds(now)) return now
        await sleep(100)
      }
      throw new Error(`it did not happen: ${JSON.stringify(await status())}`)
    }
    const opens = async () => (await client.authorize(openDoor())).body.decision
    const first = await status()
    expect([first.source, first.activations, first.last_error, await opens()]).toEqual([project.root, 1, null, true])

    project.edit('config/systems/acme/matrix.yaml', 'view: { owner: allow', 'view: { ownr: allow')
    const refused = await until(({ failures }) => failures === 1)
    expect(refused).toMatchObject({ policy: first.policy, loaded_at: first.loaded_at, activations: 1 })
    expect(refused.last_error.problems).toEqual([
      'config/systems/acme/matrix.yaml:16:13: unknown role `ownr`; known: `owner`, `guest`',
    ])
    expect(await opens()).toBe(true)

    project.edit('config/systems/acme/matrix.yaml', 'view: { ownr: allow', 'view: { owner: allow')
    lockDoors(project)
    const activated = await until(({ activations }) => activations === 2)
    expect(activated.policy).not.toBe(first.policy)
    expect(await opens()).toBe(false)
    client.close()
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  } finally {
    child.kill('SIGKILL')
    project.remove()
  }
})

it('readiness is red once the policy has not been confirmed for too long, and green again after', async () => {
  const { listeners, readiness, activation } = await serve({
    bundle: builtBundle(),
    source: 'test',
    settings: {
      ...defaultSettings,
      listen: { decision: '127.0.0.1:0', gateway: null },
      bundle: { ...defaultSettings.bundle, max_stale_seconds: 1 },
    } as never,
    tenantFiles: [],
    root: '.',
    log: createServerLog({ sink: () => {} }),
    version: '0.0.0',
  })
  try {
    expect(readiness.ready()).toBe(true)
    await sleep(1100)
    expect(readiness.checks()).toEqual([
      { name: 'policy', ok: true },
      { name: 'policy_fresh', ok: false },
      { name: 'not_draining', ok: true },
    ])
    activation.confirm()
    expect(readiness.ready()).toBe(true)
  } finally {
    for (const listener of listeners) listener.destroy()
  }
})
