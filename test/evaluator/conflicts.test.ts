import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import type { BundleIndex } from '../../src/app/build.ts'
import { type Bundle, readBundle } from '../../src/opa/bundle.ts'
import { PosternError } from '../../src/pdp/errors.ts'
import { house, openDoor } from '../support/acme.ts'
import { inlinePdp } from '../support/policy.ts'
import { type ProjectCopy, tinyProject } from '../support/project-copy.ts'
import { eightAtATime, serving } from '../support/serving.ts'

/** Directly and again over HTTP: 5,000 together. */
const times = 2_500
const rego = 'policies/systems/acme/doors.rego'

/** `door_exists` says both ok and its refusal of the door `both`, which exists: a conflict, at which the policy throws. */
const conflicting = `checks["door_exists"] := "target_not_found" if input.request.resource.properties.door == "both"\n`

const tenant = { ...house, projects: [...house.projects, 'both'] }
const good = openDoor({ tenant })
const refused = openDoor({ tenant, door: 'none' })
const bad = openDoor({ tenant, door: 'both' })

let project: ProjectCopy
let bundle: Bundle<BundleIndex>
beforeAll(async () => {
  project = tinyProject()
  project.write(rego, `${project.read(rego)}\n${conflicting}`)
  await project.build()
  bundle = readBundle<BundleIndex>(project.bundle)
}, 120_000)
afterAll(() => project.remove())

/** The input texts that the sidecar hands to the policy for the questions. */
function inputsOf(...questions: (typeof good)[]): string[] {
  const texts: string[] = []
  const policy = loadPolicy(bundle, 16)
  const evaluator = {
    ...policy.evaluator,
    evaluate(input: string) {
      texts.push(input)
      return policy.evaluator.evaluate(input)
    },
  }
  const pdp = inlinePdp({ ...policy, evaluator })
  for (const question of questions) {
    try {
      pdp.decide(question as never)
    } catch (error) {
      if (!(error instanceof PosternError)) throw error
    }
  }
  return texts
}

interface PlainPolicy {
  evaluate(input: ArrayBuffer, entrypoint?: number): unknown
  setData(data: ArrayBuffer): void
}
const sdk = createRequire(import.meta.url)('@open-policy-agent/opa-wasm') as {
  loadPolicySync(wasm: Uint8Array, memory: { initial: number; maximum: number }): PlainPolicy
}

const bytes = (text: string): ArrayBuffer => new TextEncoder().encode(text).buffer as ArrayBuffer

it('a plain instance of the SDK that is kept after it threw fails on good inputs in the end', () => {
  const plain = sdk.loadPolicySync(bundle.wasm, { initial: 32, maximum: 16 * 16 })
  plain.setData(bytes(bundle.data))
  const [goodInput, badInput] = inputsOf(good, bad) as [string, string]
  expect(() => plain.evaluate(bytes(badInput))).toThrow(/conflict/)
  expect(plain.evaluate(bytes(goodInput))).toMatchObject([{ result: { decision: true } }])
  let thrown = 1
  const works = () => {
    try {
      const [first] = plain.evaluate(bytes(goodInput)) as { result: { decision: boolean } }[]
      return first?.result.decision === true
    } catch {
      return false
    }
  }
  for (; thrown < times && works(); thrown++) expect(() => plain.evaluate(bytes(badInput))).toThrow()
  expect(works()).toBe(false)
  expect(thrown).toBeLessThan(times)
})

describe(`${times} inputs on which rules conflict`, () => {
  it('each fail, and the evaluator stays right', { timeout: 120_000 }, () => {
    let discarded = 0
    const { evaluator } = loadPolicy(bundle, 16, () => discarded++)
    const [goodInput, refusedInput, badInput] = inputsOf(good, refused, bad) as [string, string, string]
    for (let turn = 1; turn <= times; turn++) {
      expect(() => evaluator.evaluate(badInput)).toThrow(PosternError)
      if (turn % 50 !== 0 && turn !== 1) continue
      expect(evaluator.evaluate(goodInput)).toMatchObject({ decision: true, reason: 'role_grant' })
      expect(evaluator.evaluate(refusedInput)).toMatchObject({ decision: false, reason: 'target_not_found' })
    }
    expect(discarded).toBe(times)
    expect(evaluator.memoryBytes).toBeLessThan(40 * 1024 * 1024)
  })

  it('each answer 503 over HTTP, and the next decision is right', { timeout: 120_000 }, async () => {
    await serving(bundle, async (client) => {
      const wrong: unknown[] = []
      await eightAtATime(times, async (turn) => {
        const reply = await client.authorize(bad)
        if (reply.status !== 503 || reply.body.code !== 'evaluation_failed') wrong.push(reply)
        if (turn % 50 !== 0) return
        // A different session each time, so that no answer comes from the cache.
        const fresh = { ...good, tenant: { ...tenant, projects: [...tenant.projects, `p${turn}`] } }
        const next = await client.authorize(fresh)
        if (next.body.decision !== true || next.body.context?.cache !== 'miss') wrong.push(next)
      })
      expect(wrong).toEqual([])
      expect(await client.authorize(refused)).toMatchObject({ status: 200, body: { decision: false } })
      expect((await client.get('/readyz')).status).toBe(200)
      expect((await client.get('/metrics')).text).toMatch(new RegExp(`evaluation_failed.* ${times}$`, 'm'))
    })
  })
})
