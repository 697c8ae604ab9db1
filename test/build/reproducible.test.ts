import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import type { BundleIndex } from '../../src/app/build.ts'
import { BundleError, makeBundle, readBundle } from '../../src/opa/bundle.ts'
import { type ProjectCopy, repositoryCopy, tinyProject, withCopyOf } from '../support/project-copy.ts'

const files = ['policy.wasm', 'data.json', 'manifest.json'] as const
const rego = 'policies/systems/acme/doors.rego'
const matrix = 'config/systems/acme/matrix.yaml'

let sound: ProjectCopy
beforeAll(async () => {
  sound = tinyProject()
  await sound.build()
}, 120_000)
afterAll(() => sound.remove())

const withCopy = <T>(use: (copy: ProjectCopy) => T | Promise<T>) => withCopyOf(sound, use)

const bytesOf = (folder: string) => files.map((file) => readFileSync(join(folder, file)).toString('base64'))
const policyOf = (folder: string) => readBundle<BundleIndex>(folder).manifest.policy

describe('a bundle', () => {
  it('has the same bytes wherever and whenever it is built', async () => {
    const [one, other] = [repositoryCopy(), repositoryCopy()]
    try {
      await Promise.all([one.build(), other.build()])
      expect(bytesOf(other.bundle)).toEqual(bytesOf(one.bundle))
      expect(policyOf(one.bundle)).toMatch(/^[0-9a-f]{64}$/)
      expect(readFileSync(join(one.bundle, 'manifest.json'), 'utf8')).not.toContain(one.root)
    } finally {
      one.remove()
      other.remove()
    }
  })

  it('does not depend on what an earlier build remembered', async () => {
    await withCopy(async (copy) => {
      rmSync(copy.cache, { recursive: true })
      expect((await copy.build()).built).toBe(true)
      expect(bytesOf(copy.bundle)).toEqual(bytesOf(sound.bundle))
      writeFileSync(join(copy.cache, 'opa-answers.json'), '{"half":')
      rmSync(copy.bundle, { recursive: true })
      await copy.build()
      expect(bytesOf(copy.bundle)).toEqual(bytesOf(sound.bundle))
    })
  })

  it('is named by a digest over WASM and data', async () => {
    const { wasm, data, manifest } = readBundle<BundleIndex>(sound.bundle)
    const { commit, sources, opa, index } = manifest
    const rest = { commit, sources, opa, index }
    expect(makeBundle({ wasm, data, ...rest }).manifest).toEqual(manifest)
    expect(makeBundle({ wasm, data: `${data} `, ...rest }).manifest.policy).not.toBe(manifest.policy)
    expect(makeBundle({ wasm: wasm.slice(1), data, ...rest }).manifest.policy).not.toBe(manifest.policy)
    expect(makeBundle({ wasm, data, ...rest, commit: 'f00' }).manifest.policy).toBe(manifest.policy)
  })
})

describe('a second build', () => {
  it('builds nothing where nothing changed', async () => {
    await withCopy(async (copy) => {
      const { built, bundle } = await copy.build()
      expect(built).toBe(false)
      expect(bundle.manifest.policy).toBe(policyOf(sound.bundle))
      expect(bytesOf(copy.bundle)).toEqual(bytesOf(sound.bundle))
    })
  })

  it('follows a comment in YAML, and gives the same policy', async () => {
    await withCopy(async (copy) => {
      copy.edit(matrix, 'allows: share_grant', 'allows: share_grant # or not')
      const { built, bundle } = await copy.build()
      expect(built).toBe(true)
      expect(bundle.manifest.policy).toBe(policyOf(sound.bundle))
    })
  })

  it('ignores the tests and the pages of policies, decision rows and demo tenants', async () => {
    await withCopy(async (copy) => {
      copy.write('config/systems/acme/demo.yaml', 'tenant: acme')
      copy.write('config/systems/acme/decisions.yaml', 'rows: []')
      copy.write('policies/systems/acme/doors_test.rego', 'package systems.acme_test\n\ntest_nothing if true\n')
      copy.write('policies/README.md', 'words')
      expect((await copy.build()).built).toBe(false)
    })
  })

  it('follows a comment in Rego, whose lines answers name', async () => {
    await withCopy(async (copy) => {
      copy.edit(rego, 'package systems.acme\n', 'package systems.acme\n\n# Doors.\n')
      expect((await copy.build()).built).toBe(true)
      expect((await copy.build()).built).toBe(false)
    })
  })

  it('follows one cell, and then has another digest', async () => {
    await withCopy(async (copy) => {
      copy.edit(matrix, 'view: { owner: allow, guest: allow }', 'view: { owner: allow, guest: { when: office_hours } }')
      const { built, bundle } = await copy.build()
      expect(built).toBe(true)
      const before = readBundle<BundleIndex>(sound.bundle).manifest
      expect(bundle.manifest.policy).not.toBe(before.policy)
      expect(bundle.manifest.wasm_sha256).toBe(before.wasm_sha256)
      expect(policyOf(copy.bundle)).toBe(bundle.manifest.policy)
    })
  })

  it('follows a message and a place, which are no part of the digest', async () => {
    await withCopy(async (copy) => {
      copy.edit('config/reasons.yaml', 'self_target: nobody', 'self_target: nobody ever')
      copy.edit(matrix, 'matrix:\n', '# The matrix.\nmatrix:\n')
      const { built, bundle } = await copy.build()
      expect(built).toBe(true)
      expect(bundle.manifest.policy).toBe(policyOf(sound.bundle))
      expect(bundle.manifest.index.systems.acme?.permissions['door:close']?.row).toBe(`${matrix}:15`)
    })
  })

  it('follows a file that was renamed or removed', async () => {
    await withCopy(async (copy) => {
      copy.write('policies/systems/acme/more.rego', 'package systems.acme\n\nspare := 1\n')
      expect((await copy.build()).built).toBe(true)
      rmSync(join(copy.root, 'policies/systems/acme/more.rego'))
      expect((await copy.build()).built).toBe(true)
      expect(bytesOf(copy.bundle)).toEqual(bytesOf(sound.bundle))
    })
  })
})

describe('half a bundle', () => {
  const refused = (folder: string) => {
    expect(() => readBundle(folder)).toThrow(BundleError)
    expect(() => readBundle(folder)).toThrow(/run `postern build`$/)
  }

  it.each(files)('is refused where %s is cut short or missing, and built anew', async (file) => {
    await withCopy(async (copy) => {
      const path = join(copy.bundle, file)
      const { length } = readFileSync(path)
      for (const size of [length - 1, length >> 1, 1, 0]) {
        truncateSync(path, size)
        // The last byte of the manifest is a line break.
        if (file !== 'manifest.json' || size < length - 1) refused(copy.bundle)
      }
      expect((await copy.build()).built).toBe(true)
      expect(bytesOf(copy.bundle)).toEqual(bytesOf(sound.bundle))
      rmSync(path)
      refused(copy.bundle)
      expect((await copy.build()).built).toBe(true)
    })
  })

  it('is refused where a byte of WASM or data changed', async () => {
    await withCopy(async (copy) => {
      for (const file of ['policy.wasm', 'data.json']) {
        const path = join(copy.bundle, file)
        const bytes = readFileSync(path)
        writeFileSync(path, Buffer.from(bytes).fill(bytes[99] === 0x20 ? 0x21 : 0x20, 99, 100))
        refused(copy.bundle)
        writeFileSync(path, bytes)
        readBundle(copy.bundle)
      }
    })
  })

  it('is refused where its files are of two builds', async () => {
    await withCopy(async (copy) => {
      copy.edit(matrix, 'view: { owner: allow, guest: allow }', 'view: { owner: allow }\n    print: { guest: allow }')
      copy.edit(rego, '== "gold"', '== "silver"')
      await copy.build()
      const mixed = mkdtempSync(join(tmpdir(), 'postern-mixed-'))
      for (let pick = 1; pick < 7; pick++) {
        for (const [index, file] of files.entries())
          cpSync(join((pick >> index) & 1 ? copy.bundle : sound.bundle, file), join(mixed, file))
        refused(mixed)
      }
      rmSync(mixed, { recursive: true })
    })
  })

  it('is never taken for up to date: what a crash left behind is built anew when the sources go back', async () => {
    await withCopy(async (copy) => {
      copy.edit(matrix, 'view: { owner: allow, guest: allow }', 'view: { owner: allow }\n    print: { guest: allow }')
      await copy.build()
      // WASM and data of the new build were written, its manifest was not.
      cpSync(join(sound.bundle, 'manifest.json'), join(copy.bundle, 'manifest.json'))
      copy.edit(matrix, 'view: { owner: allow }\n    print: { guest: allow }', 'view: { owner: allow, guest: allow }')
      expect((await copy.build()).built).toBe(true)
      expect(bytesOf(copy.bundle)).toEqual(bytesOf(sound.bundle))
    })
  })

  it('does not lie beside a whole one: nothing partial is left', async () => {
    expect(readdirSync(sound.bundle).sort()).toEqual([...files].sort())
    const policy = loadPolicy(readBundle<BundleIndex>(sound.bundle), 16)
    expect(policy.digest).toBe(policyOf(sound.bundle))
  })
})
