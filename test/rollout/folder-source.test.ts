import { cpSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { buildApart } from '../../src/app/build-apart.ts'
import { folderSource, stateOf } from '../../src/app/folder-source.ts'
import { PolicyRefused } from '../../src/app/policy-refused.ts'
import type { Offer } from '../../src/app/policy-source.ts'
import { findPolicies } from '../../src/opa/policy-sources.ts'
import { type ProjectCopy, tinyProject } from '../support/project-copy.ts'
import { lockDoors, ownerOpens } from './fixture.ts'

let project: ProjectCopy
beforeEach(() => {
  project = tinyProject()
})
afterEach(() => project.remove())

const matrix = 'config/systems/acme/matrix.yaml'

const sourceOf = (root: string) =>
  folderSource({
    root,
    quietMs: 20,
    build: () => Promise.reject(new Error('nothing is built here')),
  })

describe('a folder', () => {
  it('offers nothing while no file changes, and a new tag when one does', async () => {
    const source = sourceOf(project.root)
    const before = stateOf(project.root)
    expect(await source.look(before)).toBe('unchanged')
    lockDoors(project)
    const offer = (await source.look(before)) as Offer
    expect(offer.tag).toBe(stateOf(project.root))
    expect(await source.look(offer.tag)).toBe('unchanged')
  })

  it('sees a change of the decision rows, a new file and a lost one', () => {
    const seen = [stateOf(project.root)]
    project.write('config/systems/acme/decisions.yaml', 'rows: []\n')
    seen.push(stateOf(project.root))
    project.write('policies/systems/acme/more.rego', 'package systems.acme\n')
    seen.push(stateOf(project.root))
    rmSync(join(project.root, 'policies/systems/acme/more.rego'))
    seen.push(stateOf(project.root))
    expect(new Set(seen).size).toBe(3)
    expect(seen[3]).toBe(seen[1])
  })

  it('waits until its files are quiet', async () => {
    const source = sourceOf(project.root)
    const before = stateOf(project.root)
    project.write(matrix, 'matrix:')
    let written = 0
    const writing = setInterval(() => {
      project.write(matrix, `matrix: # ${++written}\n`)
      if (written === 10) clearInterval(writing)
    }, 5)
    const offer = (await source.look(before)) as Offer
    expect([written, offer.tag]).toEqual([10, stateOf(project.root)])
  })

  it('is offered again after a while where its build failed for another reason than what it holds', async () => {
    let fault = new Error('no OPA')
    const build = () => Promise.reject(fault)
    const source = folderSource({ root: project.root, quietMs: 1, retryMs: 200, build })
    const offer = (await source.look('')) as Offer
    await expect(offer.deliver()).rejects.toBe(fault)
    expect(await source.look(offer.tag)).toBe('unchanged')
    await sleep(250)
    const again = (await source.look(offer.tag)) as Offer
    expect(again.tag).toBe(offer.tag)
    fault = new PolicyRefused(['config/a.yaml:1:1: no'])
    await expect(again.deliver()).rejects.toBe(fault)
    await sleep(250)
    expect(await source.look(offer.tag)).toBe('unchanged')
  })

  it('that is a link is seen to be turned to another, as Kubernetes turns `..data`', async () => {
    const mount = mkdtempSync(join(tmpdir(), 'postern-mount-'))
    try {
      cpSync(project.root, join(mount, '..v1'), { recursive: true, preserveTimestamps: true })
      cpSync(project.root, join(mount, '..v2'), { recursive: true, preserveTimestamps: true })
      symlinkSync('..v1', join(mount, '..data'))
      for (const name of ['config', 'policies']) symlinkSync(`..data/${name}`, join(mount, name))
      const source = sourceOf(mount)
      const before = stateOf(mount)
      expect(findPolicies(mount)).toEqual(findPolicies(project.root))
      symlinkSync('..v2', join(mount, '..data_tmp'))
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'))
      expect(((await source.look(before)) as Offer).tag).toBe(stateOf(mount))
    } finally {
      rmSync(mount, { recursive: true, force: true })
    }
  })

  it('with a ConfigMap mounted below policies has each file once', () => {
    const before = findPolicies(project.root).files
    project.write('policies/systems/acme/..2026_11_26/doors.rego', project.read('policies/systems/acme/doors.rego'))
    expect(findPolicies(project.root).files).toEqual(before)
  })
})

describe('a build apart', { timeout: 120_000 }, () => {
  const apart = (rows: boolean) => buildApart({ project, output: join(project.cache, 'next'), rows })

  it('gives the bundle that a build here gives, and leaves the served one alone', async () => {
    const served = (await project.build()).bundle.manifest
    lockDoors(project)
    const { manifest } = await apart(false)
    expect(manifest.policy).not.toBe(served.policy)
    expect((await project.build()).bundle.manifest).toEqual(manifest)
  })

  it('refuses sources that do not build, each problem with its place', async () => {
    project.edit(matrix, 'view: { owner: allow, guest: allow }', 'view: { ownr: allow, gest: allow }')
    const error = await apart(false).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(PolicyRefused)
    expect((error as PolicyRefused).problems).toEqual(await project.problems())
    expect((error as PolicyRefused).problems.map((line) => line.split(': ')[0])).toEqual([
      `${matrix}:16:13`,
      `${matrix}:16:26`,
    ])
  })

  it('tells what is not the fault of the sources as such', async () => {
    vi.stubEnv('POSTERN_OPA', join(project.root, 'none'))
    const error = await apart(false).catch((thrown: unknown) => thrown)
    vi.unstubAllEnvs()
    expect([(error as Error).name, (error as Error).message]).toEqual(['Error', expect.stringContaining('POSTERN_OPA')])
  })

  it('refuses a policy that decides a row otherwise, where rows are asked for', async () => {
    project.write('config/systems/acme/decisions.yaml', ownerOpens)
    await apart(true)
    lockDoors(project)
    await apart(false)
    const error = await apart(true).catch((thrown: unknown) => thrown)
    const places = (error as PolicyRefused).problems.map((line) => line.split(': ')[0])
    expect(places).toEqual(['config/systems/acme/decisions.yaml:17:13'])
  })
})
