import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BundleIndex } from '../../src/app/build.ts'
import { type Bundle, makeBundle, readBundle } from '../../src/opa/bundle.ts'
import { closeDoor, house, openDoor } from '../support/acme.ts'
import { type ProjectCopy, tinyProject } from '../support/project-copy.ts'
import { serving } from '../support/serving.ts'

let project: ProjectCopy
let built: Bundle<BundleIndex>
beforeAll(async () => {
  project = tinyProject()
  await project.build()
  built = readBundle<BundleIndex>(project.bundle)
}, 120_000)
afterAll(() => project.remove())

const { parse, stringify } = JSON

/** The bundle with each value of its data that `change` wants otherwise, as if a rule had been renamed after the build. */
function changed(change: (value: unknown) => unknown): Bundle<BundleIndex> {
  const data = stringify(parse(built.data, (_, value) => change(value)))
  expect(data).not.toBe(built.data)
  const { commit, sources, opa, index } = built.manifest
  return makeBundle({ wasm: built.wasm, data, commit, sources, opa, index })
}

const renamed = (from: string) => changed((value) => (value === from ? `${from}_renamed` : value))

const swappedKind = (kind: string, name: string, other: string) =>
  changed((value) => (stringify(value) === stringify([kind, name]) ? [other, name] : value))

const small = { ...house, plan: 'small' }
const carefree = { ...house, members: house.members.map((member) => ({ ...member, two_factor_enabled: false })) }

describe('a decision whose rule does not exist', () => {
  it.each([
    ['a check of a stage', 'door_exists', openDoor(), true],
    ['a check after one that passes', 'door_is_not_own', openDoor(), true],
    ['a check that the build names', 'fields_are_present', openDoor(), true],
    ['a check of a gate', 'two_factors', openDoor(), true],
    ['a check that would refuse', 'door_exists', openDoor({ door: 'none' }), false],
    ['a condition', 'office_hours', closeDoor(), true],
    ['a condition that would refuse', 'office_hours', closeDoor({ context: {} }), false],
    ['a grant', 'badge', openDoor(), true],
    ['an obligation', 'ring_bell', openDoor(), true],
    ['an obligation of a condition', 'ring_bell', closeDoor(), true],
    ['an obligation of a refusal', 'ring_bell', openDoor({ tenant: carefree }), false],
    ['a limit', 'seats', openDoor({ tenant: small }), false],
  ])('%s: 503, never an allow', async (_, name, question, allowed) => {
    const before = await serving(built, (client) => client.authorize(question))
    expect(before).toMatchObject({ status: 200, body: { decision: allowed } })
    await serving(renamed(name), async (client) => {
      // Asked twice: an error is never remembered.
      for (let turn = 0; turn < 2; turn++)
        expect(await client.authorize(question)).toMatchObject({ status: 503, body: { code: 'undecidable' } })
      expect((await client.get('/metrics')).text).toMatch(/undecidable.* 2$/m)
    })
  })

  it.each([
    ['checks', 'door_exists', openDoor()],
    ['checks', 'two_factors', openDoor()],
    ['conditions', 'office_hours', closeDoor()],
  ])('under the kind of another (%s, %s): 503, never an allow', async (kind, name, question) => {
    for (const other of ['checks', 'conditions', 'grants', 'obligations', 'limits', 'shared', 'no_kind']) {
      if (other === kind) continue
      const reply = await serving(swappedKind(kind, name, other), (client) => client.authorize(question))
      expect(reply, other).toMatchObject({ status: 503, body: { code: 'undecidable' } })
    }
  })

  it('is a refusal where a check before it refuses, and no allow', async () => {
    const reply = await serving(renamed('door_is_not_own'), (client) => client.authorize(openDoor({ door: 'none' })))
    expect(reply.body.decision).not.toBe(true)
    if (reply.status === 200) expect(reply.body.context?.reason).toBe('target_not_found')
  })

  it('leaves others decidable', async () => {
    await serving(renamed('door_exists'), async (client) => {
      expect(await client.authorize(closeDoor())).toMatchObject({ status: 200, body: { decision: true } })
    })
  })

  it('and one whose words no reasons.yaml knows: 503', async () => {
    // The cell's own reason is renamed, the list of allows is not.
    const unlisted = await serving(renamed('share_grant'), (client) => client.authorize(closeDoor()))
    expect(unlisted.body.decision).not.toBe(true)
    const { commit, sources, opa, index } = built.manifest
    for (const known of [{ allows: [] }, { obligations: [] }, { allows: ['share_grant'] }]) {
      const bundle = makeBundle({
        wasm: built.wasm,
        data: built.data,
        commit,
        sources,
        opa,
        index: { ...index, ...known },
      })
      const reply = await serving(bundle, (client) => client.authorize(openDoor()))
      expect(reply).toMatchObject({ status: 503, body: { code: 'undecidable' } })
    }
  })
})

describe('a bundle that cannot be evaluated', () => {
  it('does not start', async () => {
    const { commit, sources, opa, index } = built.manifest
    const of = (wasm: Uint8Array<ArrayBuffer>, data: string) => makeBundle({ wasm, data, commit, sources, opa, index })
    await expect(serving(of(built.wasm.slice(0, 1000), built.data), async () => {})).rejects.toThrow()
    await expect(serving(of(built.wasm, '{"model":'), async () => {})).rejects.toThrow()
  })
})
