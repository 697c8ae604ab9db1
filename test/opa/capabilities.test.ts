import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../../src/document/package-root.ts'
import { type OpaToolchain, runOpa } from '../../src/opa/toolchain.ts'
import { argumentsFor, builtinCases } from './builtin-cases.ts'
import { leftOut, stopped } from './left-out.ts'
import { testToolchain } from './opa.ts'
import { type Answers, askBoth, type Probe } from './wasm-probes.ts'

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

const sets = argumentsFor(['array', 'array'])
const wholes = [0, 1, 2, 7, 1000003, 2 ** 31, 2 ** 32 - 1, 2 ** 33 + 1, 2 ** 53 - 1, -1, -3, -(2 ** 53 - 1)]
const triples = wholes.flatMap((a) => wholes.flatMap((b) => wholes.map((c) => [a, b, c])))
const offered: readonly Probe[] = [
  ...capabilities.builtins.map(probeOf),
  { name: 'difference of sets', call: `${asSet(0)} - ${asSet(1)}`, args: sets, unordered: true },
  { name: 'membership in a set', call: `args[0] in ${asSet(1)}`, args: sets },
  { name: 'comparison of sets', call: `${asSet(0)} < ${asSet(1)}`, args: sets },
  { name: 'keys as a set', call: `object.filter({"a": 1, "b": 2}, ${asSet(0)})`, args: sets },
  // Fractions differ in the last digit (only in WASM is 0.3 - 0.1 equal to 0.2), so whole numbers are compared.
  ...['+', '-', '*'].map((operator) => {
    const result = `args[0] ${operator} args[1]`
    const call = `[${result} == args[2], ${result} < args[2], ${result} <= args[2]]`
    return { name: `comparison after ${operator}`, call, args: triples }
  }),
]

describe('what is offered answers in WASM like in OPA', () => {
  let answers: ReadonlyMap<string, Answers>
  beforeAll(async () => {
    answers = await askBoth(toolchain, join(folder, 'offered'), offered, file)
  }, 120_000)

  it.each(offered)('$name', ({ name }) => {
    const { opa, wasm } = answers.get(name) as Answers
    expect(wasm).toEqual(opa)
    expect(opa.every((answer) => answer === 'undefined')).toBe(false)
  })
})

// When a new OPA mends one of these, this says so: it can then be offered.
describe('what is left out still differs', () => {
  const probes = Object.entries(leftOut).map(([name, call]) => ({ name, call, args: [[-0.5, 0]] }))
  let answers: ReadonlyMap<string, Answers>
  beforeAll(async () => {
    answers = await askBoth(toolchain, join(folder, 'left-out'), probes, join(folder, 'whole.json'))
  }, 60_000)

  it.each(probes)('$name', ({ name }) => {
    const { opa, wasm } = answers.get(name) as Answers
    expect(wasm).not.toEqual(opa)
  })
})

function probeOf({ name, infix, decl }: Builtin): Probe {
  const types = (decl.args ?? []).map(({ type }) => type)
  const args = types.map((_, index) => `args[${index}]`)
  const call = infix === undefined ? `${name}(${args.join(', ')})` : args.join(` ${infix} `)
  return { name, call, args: argumentsFor(types), ...builtinCases[name] }
}

function asSet(index: number): string {
  return `{x | some x in args[${index}]}`
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
