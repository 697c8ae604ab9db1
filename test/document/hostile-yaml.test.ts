import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { DocumentError } from '../../src/document/problem.ts'
import { parseYaml } from '../../src/document/yaml-document.ts'
import { hostileInputs } from './hostile-inputs.ts'
import { anything, complaints } from './problems-of.ts'
import { shortest } from './shortest.ts'

const MILLISECONDS = 200

beforeAll(() => {
  // Compiles the parser's code: a process reads many files.
  for (let i = 0; i < 20; i++) complaints('a:\n  - { b: [1, "x"] }\n  - c: d\n'.repeat(20))
})

describe(`in ${MILLISECONDS} ms`, () => {
  test.each(hostileInputs)('%s', (_, text, outcome) => {
    let found: string[] = []
    let value: unknown
    const elapsed = shortest(() => {
      found = complaints(text)
    })
    if ('problem' in outcome) expect(found[0]).toBe(outcome.problem)
    else {
      expect(found).toEqual([])
      value = parseYaml(text, 'f', anything).value
      expect(value).toEqual(outcome.value)
    }
    expect(elapsed).toBeLessThanOrEqual(MILLISECONDS)
  })

  test('there are enough of them', () => {
    expect(hostileInputs.length).toBeGreaterThanOrEqual(80)
    expect(new Set(hostileInputs.map(([name]) => name)).size).toBe(hostileInputs.length)
  })
})

test('at most a hundred problems of a file are listed, and the rest is mentioned', () => {
  const found = complaints('a: 1\n'.repeat(3000))
  expect(found).toHaveLength(101)
  expect(found[99]).toBe('101:1: duplicate key `a`; it stands on line 1 already')
  expect(found[100]).toBe('102:1: more problems from here on are not listed')
})

test('what JSON writes, YAML reads the same', () => {
  const depth = fc
    .jsonValue({ maxDepth: 6, noUnicodeString: false })
    .filter((value) => !/"__proto__"|"<<"/.test(JSON.stringify(value)))
  fc.assert(
    fc.property(depth, (value) => {
      const json = JSON.stringify(value)
      const hidden = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/.test(json)
      fc.pre(!hidden && !/\d{16}|e\+/.test(json))
      expect(parseYaml(json, 'f', anything).value).toEqual(JSON.parse(json))
    }),
  )
})

test('whatever the text, the answer is a value or problems with places inside it', () => {
  const piece = fc.constantFrom(
    ...[
      'a',
      'b',
      ': ',
      ':',
      '- ',
      '? ',
      '[',
      ']',
      '{',
      '}',
      ', ',
      '"',
      "'",
      '\n',
      '\n  ',
      '\n\t',
      '#',
      ' # ',
      '|',
      '>-',
    ],
    ...[
      '&a ',
      '*a',
      '!!str ',
      '!x ',
      '<<',
      '---\n',
      '...\n',
      '%YAML 1.1\n',
      '\\',
      '\\u',
      'd800',
      '\0',
      '\r',
      '\r\n',
      '\u2028',
    ],
    ...['1', '01', '.inf', '~', 'true', '\ufeff', '\ud800', '😀', '__proto__', '  ', '@', '`'],
  )
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(text, (source) => {
      try {
        parseYaml(source, 'f', anything)
      } catch (error) {
        expect(error).toBeInstanceOf(DocumentError)
        const rows = source.split('\n')
        for (const { line, column, message } of (error as DocumentError).problems) {
          expect(line).toBeGreaterThanOrEqual(1)
          expect(line).toBeLessThanOrEqual(rows.length)
          expect(column).toBeGreaterThanOrEqual(1)
          expect(column).toBeLessThanOrEqual((rows[line - 1] ?? '').length + 1)
          expect(message).toMatch(/^(?![A-Z])[^\n]+(?<!\.)$/)
        }
      }
    }),
    { numRuns: 2000 },
  )
})
