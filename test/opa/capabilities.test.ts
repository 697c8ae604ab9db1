import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadPolicy } from '@open-policy-agent/opa-wasm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../../src/document/package-root.ts'
import { compileWasm } from '../../src/opa/compile-wasm.ts'
import { type OpaToolchain, runOpa } from '../../src/opa/toolchain.ts'
import { argumentsFor, type BuiltinCases, builtinCases } from './builtin-cases.ts'
import { leftOut, stopped } from './left-out.ts'
import { testToolchain } from './opa.ts'

interface Builtin {
  readonly name: string
  readonly infix?: string
  readonly relation?: boolean
  readonly deprecated?: boolean
  readonly nondeterministic?: boolean
  readonly decl: { readonly args?: readonly { readonly type: string }[] }
}

interface Capabilities {
  readonly builtins: readonly Builtin[]
  readonly features: readonly string[]
  readonly allow_net: readonly string[]
}

const file = join(packageRoot(), 'src/opa/capabilities.json')
const capabilities: Capabilities = JSON.parse(readFileSync(file, 'utf8'))
let toolchain: OpaToolchain
let whole: Capabilities
let folder: string

beforeAll(async () => {
  toolchain = await testToolchain()
  whole = JSON.parse((await runOpa(toolchain, ['capabilities', '--current'])).stdout)
  folder = mkdtempSync(join(tmpdir(), 'postern-capabilities-'))
  writeFileSync(join(folder, 'whole.json'), JSON.stringify(whole))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the capabilities file', () => {
  it('declares every built-in as OPA itself does, except that `concat` takes no set', () => {
    const narrowed = { type: 'array', dynamic: { type: 'string' } }
    for (const builtin of capabilities.builtins) {
      const own = withoutText(whole.builtins.find(({ name }) => name === builtin.name)) as { decl: { args: unknown[] } }
      if (builtin.name === 'concat') own.decl.args[1] = narrowed
      expect(builtin, builtin.name).toEqual(own)
    }
  })

  it('offers nothing deprecated, and nothing that reads a clock, the network or randomness', () => {
    const listed = new Set(capabilities.builtins.map(({ name }) => name))
    const refused = whole.builtins.filter(
      ({ name, deprecated, nondeterministic }) =>
        deprecated ||
        nondeterministic ||
        /^(time|http|net|rand|opa|crypto|io|uuid)\.|^(sprintf|regex\.split|yaml\.)/.test(name),
    )
    expect(refused.length).toBeGreaterThan(60)
    expect(refused.filter(({ name }) => listed.has(name))).toEqual([])
    expect(capabilities.allow_net).toEqual([])
    expect(capabilities.features).toEqual(['keywords_in_refs', 'rego_v1'])
  })

  it('lists each built-in once, in order, and none that is known to differ', () => {
    const names = capabilities.builtins.map(({ name }) => name)
    expect(names).toEqual([...new Set(names)].sort())
    expect(names.filter((name) => name in leftOut || name in stopped)).toEqual([])
  })
})

describe('a built-in in WASM answers like OPA', () => {
  it.each(capabilities.builtins)('$name', async (builtin) => {
    const { call, args, unordered } = casesOf(builtin)
    const answers = await bothAnswers(builtin.name, call, args, file, unordered)
    expect(answers.wasm).toEqual(answers.opa)
    expect(
      answers.opa.some((answer) => answer !== 'undefined'),
      'some call has a value',
    ).toBe(true)
  })

  it.each([
    ['difference of sets', '{x | some x in args[0]} - {x | some x in args[1]}'],
    ['membership in a set', 'args[0] in {x | some x in args[1]}'],
    ['comparison of sets', '{x | some x in args[0]} < {x | some x in args[1]}'],
    ['keys as a set', 'object.filter({"a": 1, "b": 2}, {x | some x in args[0]})'],
  ])('%s', async (name, call) => {
    const args = casesOf({ name: 'array.concat', decl: { args: [{ type: 'array' }, { type: 'array' }] } }).args
    const answers = await bothAnswers(name.replaceAll(' ', '-'), call, args, file, true)
    expect(answers.wasm).toEqual(answers.opa)
  })

  // Fractions differ in the last digit (0.3 - 0.1 is 0.2 in WASM alone): only whole numbers are compared.
  it.each(['+', '-', '*'])('whole numbers compare after `%s`', async (operator) => {
    const wholes = [0, 1, 2, 7, 1000003, 2 ** 31, 2 ** 32 - 1, 2 ** 33 + 1, 2 ** 53 - 1, -1, -3, -(2 ** 53 - 1)]
    const args = wholes.flatMap((a) => wholes.flatMap((b) => wholes.map((c) => [a, b, c])))
    const result = `args[0] ${operator} args[1]`
    const call = `[${result} == args[2], ${result} < args[2], ${result} <= args[2]]`
    const answers = await bothAnswers(`arithmetic-${wholes.length}${operator.codePointAt(0)}`, call, args, file)
    expect(answers.wasm).toEqual(answers.opa)
  })
})

// When a new OPA mends one of these, this says so: it can then be offered.
describe('a built-in that is left out still differs', () => {
  it.each(Object.entries(leftOut))('%s', async (name, call) => {
    const answers = await bothAnswers(name, call, [[-0.5, 0]], join(folder, 'whole.json'))
    expect(answers.wasm).not.toEqual(answers.opa)
  })
})

function casesOf({ name, infix, decl }: Builtin): Required<Pick<BuiltinCases, 'call' | 'args'>> & BuiltinCases {
  const types = (decl.args ?? []).map(({ type }) => type)
  const inOrder =
    infix === undefined
      ? `${name}(${types.map((_, index) => `args[${index}]`).join(', ')})`
      : `args[0] ${infix} args[1]`
  return { call: inOrder, args: argumentsFor(types), ...builtinCases[name] }
}

/** One answer per argument list, as JSON text; `undefined` where there is none, `failed` where the evaluation died. */
async function bothAnswers(
  name: string,
  call: string,
  args: readonly (readonly unknown[])[],
  capabilities: string,
  unordered = false,
): Promise<{ opa: string[]; wasm: string[] }> {
  const rego = `${name}.rego`
  writeFileSync(join(folder, rego), `package authz\n\ndecision := answer(input)\n\nanswer(args) := ${call}\n`)
  const module = await compileWasm(toolchain, folder, [rego], capabilities)
  let policy = await loadPolicy(module, 16)
  const wasm: string[] = []
  for (const list of args) {
    try {
      const [answer] = policy.evaluate(list, 0)
      wasm.push(answer === undefined ? 'undefined' : canonical(answer.result, unordered))
    } catch {
      wasm.push('failed')
      policy = await loadPolicy(module, 16)
    }
  }
  return { opa: await opaAnswers(rego, args, unordered), wasm }
}

async function opaAnswers(rego: string, args: readonly (readonly unknown[])[], unordered: boolean): Promise<string[]> {
  const query = '{sprintf("%d", [i]): answer | some i, args in input; answer := data.authz.answer(args)}'
  const flags = ['--format', 'json', '--data', rego, '--stdin-input', query]
  const { code, stdout, stderr } = await runOpa(toolchain, ['eval', ...flags], {
    cwd: folder,
    stdin: JSON.stringify(args),
  })
  if (code !== 0) throw new Error(stderr || stdout)
  const answers = JSON.parse(stdout).result[0].expressions[0].value as Record<string, unknown>
  return args.map((_, index) => (index in answers ? canonical(answers[index], unordered) : 'undefined'))
}

function canonical(value: unknown, unordered: boolean): string {
  if (unordered && Array.isArray(value)) return JSON.stringify(value.map((item) => canonical(item, false)).sort())
  return JSON.stringify(value, (_, member) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}

/** Without what does not bear on the type: descriptions, names of parameters, categories. */
function withoutText(value: unknown, inDeclaration = false): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutText(item, inDeclaration))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !['description', 'categories', ...(inDeclaration ? ['name'] : [])].includes(name))
      .map(([name, item]) => [name, withoutText(item, inDeclaration || name === 'decl')]),
  )
}
