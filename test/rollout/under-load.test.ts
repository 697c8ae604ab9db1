import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import { packRows } from '../../src/app/bundle-rows.ts'
import { httpSource } from '../../src/app/http-source.ts'
import { rollOut } from '../../src/app/rollout.ts'
import { serve } from '../../src/app/serve.ts'
import { loadSettings } from '../../src/document/settings.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import { readBundle, writeWhole } from '../../src/opa/bundle.ts'
import { series } from '../http/fixture.ts'
import { openDoor } from '../support/acme.ts'
import { inlinePdp } from '../support/policy.ts'
import { clientOf } from '../support/serving.ts'
import { brokenArchives, signedArchive } from './broken-archives.ts'
import { mayOpen, ownerOpens, twoPolicies } from './fixture.ts'
import { keyOf } from './signing-keys.ts'

/** 40 here; the full size is 200, by `POSTERN_TEST_RELOADS=200`. */
const reloads = Number(process.env.POSTERN_TEST_RELOADS ?? 40)
const perSecond = 1000

const policies = twoPolicies()

it('a bundle that is read while it is written is told from a whole one, which its answers would not show', async () => {
  const folder = policies.project.bundle
  await policies.project.build()
  writeWhole(`${folder}/data.json`, policies.open.data)
  // Taken as they come, the files decide as neither bundle does under the name of one of them.
  const mixed = { wasm: policies.locked.wasm, data: policies.open.data, manifest: policies.locked.manifest }
  expect(mayOpen(inlinePdp(loadPolicy(mixed, 64)))).toEqual({
    decision: true,
    reason: 'role_grant',
    policy: policies.locked.manifest.policy,
  })
  expect(() => readBundle(folder)).toThrow('its files do not belong together')
})

it(`${reloads} reloads at ${perSecond} requests a second, two in five of them broken: none lost, none mixed`, {
  timeout: 600_000,
}, async () => {
  const sound = [await signedArchive(policies.locked), await signedArchive(policies.open)]
  policies.project.write('config/systems/acme/decisions.yaml', ownerOpens)
  const broken = await brokenArchives(policies.locked, packRows(policies.project.root, ['acme']))
  let served: { archive: Uint8Array; etag: string } = { archive: await signedArchive(policies.open), etag: '"0"' }
  const origin = createServer((request, response) => {
    response.setHeader('ETag', served.etag)
    if (request.headers['if-none-match'] === served.etag) return void response.writeHead(304).end()
    response.end(served.archive)
  })
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  const lines: string[] = []
  const { listeners, activation } = await serve({
    bundle: policies.open,
    source: 'start',
    settings: loadSettings(undefined, { POSTERN_LISTEN_DECISION: '127.0.0.1:0' }, policies.project.root),
    tenantFiles: [],
    root: policies.project.root,
    log: createServerLog({ sink: (line) => lines.push(line), terminal: false, linesPerSecond: 1e6 }),
    version: '0.0.0',
  })
  const source = httpSource({
    url: `http://127.0.0.1:${(origin.address() as AddressInfo).port}/bundle.tar.gz`,
    token: null,
    poll_seconds: 0.01,
    timeout_ms: 5000,
    max_bytes: 10_000_000,
    key: keyOf('RS256', 'publicKey'),
    decision_rows: 'required',
    memory_mib: 64,
  })
  const stop = new AbortController()
  const tag = served.etag
  const rollout = rollOut({ source, activation, keep: async () => {}, tag, signal: stop.signal, milliseconds: 5 })
  const client = clientOf(Number(new URL(listeners[0]?.address as string).port))
  const load = underLoad(
    client,
    new Map([policies.open, policies.locked].map((bundle) => [bundle.manifest.policy, bundle === policies.open])),
  )
  try {
    const problems: string[] = []
    let rolled = 0
    for (let reload = 1; reload <= reloads; reload++) {
      const before = activation.status()
      const bad = reload % 5 === 2 || reload % 5 === 4
      const fault = broken[Math.floor((reload * 2) / 5) % broken.length]
      const archive = bad ? fault?.archive : sound[rolled++ % 2]
      served = { archive: archive as Uint8Array, etag: `"${reload}"` }
      while (activation.status().last_attempt === before.last_attempt) await sleep(2)
      const after = activation.status()
      expect([after.activations - before.activations, after.failures - before.failures]).toEqual(bad ? [0, 1] : [1, 0])
      expect(after.policy === before.policy).toBe(bad)
      if (bad) problems.push(after.last_error?.problems[0] as string)
      if (bad) expect(problems.at(-1)).toMatch(fault?.said as RegExp)
      await sleep(40)
    }
    const { sent, answered, wrong, milliseconds } = await load.stop()
    const failures = Math.floor(reloads * 0.4)
    expect([answered, wrong]).toEqual([sent, []])
    expect(activation.status()).toMatchObject({ activations: 1 + reloads - failures, failures })
    const counted = series((await client.get('/metrics')).text, 'authz_bundle_load_total{result="failed"}')
    expect([counted, lines.filter((line) => line.includes('policy refused')).length]).toEqual([failures, failures])
    const seconds = (milliseconds / 1000).toFixed(1)
    if (reloads > 40)
      console.info(`${sent} requests in ${seconds} s, ${reloads} reloads, ${failures} refused; ${load.times()}`)
  } finally {
    stop.abort()
    await rollout
    client.close()
    for (const listener of listeners) listener.destroy()
    origin.closeAllConnections()
    origin.close()
  }
})

/** Asks the same again and again, and holds each answer against what the bundle that it names decides. */
function underLoad(client: ReturnType<typeof clientOf>, decides: ReadonlyMap<string, boolean>) {
  const start = performance.now()
  const took: number[] = []
  const wrong: unknown[] = []
  const pending = new Set<Promise<void>>()
  let sent = 0
  const ask = async () => {
    const asked = performance.now()
    // Every one new to the cache, every other one not.
    const request = openDoor({ context: { nonce: sent % 2 === 0 ? 0 : sent } })
    const { status, body } = await client.authorize(request)
    took.push(performance.now() - asked)
    const { decision, context } = body
    if (status !== 200 || decides.get(String(context?.policy)) !== decision) wrong.push({ status, body })
  }
  const timer = setInterval(() => {
    const due = ((performance.now() - start) / 1000) * perSecond
    while (sent < due) {
      sent += 1
      const asking = ask()
        .catch((error: unknown) => void wrong.push(error))
        .finally(() => pending.delete(asking))
      pending.add(asking)
    }
  }, 5)
  return {
    async stop() {
      clearInterval(timer)
      await Promise.all(pending)
      return { sent, answered: took.length, wrong, milliseconds: performance.now() - start }
    },
    times() {
      const sorted = took.toSorted((a, b) => a - b)
      const at = (part: number) => sorted[Math.ceil(part * sorted.length) - 1]?.toFixed(1)
      return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${at(1)} ms`
    },
  }
}
