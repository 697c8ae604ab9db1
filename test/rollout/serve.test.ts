import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { serve } from '../../src/app/serve.ts'
import { loadSettings } from '../../src/document/settings.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import { commandRun } from '../support/command-run.ts'
import { builtBundle } from '../support/policy.ts'
import { type ProjectCopy, tinyProject } from '../support/project-copy.ts'
import { lockDoors, ownerOpens } from './fixture.ts'
import { servedChild } from './served-child.ts'
import { keyOf } from './signing-keys.ts'

let project: ProjectCopy
let folder: string
beforeEach(() => {
  project = tinyProject()
  folder = mkdtempSync(join(tmpdir(), 'postern-serve-'))
})
afterEach(() => {
  project.remove()
  rmSync(folder, { recursive: true, force: true })
})

const matrix = 'config/systems/acme/matrix.yaml'

it('a served folder: what is broken changes nothing and is told, what is sound decides', { timeout: 120_000 }, () =>
  servedChild(project.root, async ({ status, until, opens }) => {
    const first = await status()
    expect([first.source, first.activations, first.last_error, await opens()]).toEqual([project.root, 1, null, true])

    project.edit(matrix, 'view: { owner: allow', 'view: { ownr: allow')
    const refused = await until(({ failures }) => failures === 1)
    expect(refused).toMatchObject({ policy: first.policy, loaded_at: first.loaded_at, activations: 1 })
    expect(refused.last_error?.problems).toEqual([
      `${matrix}:16:13: unknown role \`ownr\`; known: \`owner\`, \`guest\``,
    ])
    expect(await opens()).toBe(true)

    project.edit(matrix, 'view: { ownr: allow', 'view: { owner: allow')
    lockDoors(project)
    const activated = await until(({ activations }) => activations === 2)
    expect(activated.policy).not.toBe(first.policy)
    expect(await opens()).toBe(false)
  }),
)

it('a served URL: signed bundles whose rows hold decide, and a rollback outlives the server and the process', {
  timeout: 120_000,
}, async () => {
  const archive = join(folder, 'bundle.tar.gz')
  const [secret, open] = ['secret.pem', 'open.pem'].map((name) => join(folder, name)) as [string, string]
  writeFileSync(secret, keyOf('RS256', 'privateKey').text)
  writeFileSync(open, keyOf('RS256', 'publicKey').text)
  const publish = async (...keys: string[]) => {
    expect(await commandRun('build', '--project', project.root, '--output', archive)).toMatchObject({ code: 0 })
    for (const key of keys) expect(await commandRun('sign', archive, '--key', key)).toMatchObject({ code: 0 })
  }
  const origin = createServer((_, response) => void response.end(readFileSync(archive)))
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  const settings = {
    POSTERN_BUNDLE_URL: `http://127.0.0.1:${(origin.address() as AddressInfo).port}/bundle.tar.gz`,
    POSTERN_BUNDLE_POLL_SECONDS: '1',
    POSTERN_BUNDLE_VERIFY_KEY: open,
    POSTERN_BUNDLE_KEPT_IN: join(folder, 'kept'),
  }
  const rollback = (...flags: string[]) => {
    const file = join(folder, 'settings.yaml')
    writeFileSync(file, `bundle: { kept_in: ${join(folder, 'kept')} }\n`)
    return commandRun('rollback', '--project', project.root, '--settings', file, ...flags)
  }
  const allowed = ownerOpens.slice(ownerOpens.indexOf('expect:'), ownerOpens.indexOf('    basis:'))
  const decisions = 'config/systems/acme/decisions.yaml'
  try {
    project.write(decisions, ownerOpens)
    await publish(secret)
    await servedChild(
      project.root,
      async ({ until, opens }) => {
        expect(await opens()).toBe(true)
        lockDoors(project)
        await publish()
        const refused = await until(({ failures }) => failures === 1)
        expect(refused.last_error?.problems).toEqual(['the bundle is not signed; sign it with `postern sign`'])
        expect(await opens()).toBe(true)
        await publish(secret)
        const { last_error, policy } = await until(({ failures }) => failures === 2)
        expect(last_error?.problems).toEqual([
          expect.stringMatching(/^config[^ ]*decisions\.yaml:17:13: `owner-opens`: /),
        ])
        expect([policy, await opens()]).toEqual([refused.policy, true])
        project.edit(decisions, allowed, 'expect: deny\n    reason: no_permission\n')
        await publish(secret)
        await until(({ activations }) => activations === 2)
        expect(await opens()).toBe(false)
        // What took over is kept a moment after it decides.
        await until(() => existsSync(join(folder, 'kept/previous.tar.gz')))
        expect(await rollback()).toMatchObject({ code: 0 })
        await until(({ activations }) => activations === 3)
        expect(await opens()).toBe(true)
      },
      settings,
    )
    origin.closeAllConnections()
    origin.close()
    await servedChild(project.root, async ({ opens }) => expect(await opens()).toBe(true), settings)
    expect(await rollback('--release')).toMatchObject({ code: 0 })
    await servedChild(
      project.root,
      async ({ status }) => expect(await status()).toMatchObject({ source: join(folder, 'kept/current.tar.gz') }),
      settings,
    )
  } finally {
    origin.closeAllConnections()
    origin.close()
  }
})

it.each([
  ['url: "https://policies.example/b"', '`--bundle` and `bundle.url` are both given'],
  ['max_stale_seconds: 60', '`--bundle` has no source that could confirm it'],
])('a bundle that is served as it is goes together with no %s', async (setting, message) => {
  const file = join(folder, 'settings.yaml')
  writeFileSync(file, `bundle: { ${setting} }\n`)
  const { code, stderr } = await commandRun('serve', '--bundle', 'anywhere', '--settings', file)
  expect([code, stderr.split('\n')[0]]).toEqual([2, `postern: ${message}`])
})

it('readiness is red once the policy has not been confirmed for too long, and green again after', async () => {
  const { listeners, readiness, activation } = await serve({
    bundle: builtBundle(),
    source: 'test',
    settings: loadSettings(
      undefined,
      { POSTERN_LISTEN_DECISION: '127.0.0.1:0', POSTERN_BUNDLE_MAX_STALE_SECONDS: '1' },
      folder,
    ),
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
      { name: 'directory_fresh', ok: true },
      { name: 'not_draining', ok: true },
    ])
    activation.confirm()
    expect(readiness.ready()).toBe(true)
  } finally {
    for (const listener of listeners) listener.destroy()
  }
})
