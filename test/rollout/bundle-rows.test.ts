import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packRows, projectRows, rowsIn } from '../../src/app/bundle-rows.ts'
import { PolicyRefused } from '../../src/app/policy-refused.ts'
import { decideRowsApart } from '../../src/app/rows-apart.ts'
import { bundleFiles, bundleOf, decisionsFile, packFiles, unpackFiles } from '../../src/opa/bundle-archive.ts'
import { systems } from '../reference/evaluate.ts'
import { builtBundle, project } from '../support/policy.ts'
import { ownerOpens, twoPolicies } from './fixture.ts'

const policies = twoPolicies()
const text = (value: string) => new TextEncoder().encode(value)

let carried: string
beforeAll(() => {
  policies.project.write('config/systems/acme/decisions.yaml', ownerOpens)
  carried = packRows(policies.project.root, ['acme'])
})

describe('the rows that a bundle carries', () => {
  it('are those of its project, each with its place', async () => {
    const bundle = builtBundle()
    const packed = await packFiles(bundleFiles(bundle, packRows(project.root, systems)))
    const files = await unpackFiles(packed, 10_000_000)
    const rows = rowsIn(files.get(decisionsFile))
    expect(rows.length).toBeGreaterThan(900)
    expect(rows).toEqual(projectRows(project.root, systems))
    expect(bundleOf(files)).toEqual(bundle)
  })

  it('are none where the project has none, and a problem where they do not fit together', () => {
    expect(rowsIn(text(packRows(policies.project.root, ['other'])))).toEqual([])
    const copy = policies.project.copy()
    afterAll(() => copy.remove())
    copy.edit('config/systems/acme/decisions.yaml', 'given: house', 'given: hut')
    expect(() => packRows(copy.root, ['acme'])).toThrow(
      'config/systems/acme/decisions.yaml:12:12: there is no tenant `hut`',
    )
    expect(() => rowsIn(text(carried.replace('"given":"house"', '"given":"hut"')))).toThrow(
      'config/systems/acme/decisions.yaml:10:5: there is no tenant `hut`',
    )
  })

  it('are not taken for an empty list where they are missing or something else', () => {
    expect(() => rowsIn(undefined)).toThrow(/^the bundle carries no decision rows; /)
    const whole = JSON.parse(carried)
    const changed = (change: object) => JSON.stringify([{ ...whole[0], ...change }])
    const others = [
      '',
      'null',
      '{}',
      '[null]',
      '[{}]',
      changed({ system: 1 }),
      changed({ file: null }),
      changed({ decisions: { tenants: {} } }),
      changed({ decisions: { ...whole[0].decisions, rows: [{}] } }),
      changed({ places: [] }),
      changed({ places: [null] }),
      changed({ places: [{ ...whole[0].places[0], reason: { line: '1', column: 1 } }] }),
    ]
    for (const other of others)
      expect(() => rowsIn(text(other)), other).toThrow(/^`decisions.json` does not hold decision rows; /)
  })
})

describe('rows that are decided apart', () => {
  const refusal = (promise: Promise<void>) =>
    promise.then(
      () => 'accepted',
      (error: unknown) => (error instanceof PolicyRefused ? error.problems : error),
    )
  const decide = (bundle = policies.open, decisions: string | undefined = carried, ...more: [number?]) =>
    refusal(
      decideRowsApart(
        { bundle, decisions: decisions === 'none' ? undefined : text(decisions), memoryMib: 64 },
        ...more,
      ),
    )

  it('let a policy pass that decides them as they say, and refuse any other with their places', async () => {
    expect(await decide()).toBe('accepted')
    expect(await decide(policies.locked)).toEqual([
      'config/systems/acme/decisions.yaml:17:13: `owner-opens`: decided `deny`, not `allow`: `no_permission` by ' +
        'config/systems/acme/matrix.yaml:13; correct the row, or the line that decided',
    ])
  })

  it('refuse a policy where there are none to read, where it cannot be loaded, and where they take too long', async () => {
    expect(await decide(policies.open, 'none')).toEqual([expect.stringMatching(/^the bundle carries no decision rows/)])
    expect(await decide(policies.open, '{')).toEqual([expect.stringMatching(/^`decisions.json` does not hold/)])
    const broken = { ...policies.open, wasm: policies.open.wasm.slice(0, 100) }
    expect(await decide(broken)).toEqual([expect.stringMatching(/WebAssembly/)])
    expect(await decide(policies.open, carried, 0)).toEqual(['the decision rows were not decided within 0 ms'])
  })
})
