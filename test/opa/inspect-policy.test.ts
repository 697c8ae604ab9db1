import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { packageRoot } from '../../src/document/package-root.ts'
import { checkPolicies, depsOf, formatCheck, parsePolicy } from '../../src/opa/inspect-policy.ts'
import { createLimit } from '../../src/opa/limit.ts'
import { type OpaToolchain, ToolchainError } from '../../src/opa/toolchain.ts'
import { testToolchain } from './opa.ts'

const capabilities = join(packageRoot(), 'src/opa/capabilities.json')
let toolchain: OpaToolchain
let cwd: string

beforeAll(async () => {
  toolchain = await testToolchain()
})
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'postern-inspect-'))
})
afterEach(() => rmSync(cwd, { recursive: true, force: true }))

function write(file: string, ...lines: readonly string[]): string {
  mkdirSync(dirname(join(cwd, file)), { recursive: true })
  writeFileSync(join(cwd, file), `${lines.join('\n')}\n`)
  return file
}

describe('checking policies', () => {
  const check = (...files: readonly string[]) => checkPolicies(toolchain, files, capabilities, { cwd })

  it('finds nothing wrong with what WASM can do', async () => {
    const file = write('a.rego', 'package a', '', 'x := concat(",", sort({"b", "a"}))', '', 'y if "a" in input.tags')
    expect(await check(file)).toEqual([])
    expect(await check()).toEqual([])
  })

  it('names file, line and built-in where WASM does not have it', async () => {
    const one = write('one.rego', 'package one', '', 'x := sprintf("%s", ["a"])', '', 'y := time.now_ns()')
    const two = write('two.rego', 'package two', '', 'x if input.a / 2 > 1')
    const remedy = 'use one of those in src/opa/capabilities.json'
    expect(await check(one, two)).toEqual([
      { file: one, line: 3, column: 6, message: 'built-in `sprintf` is not available in WASM', remedy },
      { file: one, line: 5, column: 6, message: 'built-in `time.now_ns` is not available in WASM', remedy },
      { file: two, line: 3, column: 6, message: 'built-in `div` (`/`) is not available in WASM', remedy },
    ])
  })

  it('tells a misspelt function from a built-in', async () => {
    const file = write('a.rego', 'package a', '', 'x := cuont(input.list)')
    expect(await check(file)).toEqual([{ file, line: 3, column: 6, message: 'undefined function `cuont`' }])
  })

  it('refuses what comes out in another order than in OPA', async () => {
    const file = write('a.rego', 'package a', '', 's contains x if some x in input.xs', '', 'x := concat(",", s)')
    const template = write('b.rego', 'package b', '', 'x := $"a {input.b}"')
    const joined = { message: '`concat` joins an array of strings', remedy: 'turn a set into an array with `sort`' }
    expect(await check(file)).toEqual([{ file, line: 5, column: 6, ...joined }])
    expect((await check(template))[0]).toEqual({
      ...{ file: template, line: 3, column: 6 },
      ...{ message: 'a template string is not available in WASM', remedy: 'use `concat`' },
    })
  })

  it('gives every problem on one line, strict ones included', async () => {
    const file = write('a.rego', 'package a', '', 'import data.unused', '', 'f(x) := 1')
    const problems = await check(file)
    expect(problems.map(({ line }) => line)).toEqual([3, 5])
    expect(problems.filter(({ message }) => message.includes('\n'))).toEqual([])
  })

  it('reports a file that does not parse, and one that is not there', async () => {
    const file = write('a.rego', 'package a', '', 'x := [1')
    expect((await check(file))[0]).toMatchObject({ file, message: expect.stringContaining('unexpected eof') })
    expect((await check('absent.rego'))[0]).toMatchObject({ line: 0, message: expect.stringContaining('absent.rego') })
  })

  it('rejects a capabilities file that OPA does not take', async () => {
    const file = write('a.rego', 'package a')
    const broken = join(cwd, write('capabilities.json', '{"builtins": ['))
    await expect(checkPolicies(toolchain, [file], broken, { cwd })).rejects.toThrow()
  })
})

describe('parsing a policy', () => {
  it('gives the syntax tree with locations and comments', async () => {
    const file = write('a.rego', 'package a.b', '', '# why', 'x := 1')
    const parsed = await parsePolicy(toolchain, file, { cwd })
    expect(parsed).toMatchObject({
      ok: true,
      ast: {
        rules: [{ location: { file, row: 4, col: 1 }, head: { name: 'x' } }],
        comments: [{ Location: { row: 3 } }],
      },
    })
  })

  it('gives the problems of a file that does not parse', async () => {
    const file = write('a.rego', 'package a', '', 'x := ]')
    const parsed = await parsePolicy(toolchain, file, { cwd })
    expect(parsed).toMatchObject({ ok: false, problems: [{ file, line: 3, column: 6 }] })
  })
})

describe('the format check', () => {
  it('lists what `opa fmt` would change', async () => {
    write('p/good.rego', 'package p', '', 'x := 1')
    const bad = write('p/bad.rego', 'package p', 'y:=1')
    expect(await formatCheck(toolchain, ['p'], { cwd })).toEqual({ ok: true, files: [bad] })
    expect(await formatCheck(toolchain, [], { cwd })).toEqual({ ok: true, files: [] })
  })

  it('gives the problems of a file that does not parse', async () => {
    const file = write('p/a.rego', 'package p', '', 'x := ]')
    const checked = await formatCheck(toolchain, ['p'], { cwd })
    expect(checked).toMatchObject({ ok: false, problems: [{ file, line: 3, message: 'unexpected ] token' }] })
  })
})

describe('dependencies of a rule', () => {
  const deps = (...rule: readonly string[]) => depsOf(toolchain, ['p'], rule, { cwd })

  it('are the facts and rules it reads, as far as their names are fixed', async () => {
    write(
      'p/a.rego',
      ...[
        'package a',
        '',
        'x if {',
        '  input.items[_].id == input.member.id',
        '  y(input.tenant)',
        '  data.model.roles[input.role]',
      ],
      ...[
        '  input.list[0] == 1',
        '}',
        '',
        'y(t) if t.plan == "x"',
        '',
        'checks["seat-is.free"] := "ok" if input.seats',
      ],
    )
    expect(await deps('data', 'a', 'x')).toEqual({
      ok: true,
      base: [
        ['data', 'model', 'roles'],
        ['input', 'items'],
        ['input', 'list'],
        ['input', 'member', 'id'],
        ['input', 'role'],
        ['input', 'tenant'],
      ],
      virtual: [
        ['data', 'a', 'x'],
        ['data', 'a', 'y'],
      ],
      exists: true,
    })
    expect(await deps('data', 'a', 'checks', 'seat-is.free')).toEqual({
      ok: true,
      base: [['input', 'seats']],
      virtual: [['data', 'a', 'checks', 'seat-is.free']],
      exists: true,
    })
  })

  it('show a rule that reads all of the input', async () => {
    write('p/a.rego', 'package a', '', 'x := input[input.key]', '', 'z := object.get(input, "a", 1)')
    expect(await deps('data', 'a', 'x')).toMatchObject({ base: [['input'], ['input', 'key']] })
    expect(await deps('data', 'a', 'z')).toMatchObject({ base: [['input']] })
  })

  it('of a rule that does not exist say so', async () => {
    write('p/a.rego', 'package a', '', 'x := 1')
    expect(await deps('data', 'a', 'misspelt')).toEqual({
      ...{ ok: true, base: [['data', 'a', 'misspelt']], virtual: [], exists: false },
    })
    expect(await deps('data', 'a')).toMatchObject({ virtual: [['data', 'a', 'x']], exists: false })
  })

  it('of a policy that does not parse are problems', async () => {
    const file = write('p/a.rego', 'package a', '', 'x := ]')
    expect(await deps('data', 'a', 'x')).toMatchObject({ ok: false, problems: [{ file, line: 3 }] })
  })

  it('need a folder that is there', async () => {
    await expect(deps('data', 'a', 'x')).rejects.toThrow(ToolchainError)
  })
})

it('runs so many at a time, in order, whatever fails', async () => {
  const limit = createLimit(2)
  let running = 0
  const most: number[] = []
  const started: number[] = []
  const work = (index: number) =>
    limit(async () => {
      started.push(index)
      most.push(++running)
      await new Promise((wake) => setTimeout(wake, 5))
      running--
      if (index % 3 === 0) throw new Error('no')
      return index
    })
  const ends = await Promise.allSettled([0, 1, 2, 3, 4, 5, 6].map(work))
  expect(ends.map(({ status }) => status === 'fulfilled')).toEqual([false, true, true, false, true, true, false])
  expect(Math.max(...most)).toBe(2)
  expect(started).toEqual([0, 1, 2, 3, 4, 5, 6])
})
