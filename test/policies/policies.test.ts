import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkPolicies, formatCheck, parsePolicy } from '../../src/opa/inspect-policy.ts'
import { findPolicies } from '../../src/opa/policy-sources.ts'
import { indexRego } from '../../src/opa/rego-index.ts'
import { type OpaToolchain, runOpa } from '../../src/opa/toolchain.ts'
import { testToolchain } from '../opa/opa.ts'
import { project } from '../support/policy.ts'

const cwd = project.root
const { files } = findPolicies(cwd)
const capabilities = join(cwd, 'src/opa/capabilities.json')

let toolchain: OpaToolchain
beforeAll(async () => {
  toolchain = await testToolchain()
})

describe('policies', () => {
  it('pass their tests, which reach every line', async () => {
    const { code, stdout } = await runOpa(toolchain, ['test', 'policies', '--coverage', '--format', 'json'], { cwd })
    expect(code, stdout).toBe(0)
    const { files: covered } = JSON.parse(stdout) as { files: Record<string, { not_covered?: unknown[] }> }
    for (const file of files) expect(covered[file]?.not_covered ?? [], file).toEqual([])
    expect(Object.keys(covered)).toEqual(expect.arrayContaining([...files]))
  })

  it('are formatted and strict, tests too', async () => {
    expect(await formatCheck(toolchain, ['policies'], { cwd })).toEqual({ ok: true, files: [] })
    expect(await checkPolicies(toolchain, files, capabilities, { cwd })).toEqual([])
    const { code, stderr } = await runOpa(toolchain, ['check', '--strict', 'policies'], { cwd })
    expect(code, stderr).toBe(0)
  })

  it.each(files)(
    '%s has a test beside it, lies in the folder of its package, and says what its rules are for',
    async (file) => {
      expect(existsSync(join(cwd, file.replace(/\.rego$/, '_test.rego')))).toBe(true)
      const parsed = await parsePolicy(toolchain, file, { cwd })
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
      const rules = indexRego(parsed.ast)
      const text = readFileSync(join(cwd, file), 'utf8')
      const inPackage = /^package (\S+)$/m.exec(text)?.[1]
      expect(dirname(file)).toBe(join('policies', ...(inPackage ?? '').split('.')))
      // A rule that the YAML names is described where it begins.
      const lines = text.split('\n')
      const named = rules.filter(({ path }) =>
        path.some((part) => ['checks', 'conditions', 'grants', 'obligations', 'limits'].includes(part)),
      )
      const first = new Map(named.toReversed().map((rule) => [rule.path.join('.'), rule.place.line]))
      for (const [rule, line] of first) {
        const above = lines.slice(0, line - 1).toReversed()
        const comment = above.slice(
          0,
          above.findIndex((written) => !written.startsWith('#')),
        )
        expect(comment.join('\n'), `${rule} has no METADATA`).toContain('# METADATA')
      }
    },
  )
})
