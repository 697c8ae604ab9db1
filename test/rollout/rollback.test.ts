import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BundleIndex } from '../../src/app/build.ts'
import { bundleStore, keepOrTell } from '../../src/app/bundle-store.ts'
import { openFile, pinnedSource } from '../../src/app/pinned-source.ts'
import type { PolicySource } from '../../src/app/policy-source.ts'
import { rollOut } from '../../src/app/rollout.ts'
import { startingPolicy } from '../../src/app/starting-policy.ts'
import { defaultSettings } from '../../src/document/settings.ts'
import type { Bundle } from '../../src/opa/bundle.ts'
import { silentProgress } from '../../src/opa/progress.ts'
import { commandRun } from '../support/command-run.ts'
import { activationOf, mayOpen, twoPolicies } from './fixture.ts'

const options = { max_bytes: 10_000_000, key: undefined }

const policies = twoPolicies()

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'postern-store-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const storeAt = (folder: string) => bundleStore(join(folder, '.postern/rollout'))
const policyIn = async (file: string) => (await openFile(file, options)).bundle.manifest.policy

/** A source that holds the one bundle. */
const holding = (bundle: Bundle<BundleIndex>): PolicySource => ({
  name: 'source',
  look: async (known) =>
    known === 'held' ? 'unchanged' : { tag: 'held', from: 'source', deliver: async () => ({ bundle }) },
})

describe('the store', () => {
  it('keeps the last good bundle, its signature included, and goes back to the one before', async () => {
    const store = storeAt(root)
    await store.keep({ bundle: policies.open })
    await expect(store.rollBack()).rejects.toThrow('there is no predecessor to go back to')
    await store.keep({ bundle: policies.locked })
    // Again, as after a restart: it does not become its own predecessor.
    await store.keep({ bundle: policies.locked })
    expect(await policyIn(store.current)).toBe(policies.locked.manifest.policy)
    expect(await store.rollBack()).toBe(policies.open.manifest.policy)
    expect(await policyIn(store.pinned)).toBe(policies.open.manifest.policy)
    await expect(store.rollBack()).rejects.toThrow('a bundle is pinned already')
    expect([store.release(), store.release(), store.pin()]).toEqual([true, false, undefined])
  })

  it('that cannot be written is told of, and is no reason not to serve', async () => {
    const told: unknown[] = []
    writeFileSync(join(root, 'file'), '')
    const log = { warn: (message: string, fields?: object) => void told.push([message, fields]) }
    const store = bundleStore(join(root, 'file/rollout'))
    await keepOrTell({ bundle: policies.open }, store, log)
    expect(told).toEqual([
      ['the bundle could not be kept', { source: store.current, problems: [expect.stringMatching(/^ENOTDIR/)] }],
    ])
  })
})

it('`postern rollback` turns a serving process to the predecessor until it is released', async () => {
  const store = storeAt(root)
  const { pdp, activation } = activationOf()
  for (const bundle of [policies.open, policies.locked]) {
    activation.activate(bundle, 'source')
    await store.keep({ bundle })
  }
  const stop = new AbortController()
  const source = pinnedSource(holding(policies.locked), store, options)
  const keep = (delivery: Parameters<typeof store.keep>[0]) => store.keep(delivery)
  const running = rollOut({ source, activation, keep, tag: 'held', signal: stop.signal, milliseconds: 5 })
  const until = async (policy: string) => {
    for (let tries = 0; activation.status().policy !== policy && tries < 1000; tries++) await sleep(5)
    return [mayOpen(pdp).decision, activation.status().source]
  }
  expect(await commandRun('rollback', '--project', root)).toEqual({
    code: 0,
    stdout: `pinned: ${store.pinned}\npolicy ${policies.open.manifest.policy}\nrelease it with \`postern rollback --release\`\n`,
    stderr: '',
  })
  expect(await until(policies.open.manifest.policy)).toEqual([true, store.pinned])
  await sleep(50)
  expect(mayOpen(pdp).policy).toBe(policies.open.manifest.policy)
  expect(await commandRun('rollback', '--project', root)).toMatchObject({ code: 2, stdout: '' })
  expect(await commandRun('rollback', '--release', '--project', root)).toMatchObject({ code: 0, stdout: 'released\n' })
  expect(await until(policies.locked.manifest.policy)).toEqual([false, 'source'])
  expect(await commandRun('rollback', '--release', '--project', root)).toMatchObject({ code: 1 })
  stop.abort()
  await running
})

describe('a start', () => {
  const unreachable = 'http://127.0.0.1:9/bundle.tar.gz'
  const start = (url: string | null, told: unknown[] = []) => {
    const settings = { ...defaultSettings, bundle: { ...defaultSettings.bundle, url } }
    const log = { error: (message: string) => void told.push(message), warn: () => {} }
    const at = { root, bundle: join(root, '.postern/bundle'), cache: join(root, '.postern') }
    return startingPolicy({ project: at, settings, env: process.env, progress: silentProgress, log })
  }

  it('without the server takes the last good bundle, and says so', async () => {
    const told: unknown[] = []
    const store = storeAt(root)
    await store.keep({ bundle: policies.open })
    const started = await start(unreachable, told)
    expect([started.bundle.manifest, started.from, started.tag]).toEqual([policies.open.manifest, store.current, ''])
    expect(told).toEqual(['policy refused'])
  })

  it('without the server and without a last good bundle fails', async () => {
    await expect(start(unreachable)).rejects.toThrow(`${unreachable}: no answer from the server: `)
  })

  it('takes the pinned bundle, whatever the source holds', async () => {
    const store = storeAt(root)
    await store.keep({ bundle: policies.open })
    await store.keep({ bundle: policies.locked })
    await store.rollBack()
    for (const url of [null, unreachable]) {
      const started = await start(url)
      expect([started.bundle.manifest, started.tag]).toEqual([policies.open.manifest, store.pin()])
      expect(await started.source.look(started.tag)).toBe('unchanged')
    }
  })

  it('does not take a last good bundle whose signature is asked for and missing', async () => {
    const key = join(root, 'key.pem')
    writeFileSync(key, 'a secret of thirty-two characters')
    await storeAt(root).keep({ bundle: policies.open })
    const bundle = { ...defaultSettings.bundle, url: unreachable, verify_key: key, verify_algorithm: 'HS256' }
    const at = { root, bundle: join(root, '.postern/bundle'), cache: join(root, '.postern') }
    const log = { error() {}, warn() {} }
    const settings = { ...defaultSettings, bundle }
    await expect(
      startingPolicy({ project: at, settings, env: process.env, progress: silentProgress, log }),
    ).rejects.toThrow('current.tar.gz: the bundle is not signed')
  })
})
