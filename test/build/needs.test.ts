import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Problem } from '../../src/document/problem.ts'
import { findPolicies, indexPolicies, openMemory } from '../../src/opa/policy-sources.ts'
import { inputClosure } from '../../src/opa/rego-index.ts'
import type { OpaToolchain } from '../../src/opa/toolchain.ts'
import { opa, opaInputs, twoAtATime, widest } from '../support/opa-deps.ts'
import { project } from '../support/policy.ts'

/**
 * What a rule reads decides what it is shown and what the cache key holds: a reference that goes unseen is a fact that
 * is absent, and `not` of it an allow. So the closure may find more than `opa deps`, never less.
 */
let toolchain: OpaToolchain
beforeAll(async () => {
  toolchain = await opa()
}, 120_000)

async function closureOf(root: string) {
  const sources = findPolicies(root)
  const folder = mkdtempSync(join(tmpdir(), 'postern-needs-'))
  try {
    const problems: Problem[] = []
    const rules = await indexPolicies(toolchain, root, sources, openMemory(join(folder, 'answers.json')), problems)
    expect(problems).toEqual([])
    return { rules, files: sources.files, inputsOf: inputClosure(rules) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('the named rules of all systems', () => {
  it('read what opa deps says that they read, no more and no less', { timeout: 240_000 }, async () => {
    const { rules, files, inputsOf } = await closureOf(project.root)
    const kinds = ['checks', 'conditions', 'grants', 'obligations', 'limits']
    const named = new Map(
      rules
        .filter(({ path }) => path.length === 4 && kinds.includes(path[2] as string))
        .map(({ path }) => [path.join('.'), path]),
    )
    expect(named.size).toBeGreaterThan(120)
    const found: Record<string, string[]> = {}
    const expected: Record<string, string[]> = {}
    await twoAtATime([...named], async ([name, path]) => {
      found[name] = widest(inputsOf(path))
      expected[name] = widest(await opaInputs(toolchain, project.root, files, path))
    })
    expect(found).toEqual(expected)
  })
})

/** Rules of package `a`, by name: what each reads, or what it is taken to read beyond what OPA says. */
const made: Readonly<Record<string, { rego: string; beyond?: readonly string[] }>> = {
  plain: { rego: 'plain if input.x.y.z == 1' },
  bracketed: { rego: 'bracketed if input["x"]["y z"][input.at][0] == input.list[0]' },
  several: { rego: 'several := 1 if input.one\nseveral := 2 if input.two\ndefault several := 0' },
  value: { rego: 'value := {"a": input.in_value, "b": [input.in_list]}' },
  comprehension: {
    rego: 'comprehension := [x | some x in input.comp; x in {y | some y in input.set; y != {k: v | some k, v in input.obj}}]',
  },
  every_one: {
    rego: 'every_one if every k, v in input.domain { v == input.inner[k]; every x in v { x != input.deep } }',
  },
  else_chain: {
    rego: 'else_chain := 1 if {\n input.e1\n} else := input.e2 if {\n input.e3\n} else := 4 if {\n input.e4\n} else := input.e5',
  },
  negated: { rego: 'negated if not input.negated.a' },
  set_member: { rego: 'set_member contains input.element if input.because' },
  object_key: { rego: 'object_key[input.key] := input.of_key' },
  object_var_key: { rego: 'object_var_key[k] := v if some k, v in input.pairs' },
  deep_head: { rego: 'deep_head := towers.a\n\ntowers.a[input.deep_key].b := 1' },
  calls_function: { rego: 'calls_function if doubled(input.arg) == 4\n\ndoubled(x) := x * input.factor' },
  function_by_pattern: {
    rego: 'function_by_pattern if kind("a", input.kind)\n\nkind("a", x) if x == input.of_a\n\nkind("b", x) if x == input.of_b',
  },
  function_else: {
    rego: 'function_else if stepped(1) == 2\n\nstepped(x) := 2 if {\n x == input.step\n} else := 3 if input.step_else',
  },
  calls_other_package: { rego: 'calls_other_package if data.lib.fun(input.sent)' },
  by_import: { rego: 'by_import if lib.fun(1)' },
  by_alias: { rego: 'by_alias if other.table[input.which]' },
  by_alias_of_rule: { rego: 'by_alias_of_rule if conf == 1' },
  input_by_import: { rego: 'input_by_import if me.role == "x"' },
  input_by_bare_import: { rego: 'input_by_bare_import if whole.nested.x' },
  whole_package: { rego: 'whole_package := data.small' },
  package_by_name: { rego: 'package_by_name := data.small[input.rule]' },
  rule_and_part: { rego: 'rule_and_part := data.lib.table' },
  one_part: { rego: 'one_part := data.lib.table.fixed' },
  dynamic_package: { rego: 'dynamic_package := data.deep[input.package].checks[input.check]' },
  chained: { rego: 'chained if negated\n\nchained if chained_two\n\nchained_two if plain' },
  replaced: { rego: 'replaced if plain with input.x as input.mocked' },
  replaced_data: { rego: 'replaced_data if other.conf == 2 with data.lib.conf as input.instead' },
  replaced_function: {
    rego: 'replaced_function if doubled(1) == 2 with doubled as tripled\n\ntripled(x) := x * input.triple',
  },
  object_get: { rego: 'object_get if object.get(input.record, ["a", input.part], input.fallback)' },
  whole_input: { rego: 'whole_input if walk(input, [["x"], 1])' },
  by_variable_key: { rego: 'by_variable_key := [input[k] | some k in ["a"]]' },
  assigned: { rego: 'assigned if {\n r := input.assigned\n r.below == 1\n}', beyond: ['input.assigned'] },
  unified: { rego: 'unified if {\n [a, {"b": b}] = [input.left, input.right]\n a == b\n}' },
  destructured: { rego: 'destructured if {\n [a, b] := input.tuple\n a == b\n}' },
  template: { rego: 'template := $"{input.templated} and {input.again}"' },
  raw_string: { rego: 'raw_string if input[`raw`].x == `input.no`' },
  local_like_rule: {
    rego: 'local_like_rule if {\n some negated in input.locals\n negated == 1\n}',
    beyond: ['input.negated.a'],
  },
  argument_like_rule: {
    rego: 'argument_like_rule if takes_plain(1)\n\ntakes_plain(plain) if plain == input.taken',
    beyond: ['input.x.y.z'],
  },
  local_like_import: {
    rego: 'local_like_import if {\n some me in input.locals\n me.x == 1\n}',
    beyond: ['input.member'],
  },
  named_like_rego_import: { rego: 'named_like_rego_import if v1\n\nv1 if input.version' },
  named_like_import: { rego: 'named_like_import if conf\n\nconf if input.hidden_by_the_import' },
  constant: { rego: 'constant := {"input": "input.nothing"}' },
  default_only: { rego: 'default default_only := "x"' },
}

const libraries: Readonly<Record<string, string>> = {
  'lib.rego': `package lib\n\nconf := input.conf\n\ntable[k] := v if some k, v in input.table\n\ntable.fixed := input.fixed\n\nfun(x) if x == input.in_fun\n`,
  'small.rego': 'package small\n\na := input.small_a\n\nb := input.small_b\n',
  'deep.rego': 'package deep.one\n\nchecks["a"] := input.deep_a\n\nchecks["b"] := input.deep_b\n',
  'more.rego': 'package deep.two\n\nchecks["c"] := input.deep_c\n\nother := input.deep_other\n',
}

describe('a rule with', () => {
  let root: string
  let closure: Awaited<ReturnType<typeof closureOf>>
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'postern-rules-'))
    const imports = [
      'rego.v1',
      'data.lib',
      'data.lib as other',
      'data.lib.conf',
      'input.member as me',
      'input as whole',
    ]
    const a = `package a\n\n${imports.map((path) => `import ${path}\n`).join('')}\n${Object.values(made)
      .map(({ rego }) => `${rego}\n`)
      .join('\n')}`
    for (const [name, text] of Object.entries({ ...libraries, 'a.rego': a })) {
      mkdirSync(dirname(join(root, 'policies', name)), { recursive: true })
      writeFileSync(join(root, 'policies', name), text)
    }
    closure = await closureOf(root)
  }, 120_000)
  afterAll(() => rmSync(root, { recursive: true }))

  it.for(Object.entries(made))('%s', async ([name, { beyond = [] }]) => {
    const expected = await opaInputs(toolchain, root, closure.files, ['a', name])
    const more = beyond.map((reference) => reference.split('.').slice(1))
    expect(widest(closure.inputsOf(['a', name]))).toEqual(widest([...expected, ...more]))
  })

  it('no definition at all is told from a rule that reads nothing', async () => {
    await expect(opaInputs(toolchain, root, closure.files, ['a', 'no_such_rule'])).rejects.toThrow(
      /does not know the rule/,
    )
    expect(await opaInputs(toolchain, root, closure.files, ['a', 'constant'])).toEqual([])
  })
})
