import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { DocumentError } from '../../src/document/problem.ts'
import { compileSchema } from '../../src/document/schema.ts'
import { parseYaml, readYaml } from '../../src/document/yaml-document.ts'
import { anything, complaints, problemsOf } from './problems-of.ts'

describe('places', () => {
  const text = '# plans\nplans:\n  free:\n    seats: 3\n  "big one": { seats: 9 }\nlist:\n  - a\n  -   b: 1\nempty:\n'
  const document = parseYaml(text, 'plans.yaml', anything)

  test('of values', () => {
    expect(document.place([])).toEqual({ line: 2, column: 1 })
    expect(document.place(['plans', 'free'])).toEqual({ line: 4, column: 5 })
    expect(document.place(['plans', 'free', 'seats'])).toEqual({ line: 4, column: 12 })
    expect(document.place(['plans', 'big one'])).toEqual({ line: 5, column: 14 })
    expect(document.place(['plans', 'big one', 'seats'])).toEqual({ line: 5, column: 23 })
    expect(document.place(['list', 0])).toEqual({ line: 7, column: 5 })
    expect(document.place(['list', 1, 'b'])).toEqual({ line: 8, column: 10 })
    expect(document.place(['empty'])).toEqual({ line: 9, column: 7 })
  })

  test('of keys', () => {
    expect(document.keyPlace(['plans'])).toEqual({ line: 2, column: 1 })
    expect(document.keyPlace(['plans', 'free', 'seats'])).toEqual({ line: 4, column: 5 })
    expect(document.keyPlace(['plans', 'big one'])).toEqual({ line: 5, column: 3 })
    expect(document.keyPlace(['list', 1])).toEqual({ line: 8, column: 7 })
    expect(document.keyPlace(['list', 1, 'b'])).toEqual({ line: 8, column: 7 })
  })

  test('of what is not in the document are those of its nearest ancestor', () => {
    expect(document.place(['plans', 'free', 'price', 'cents'])).toEqual(document.place(['plans', 'free']))
    expect(document.keyPlace(['list', 'a'])).toEqual(document.keyPlace(['list']))
    expect(document.place(['toString', 'length'])).toEqual(document.place([]))
  })

  test('count columns as editors do, after comments, CRLF and characters of two code units', () => {
    const crlf = parseYaml('# a\r\n\r\na: 1 # b\r\n"😀": x\r\n', 'f', anything)
    expect(crlf.value).toEqual({ a: 1, '😀': 'x' })
    expect(crlf.place(['😀'])).toEqual({ line: 4, column: 7 })
  })
})

test('the value is deeply frozen', () => {
  const { value } = parseYaml('a: [{ b: 1 }]', 'f', anything) as { value: { a: [{ b: number }] } }
  expect([value, value.a, value.a[0]].every(Object.isFrozen)).toBe(true)
})

test('JSON is read, tabs included', () => {
  const json = JSON.stringify({ a: [1, -0.5, true, null, 'x\n"\\\u2028😀'], b: { c: {} } }, null, '\t')
  expect(parseYaml(json.replace('\u2028', '\\u2028'), 'f', anything).value).toEqual(JSON.parse(json))
})

test('plain values follow the core schema of YAML 1.2', () => {
  const text =
    'a: NO\nb: yes\nc: off\nd: true\ne: ~\nf: 0o17\ng: 0x1F\nh: 1e3\ni: 1_000\nj: 1:30\nk: 2024-01-31\nl: +5\nm: .5'
  expect(parseYaml(text, 'f', anything).value).toEqual({
    a: 'NO',
    b: 'yes',
    c: 'off',
    d: true,
    e: null,
    f: 15,
    g: 31,
    h: 1000,
    i: '1_000',
    j: '1:30',
    k: '2024-01-31',
    l: 5,
    m: 0.5,
  })
})

test('all errors of a file are told at once, whatever their kind, in the order of the text', () => {
  const schema = { type: 'object', additionalProperties: false, properties: { a: { type: 'integer' }, b: {}, c: {} } }
  const text = 'a: x\nb: &x 1\nb: 2\nc: *x\nd: 010\n<<: 1\n'
  expect(complaints(text, compileSchema(schema, 'x'))).toEqual([
    '1:4: expected a whole number, found `"x"`',
    '2:4: anchor `&x`; write the value out wherever it is used',
    '3:1: duplicate key `b`; it stands on line 2 already',
    '4:4: alias `*x`; write the value out here',
    '5:1: unknown key `d`; known here: `a`, `b`, `c`',
    '5:4: `010` starts with a zero, which some read as octal; put it in quotes, or drop the zero',
    '6:1: merge key `<<`; write the members out here',
  ])
})

test('what cannot be read is not also judged', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'integer' } }
  expect(complaints('a: *x\n<<: {}\nb: c\n', compileSchema(schema, 'x'))).toEqual([
    '1:4: alias `*x`; write the value out here',
    '2:1: merge key `<<`; write the members out here',
    '3:4: expected a whole number, found `"c"`',
  ])
})

test('a broken text is not judged by the schema', () => {
  expect(complaints('a: "x" y\nb: [1\n', compileSchema({ type: 'array' }, 'x'))).toEqual([
    '1:8: this does not belong to the value before it; a space, a quote or indentation may be missing',
    '3:1: the `[` before this is not closed',
  ])
})

test('a problem carries its pointer', () => {
  const validator = compileSchema(
    { type: 'object', properties: { 'a/b': { type: 'array', items: { type: 'string' } } } },
    'x',
  )
  try {
    parseYaml('a/b: [x, 1]', 'f', validator)
    expect.unreachable()
  } catch (error) {
    expect((error as DocumentError).problems).toEqual([
      { file: 'f', line: 1, column: 10, message: 'expected text, found `1`', pointer: '/a~1b/1' },
    ])
  }
})

test.each([
  ['a: b: c', '1:4: a second `:` on this line; put the value in quotes, or start a new line'],
  ['a\nb: 1', '1:1: this runs on into a line with a `:`; add the missing `:` here, or indent the next line less'],
  ['a: 1\n b: 2', '1:4: this runs on into a line with a `:`; add the missing `:` here, or indent the next line less'],
  ['a: 1\nb', '2:1: a key without a value; write `key: value`'],
  ['a: x # y\n z: 1', '2:1: this key does not start in the column of the keys before it'],
  ['a: @b', '1:4: a value cannot start with this character; put it in quotes'],
  ['a:\n\tb: 1', '2:1: a tab indents this line; use spaces'],
  ['a:\n  - b\n\t- c', '3:1: a tab indents this line; use spaces'],
  ['a: - b', '1:4: a list cannot start on the line of its key; start it on the next line'],
  ['a: "b\nc: 1', '1:4: the quote that opens here is not closed'],
  ['a: "b\\"', '1:4: the quote that opens here is not closed'],
  ["a: 'b''", '1:4: the quote that opens here is not closed'],
  ['a: "x"#c', '1:7: no space before this `#`; put one, or put the value in quotes'],
  ['a: "\\q"', '1:5: this is not an escape that quotes know; write a backslash twice, or use single quotes'],
  ['a: [1\nb: 2', '2:1: the `[` before this is not closed'],
  ['a: {b: 1', '1:9: the `{` before this is not closed'],
  ['a: [1,,2]', '1:7: a comma with nothing before it'],
  ['{a: 1 b: 2}', '1:5: inside brackets, a comma or quotes are missing here'],
  ['[a]]', '1:4: this `]` closes nothing'],
  ['- a\n -b\n- - c\n  -d', '4:1: not an item of the list; write `- ` with its space before it'],
])('%j', (text, problem) => {
  expect(complaints(text)[0]).toBe(problem)
})

describe('reading a file', () => {
  const root = mkdtempSync(join(tmpdir(), 'postern-yaml-'))
  const folder = 'config/systems/acme'
  mkdirSync(join(root, folder), { recursive: true })
  const write = (content: string | Uint8Array) => writeFileSync(join(root, folder, 'plans.yaml'), content)
  const plans = compileSchema({ type: 'object' }, 'the plans of a system')
  const read = (file = `${folder}/plans.yaml`) => readYaml(file, plans, { root })

  test('names it relative to the root, with forward slashes', () => {
    write('a:\n  b: 1\n  b: 2')
    expect(problemsOf(read)).toEqual([
      'config/systems/acme/plans.yaml:3:3: duplicate key `b`; it stands on line 2 already',
    ])
    expect(problemsOf(() => read(join(root, folder, 'plans.yaml')))).toEqual(problemsOf(read))
  })

  test('names it in full when it lies outside the root', () => {
    const outside = join(root, 'plans.yaml')
    writeFileSync(outside, '- a')
    expect(problemsOf(() => readYaml('../plans.yaml', plans, { root: join(root, 'config') }))).toEqual([
      `${outside}:1:1: expected an object, found \`["a"]\``,
    ])
  })

  test('that does not exist says what belongs there', () => {
    const remedy = 'it should hold the plans of a system'
    expect(problemsOf(() => read('config/none.yaml'))).toEqual([
      `config/none.yaml:1:1: the file does not exist; ${remedy}`,
    ])
    expect(problemsOf(() => read(`${folder}/plans.yaml/x`))).toEqual([
      `${folder}/plans.yaml/x:1:1: the file does not exist; ${remedy}`,
    ])
  })

  test('that is none', () => {
    expect(problemsOf(() => read(folder))).toEqual([`${folder}:1:1: a folder is where a file should be`])
    expect(problemsOf(() => readYaml('/dev/zero', plans))).toEqual(['/dev/zero:1:1: not a regular file'])
  })

  test('that is not UTF-8 says where', () => {
    write(Buffer.from('a: "ä"\nb: "\xe4"\n', 'latin1'))
    expect(problemsOf(read)).toEqual([`${folder}/plans.yaml:1:5: not UTF-8 from here on; save the file as UTF-8`])
    write(Buffer.concat([Buffer.from('a: "ä😀"\nb: x'), Buffer.from([0xc3])]))
    expect(problemsOf(read)).toEqual([`${folder}/plans.yaml:2:5: not UTF-8 from here on; save the file as UTF-8`])
    write(Buffer.from('\ufeffa: 1', 'utf16le'))
    expect(problemsOf(read)).toEqual([`${folder}/plans.yaml:1:1: not UTF-8 from here on; save the file as UTF-8`])
  })

  test('that is too large is not read', () => {
    write(Buffer.alloc(2 * 1024 * 1024 + 1, '#'))
    expect(problemsOf(read)).toEqual([`${folder}/plans.yaml:1:1: the file is larger than 2 MiB; split it`])
  })

  test('with a byte order mark counts columns after it', () => {
    write('\ufeffa: 1\nb: 2')
    expect(read().keyPlace(['a'])).toEqual({ line: 1, column: 1 })
  })
})
