import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Problem } from '../../src/document/problem.ts'
import { findPolicies, findTests, indexPolicies, openMemory } from '../../src/opa/policy-sources.ts'
import type { RegoRule } from '../../src/opa/rego-index.ts'
import { testGroups, testPolicies } from '../../src/opa/test-policies.ts'
import { project } from '../support/policy.ts'
import { testToolchain } from './opa.ts'

const rule = (file: string, path: string, ...references: string[]) =>
  ({ path: path.split('.'), place: { file }, references: references.map((at) => at.split('.')) }) as unknown as RegoRule

it('a group has the files of its folder, those that they reach, and nothing of another system', () => {
  const [core, lib, deep, apart] = ['core', 'shared/lib', 'shared/deep', 'shared/apart'].map(
    (name) => `policies/authz/${name}.rego`,
  ) as [string, string, string, string]
  const [a, b] = ['a', 'b'].map((name) => `policies/systems/${name}/x.rego`) as [string, string]
  const tested = 'policies/systems/a/x_test.rego'
  const rules = [
    rule(core, 'authz.decision', 'systems'),
    rule(lib, 'authz.shared.lib', 'authz.shared.deep.one'),
    rule(deep, 'authz.shared.deep.one'),
    rule(apart, 'authz.shared.apart'),
    rule(a, 'systems.a.x', 'systems.b.x'),
    rule(b, 'systems.b.x'),
    rule(tested, 'systems.a.x_test.test_x', 'authz.shared.lib'),
  ]
  const files = [core, apart, deep, lib, a, b]
  const groups = (known: typeof rules | undefined) =>
    Object.fromEntries(testGroups(files, [tested], known).map(({ name, files: of }) => [name, of]))
  expect(groups(rules)).toEqual({
    'policies/authz': [core],
    'policies/authz/shared': [apart, deep, lib],
    'policies/systems/a': [deep, lib, a, tested],
    'policies/systems/b': [b],
  })
  expect(groups(undefined)).toEqual({
    'policies/authz': [apart, deep, lib, core],
    'policies/authz/shared': [core, apart, deep, lib],
    'policies/systems/a': [core, apart, deep, lib, a, tested],
    'policies/systems/b': [core, apart, deep, lib, b],
  })
})

it('the tests of each group find on its files what they find on all', { timeout: 120_000 }, async () => {
  const toolchain = await testToolchain()
  const { files } = findPolicies(project.root)
  const tests = findTests(project.root)
  const folder = mkdtempSync(join(tmpdir(), 'postern-groups-'))
  try {
    const problems: Problem[] = []
    const memory = openMemory(join(folder, 'answers.json'))
    const rules = await indexPolicies(toolchain, project.root, { files: [...files, ...tests] }, memory, problems)
    const [narrow, wide] = [rules, undefined].map((known) => testGroups(files, tests, known))
    expect(narrow?.some(({ files: of }, index) => of.length < (wide?.[index]?.files.length ?? 0))).toBe(true)
    for (const [index, group] of (narrow ?? []).entries()) {
      const [found, ofAll] = await Promise.all(
        [group, wide?.[index] ?? group].map((one) => testPolicies(toolchain, project.root, one)),
      )
      expect(found?.count, group.name).toBeGreaterThan(0)
      expect([group.name, found?.count, found?.problems]).toEqual([group.name, ofAll?.count, ofAll?.problems])
      for (const file of group.files)
        expect([file, found?.unreached?.get(file)]).toEqual([file, ofAll?.unreached?.get(file)])
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
