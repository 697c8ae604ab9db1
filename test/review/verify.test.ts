import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandRun } from '../support/command-run.ts'
import { project } from '../support/policy.ts'
import { type ProjectCopy, tinyProject, withCopyOf } from '../support/project-copy.ts'

let tiny: ProjectCopy
beforeAll(async () => {
  tiny = tinyProject()
  tiny.write(
    'config/systems/acme/demo.yaml',
    'tenant: t\nsystem: acme\nplan: large\nmembers:\n  - { user: o, role: owner, status: active, two_factor_enabled: true }\n',
  )
  tiny.write(
    'config/invariants.yaml',
    `invariants:
  - { system: acme, never: { roles: [guest], permissions: ["door:open"] } }
  - { system: acme, only: { roles: [owner, guest], permissions: ["report:*"] } }
  - { system: acme, always_denied: { status: inactive, permissions: ["report:view"] } }
`,
  )
  await tiny.build()
})
afterAll(() => tiny.remove())

describe('postern verify', () => {
  it('finds that the invariants of this repository hold', { timeout: 60_000 }, async () => {
    const { code, stdout } = await commandRun('verify', '--project', project.root)
    expect({ code, stdout: stdout.replace(/over [1-9]\d{4}/, 'over many') }).toEqual({
      code: 0,
      stdout: '15 of 15 invariants hold, over many requests\n',
    })
  })

  it('finds that the invariants of a small project hold', async () => {
    const { code, stdout } = await commandRun('verify', '--project', tiny.root)
    expect({ code, stdout: stdout.replace(/over \d+/, 'over some') }).toEqual({
      code: 0,
      stdout: '3 of 3 invariants hold, over some requests\n',
    })
  })

  it.each([
    ['never', '{ roles: [guest], permissions: ["report:*"] }', '`guest`, active, is allowed `report:view` (acme)'],
    ['only', '{ roles: [guest], permissions: ["report:view"] }', '`owner`, active, is allowed `report:view` (acme)'],
    ['always_denied', '{ status: active, permissions: ["*"] }', '`owner`, active, is allowed `door:close` (acme)'],
  ])('shows a request that breaks `%s`, and eval allows it', (kind, body, message) =>
    withCopyOf(tiny, async (copy) => {
      copy.write('config/invariants.yaml', `invariants:\n  - { system: acme, ${kind}: ${body} }\n`)
      const { code, stdout } = await commandRun('verify', '--json', '--project', copy.root)
      const [{ witness, ...breach }, ...rest] = JSON.parse(stdout)
      expect({ code, breach, rest }).toEqual({
        code: 1,
        breach: { place: 'config/invariants.yaml:2:5', message },
        rest: [],
      })
      copy.write('witness.json', JSON.stringify(witness))
      const request = join(copy.root, 'witness.json')
      const asked = await commandRun('eval', '--request', request, '--json', '--project', copy.root)
      expect(JSON.parse(asked.stdout).decision).toBe(true)
    }),
  )

  it('finds the cell that a change of the matrix adds', () =>
    withCopyOf(tiny, async (copy) => {
      copy.edit('config/systems/acme/matrix.yaml', 'open: { owner: allow }', 'open: { owner: allow, guest: allow }')
      // Opening takes a door that the demo does not have; peeping stands under the same row and takes none.
      copy.edit('config/invariants.yaml', '"door:open"', '"door:peep"')
      const { code, stdout } = await commandRun('verify', '--project', copy.root)
      expect({ code, line: stdout.split('\n')[0] }).toEqual({
        code: 1,
        line: 'config/invariants.yaml:2:5: `guest`, active, is allowed `door:peep` (acme)',
      })
    }))

  it('refuses an invariant that would hold of nothing', () =>
    withCopyOf(tiny, async (copy) => {
      copy.write(
        'config/invariants.yaml',
        'invariants:\n  - { system: acme, never: { roles: [gest], permissions: ["gate:*"] } }\n  - { system: acne, only: { roles: [owner], permissions: ["*"] } }\n',
      )
      expect(await commandRun('verify', '--project', copy.root)).toEqual({
        code: 2,
        stdout: '',
        stderr: `postern: 3 problems
config/invariants.yaml:2:5: no role \`gest\`; correct the name, or remove the invariant
config/invariants.yaml:2:5: no permission \`gate:*\`; correct the name, or remove the invariant
config/invariants.yaml:3:5: no system \`acne\`; correct the name
`,
      })
    }))
})
