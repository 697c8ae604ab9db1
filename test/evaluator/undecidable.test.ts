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
})
afterAll(() => project.remove())

/** The bundle with names in its data replaced, as if a rule had been renamed after the build. */
function renamed(from: string, to: string): Bundle<BundleIndex> {
  const parts = built.data.split(from)
  expect(parts.length).toBeGreaterThan(1)
  const { commit, sources, opa, index } = built.manifest
  return makeBundle({ wasm: built.wasm, data: parts.join(to), commit, sources, opa, index })
}

const small = { ...house, plan: 'small' }
const carefree = { ...house, members: house.members.map((member) => ({ ...member, two_factor_enabled: false })) }

describe('a decision whose rule does not exist', () => {
  it.each([
    ['check of a stage', '["checks","door_exists"]', '["checks","door_exist"]', openDoor(), true],
    ['check after one that passes', '["checks","door_is_not_own"]', '["checks","door_is_not"]', openDoor(), true],
    [
      'check after one that refuses',
      '["checks","door_is_not_own"]',
      '["checks","door_is_not"]',
      openDoor({ door: 'none' }),
      false,
    ],
    ['check that the build names', '["checks","fields_are_present"]', '["checks","fields_are"]', openDoor(), true],
    ['check of a gate', '["checks","two_factors"]', '["checks","two_factor"]', openDoor(), true],
    ['check under the kind of another', '["checks","door_exists"]', '["conditions","door_exists"]', openDoor(), true],
    ['condition', '["conditions","office_hours"]', '["conditions","office"]', closeDoor(), true],
    [
      'condition that would refuse',
      '["conditions","office_hours"]',
      '["conditions","office"]',
      closeDoor({ context: {} }),
      false,
    ],
    ['grant', '"grant":"badge"', '"grant":"batch"', openDoor(), true],
    ['obligation', '"obligations":["ring_bell"]', '"obligations":["ring"]', openDoor(), true],
    ['obligation of a condition', '"obligations":["ring_bell"]', '"obligations":["ring"]', closeDoor(), true],
    [
      'obligation of a refusal',
      '"two_factor_required":["ring_bell"]',
      '"two_factor_required":["ring"]',
      openDoor({ tenant: carefree }),
      false,
    ],
    ['limit', '"seat_limit_reached":"seats"', '"seat_limit_reached":"chairs"', openDoor({ tenant: small }), false],
  ])('%s: 503, never an allow', async (_, from, to, question, allowed) => {
    const before = await serving(built, (client) => client.authorize(question))
    expect(before).toMatchObject({ status: 200, body: { decision: allowed } })
    await serving(renamed(from, to), async (client) => {
      // Asked twice: an error is never remembered.
      for (let turn = 0; turn < 2; turn++)
        expect(await client.authorize(question)).toMatchObject({ status: 503, body: { code: 'undecidable' } })
      expect((await client.get('/metrics')).text).toMatch(/undecidable.* 2$/m)
    })
  })

  it('leaves others decidable', async () => {
    await serving(renamed('["checks","door_exists"]', '["checks","door_exist"]'), async (client) => {
      expect(await client.authorize(closeDoor())).toMatchObject({ status: 200, body: { decision: true } })
    })
  })

  it('and one whose words no reasons.yaml knows: 503', async () => {
    for (const [from, to, question] of [
      ['"reason":"share_grant"', '"reason":"shared_grant"', closeDoor()],
      ['"share_grant":true', '"shared_grant":true', closeDoor()],
    ] as const) {
      const reply = await serving(renamed(from, to), (client) => client.authorize(question))
      expect(reply.body.decision).not.toBe(true)
    }
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
