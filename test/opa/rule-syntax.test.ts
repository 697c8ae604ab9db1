import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parsePolicy } from '../../src/opa/inspect-policy.ts'
import { indexRego } from '../../src/opa/rego-index.ts'
import { testToolchain } from './opa.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'postern-syntax-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const plain =
  'package acme\n\nimport data.shared.words\n\nis_open if {\n\tsome _ in input.tenant.projects\n\twords.given(input.member.id)\n}\n'

/** The digest of the last clause of a file. */
async function syntaxOf(text: string): Promise<string | undefined> {
  writeFileSync(join(root, 'a.rego'), text)
  const parsed = await parsePolicy(await testToolchain(), 'a.rego', { cwd: root })
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message)
  return indexRego(parsed.ast).at(-1)?.syntax
}

it.each([
  ['a comment', plain.replace('is_open', '# Whether it is open.\nis_open')],
  ['METADATA', plain.replace('is_open', '# METADATA\n# description: Whether it is open.\nis_open')],
  ['layout', plain.replace('if {\n\t', 'if { ').replace('projects\n\t', 'projects; ').replace('\n}', ' }')],
  ['a wildcard above', plain.replace('is_open if', 'is_shut if {\n\tsome _ in input.member.api_keys\n}\n\nis_open if')],
])('%s leaves the syntax of a rule as it is', async (_, text) => {
  expect(await syntaxOf(text)).toBe(await syntaxOf(plain))
})

it.each([
  ['another operator', plain.replace('words.given(', 'not words.given(')],
  ['another fact', plain.replace('member.id', 'member.role')],
  ['an import of the same name', plain.replace('data.shared.words', 'data.other.words')],
  ['a default', plain.replace(/is_open if[\s\S]*/, 'default is_open := false\n')],
  ['a value', plain.replace('is_open if', 'is_open := 1 if')],
])('%s changes the syntax of a rule', async (_, text) => {
  expect(await syntaxOf(text)).not.toBe(await syntaxOf(plain))
})
