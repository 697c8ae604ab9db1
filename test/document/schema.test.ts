import { describe, expect, test } from 'vitest'
import { compileSchema, toPointer, validateJson } from '../../src/document/schema.ts'
import { complaints } from './problems-of.ts'
import { shortest } from './shortest.ts'

const condition = {
  title: 'a condition',
  type: 'object',
  required: ['when'],
  additionalProperties: false,
  properties: { when: { type: 'string' }, limit: { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }] } },
}

const matrix = compileSchema(
  {
    definitions: { condition },
    type: 'object',
    required: ['system', 'cells'],
    additionalProperties: false,
    properties: {
      system: { type: 'string', pattern: '^[a-z]+$', examples: ['filestack'] },
      kind: { enum: ['team', 'company', 3, null] },
      version: { const: 1 },
      since: { type: 'string', format: 'date-time' },
      seats: { type: 'integer', minimum: 1, maximum: 9 },
      share: { type: 'number', exclusiveMinimum: 0, multipleOf: 0.5 },
      plans: { type: 'array', minItems: 1, uniqueItems: true, items: { type: 'string', minLength: 1, maxLength: 8 } },
      cells: {
        type: 'object',
        minProperties: 1,
        propertyNames: { pattern: '^[a-z_]+$' },
        additionalProperties: { oneOf: [{ enum: ['allow', 'deny'] }, { $ref: '#/definitions/condition' }] },
      },
      channel: {
        type: 'object',
        required: ['type'],
        oneOf: [
          { properties: { type: { const: 'mail' }, address: { type: 'string' } }, required: ['address'] },
          { properties: { type: { const: 'hook' }, url: { type: 'string' } }, required: ['url'] },
        ],
      },
      either: { oneOf: [{ type: 'string' }, { title: 'a short text', type: 'string', maxLength: 3 }] },
    },
  },
  'the matrix of a system',
)

/** The problems of a matrix in which `text` follows two valid lines. */
const judge = (text: string) => complaints(`system: acme\ncells: { a: allow }\n${text}`, matrix)
const judgeCell = (cell: string) => complaints(`system: acme\ncells:\n  a: ${cell}`, matrix)

test('a valid document has no problems', () => {
  expect(judge('since: 2024-01-31T12:00:00Z\nchannel: { type: mail, address: x }\nplans: [a, b]')).toEqual([])
  expect(judgeCell('{ when: x, limit: null }')).toEqual([])
})

describe('names', () => {
  test('an unknown key stands at the key, with the nearest known one', () => {
    expect(judge('plan: [a]')).toEqual(['3:1: unknown key `plan`; did you mean `plans`'])
    expect(judge('sytem: x')).toEqual(['3:1: unknown key `sytem`; did you mean `system`'])
    expect(judge('VERSION: 1')).toEqual(['3:1: unknown key `VERSION`; did you mean `version`'])
  })

  test('an unknown key like none lists the known ones', () => {
    expect(judge('colour: x')).toEqual([
      '3:1: unknown key `colour`; known here: `system`, `kind`, `version`, `since`, `seats`, `share`, `plans`, `cells`, `channel`, `either`',
    ])
  })

  test('a missing key stands at its parent', () => {
    expect(complaints('# x\n\nsystem: acme', matrix)).toEqual(['3:1: key `cells` is missing'])
    expect(complaints('[]', matrix)).toEqual(['1:1: expected an object, found `[]`'])
    expect(complaints('', matrix)).toEqual(['1:1: expected an object, found `null`'])
  })

  test('a misspelt key is not also told as missing', () => {
    expect(complaints('system: acme\ncell: {}', matrix)).toEqual(['2:1: unknown key `cell`; did you mean `cells`'])
  })

  test('a name against the pattern stands at the key', () => {
    expect(complaints('system: acme\ncells:\n  a: deny\n  B-c: allow', matrix)).toEqual([
      '4:3: expected text that matches `^[a-z_]+$`, found `"B-c"`',
    ])
  })
})

describe('values', () => {
  test.each([
    ['system: 1\ncells: { a: deny }', '1:9: expected text, found `1`'],
    [
      'system: A1\ncells: { a: deny }',
      '1:9: expected text that matches `^[a-z]+$`, found `"A1"`; write it like `filestack`',
    ],
    ['system: acme\ncells: {}', '2:8: expected at least 1 key, found `{}`'],
  ])('%j', (text, line) => {
    expect(complaints(text, matrix)).toEqual([line])
  })

  test.each([
    ['kind: tema', '3:7: expected `team`, `company`, `3` or `null`, found `"tema"`; did you mean `team`'],
    ['kind: 4', '3:7: expected `team`, `company`, `3` or `null`, found `4`'],
    ['version: 2', '3:10: expected `1`, found `2`'],
    ['since: yesterday', '3:8: expected a date-time, found `"yesterday"`'],
    ['seats: 0', '3:8: expected a number of at least 1, found `0`'],
    ['seats: 10', '3:8: expected a number of at most 9, found `10`'],
    ['seats: 1.5', '3:8: expected a whole number, found `1.5`'],
    ['share: 0', '3:8: expected a number above 0, found `0`'],
    ['share: 0.7', '3:8: expected a multiple of 0.5, found `0.7`'],
    ['plans: []', '3:8: expected at least 1 item, found `[]`'],
    ['plans:\n  - a\n  - b\n  - a', '4:5: item 1 is the same as item 3; remove one of them'],
    ['plans: [a, ""]', '3:12: expected at least 1 character, found `""`'],
    ['plans: [ninechars]', '3:9: expected at most 8 characters, found `"ninechars"`'],
    ['plans: NO', '3:8: expected a list, found `"NO"`'],
    ['plans:', '3:7: expected a list, found `null`'],
  ])('%j', (text, line) => {
    expect(judge(text)).toEqual([line])
  })

  test('are cut at 60 characters and cannot steer a terminal', () => {
    expect(judge(`seats: "${'x'.repeat(100)}"`)).toEqual([
      `3:8: expected a whole number, found \`"${'x'.repeat(58)}…\``,
    ])
    expect(judge('seats: [{ a: [1, 2], b: {} }]')).toEqual([
      '3:8: expected a whole number, found `[{"a":[1,2],"b":{}}]`',
    ])
    expect(judge('"\\e[2J\\u202e": 1')[0]).toMatch(/^3:1: unknown key `\\u001b\[2J\\u202e`; known here: /)
    expect(judge('seats: "\\e[2J\\u202e"')).toEqual(['3:8: expected a whole number, found `"\\u001b[2J\\u202e"`'])
  })
})

describe('of several forms', () => {
  test('none fits: one line names them all', () => {
    expect(judgeCell('alow')).toEqual([
      '3:6: expected `allow`, `deny` or a condition, found `"alow"`; did you mean `allow`',
    ])
    expect(judgeCell('7')).toEqual(['3:6: expected `allow`, `deny` or a condition, found `7`'])
  })

  test('the kind of value tells which was meant', () => {
    expect(judgeCell('{ wen: x }')).toEqual(['3:8: unknown key `wen`; did you mean `when`'])
    expect(judgeCell('{}')).toEqual(['3:6: key `when` is missing'])
    expect(judgeCell('{ when: 1, limit: 0 }')).toEqual([
      '3:14: expected text, found `1`',
      '3:24: expected a number of at least 1, found `0`',
    ])
    expect(judgeCell('{ when: x, limit: many }')).toEqual(['3:24: expected a whole number or nothing, found `"many"`'])
  })

  test('a fixed member tells which was meant', () => {
    expect(judge('channel: { type: hook, address: x }')).toEqual(['3:10: key `url` is missing'])
  })

  test('more than one fits', () => {
    expect(judge('either: abc')).toEqual([
      '3:9: this can be read as text or a short text, found `"abc"`; keep one of them',
    ])
  })

  test('errors of other parts stay', () => {
    expect(complaints('system: 1\ncells: { a: alow, b: { wen: x }, c: deny, d: 5 }\nseats: 0', matrix)).toEqual([
      '1:9: expected text, found `1`',
      '2:13: expected `allow`, `deny` or a condition, found `"alow"`; did you mean `allow`',
      '2:24: unknown key `wen`; did you mean `when`',
      '2:46: expected `allow`, `deny` or a condition, found `5`',
      '3:8: expected a number of at least 1, found `0`',
    ])
  })
})

describe('of a value without a text', () => {
  test('each problem has a JSON Pointer', () => {
    const value = { system: 'acme', cells: { 'a/b~c': 'allow', d: { wen: 1 } }, plans: ['a', 2] }
    expect(validateJson(value, matrix)).toEqual([
      { pointer: '/plans/1', message: 'expected text, found `2`' },
      { pointer: '/cells/a~1b~0c', message: 'expected text that matches `^[a-z_]+$`, found `"a/b~c"`' },
      { pointer: '/cells/d/wen', message: 'unknown key `wen`; did you mean `when`' },
    ])
    expect(validateJson('x', matrix)).toEqual([{ pointer: '', message: 'expected an object, found `"x"`' }])
    expect(validateJson({ system: 'acme', cells: { a: 'deny' } }, matrix)).toEqual([])
  })

  test('inherited names are not members', () => {
    const validator = compileSchema(
      { type: 'object', required: ['constructor', 'toString'], properties: { constructor: {}, toString: {} } },
      'x',
    )
    expect(validateJson({}, validator).map(({ message }) => message)).toEqual([
      'key `constructor` is missing',
      'key `toString` is missing',
    ])
    const own = JSON.parse('{"system":"acme","cells":{"a":"deny"},"__proto__":{"kind":"team"}}')
    expect(validateJson(own, matrix)).toHaveLength(1)
  })

  test('20,000 errors cost less than 200 ms, and the first 101 are told', () => {
    const value = { system: 'acme', cells: { a: 'deny' }, plans: Array.from({ length: 20_000 }, (_, i) => i) }
    expect(shortest(() => expect(validateJson(value, matrix)).toHaveLength(101))).toBeLessThan(200)
    const names = Object.fromEntries(value.plans.map((i) => [`plan_${i}`, i]))
    expect(shortest(() => expect(validateJson(names, matrix)).toHaveLength(101))).toBeLessThan(200)
    const cells = { system: 'acme', cells: Object.fromEntries(value.plans.slice(0, 10_000).map((i) => [`a${i}`, i])) }
    expect(shortest(() => expect(validateJson(cells, matrix)).toHaveLength(101))).toBeLessThan(200)
  })

  test('an error on a large value costs no more than one on a small value', () => {
    const value = { system: Array.from({ length: 200_000 }, () => ({ a: 'x'.repeat(50) })), cells: { a: 'deny' } }
    const elapsed = shortest(() => {
      for (let i = 0; i < 100; i++) validateJson(value, matrix)
    })
    expect(elapsed).toBeLessThan(200)
  })

  test('a pointer escapes as RFC 6901 says', () => {
    expect(toPointer([])).toBe('')
    expect(toPointer(['', 'a/b', 'm~n', 0])).toBe('//a~1b/m~0n/0')
  })
})

test('a schema that is wrong itself does not compile', () => {
  expect(() => compileSchema({ type: 'object', propertys: {} }, 'x')).toThrow('unknown keyword: "propertys"')
  expect(() => compileSchema({ type: 'string', format: 'postcode' }, 'x')).toThrow('unknown format "postcode"')
  expect(() => compileSchema({ properties: { a: {} } }, 'x')).toThrow('missing type "object"')
})

test('a validator tells the type', () => {
  const text = compileSchema<string>({ type: 'string' }, 'a text')
  const value: unknown = 'abc'
  expect(text.accepts(value) && value.length).toBe(3)
  expect(text.accepts(3)).toBe(false)
  expect(text.violations('x')).toEqual([])
})
