import type { Probe } from './wasm-probes.ts'

type BuiltinCases = Pick<Probe, 'args' | 'unordered'> & Partial<Pick<Probe, 'call'>>

const strings = [
  ...['', ' ', 'a', 'A', 'abc', 'aXbXc', 'a,b,,c', '10.0.0.1', '123', '-1.5e3', 'true', '[1,2]', 'a.b', '"\\/<>&'],
  ...['ßẞ', 'İıIi', 'ÀÉÎõü', 'ΣΑΣς', 'Ǆǅǆ', 'ﬁ', '日本語', 'e\u0301a\u030a', 'Жя', 'ａＡ', '\u212a', '𐐀𐐨', '\uffee'],
  ...[
    '👍🏽x👨‍👩‍👧',
    '\u00a0x\u2003y\u3000',
    '\u2028x\ufeff',
    '\t\n x \r\v\f',
    '\u0085x\u0085',
    'a\u0000b',
    '\u0001\u007f',
  ],
]
const wholes = [0, 1, -1, 2, 3, 7, 10, 255, -255, 1000, 2 ** 31, 2 ** 32, 2 ** 53 - 1, -(2 ** 53 - 1)]
const numbers = [...wholes, 0.5, -0.5, 1.5, -1.5, 2.5, 0.1, 0.2, 1.1, 1e-7]
const arrays = [
  ...[
    [],
    [1],
    [3, 1, 2],
    [1, 1, 2],
    [null],
    ['a', 'a'],
    [[1], [2, [3]]],
    [[1, 2], [3]],
    ['é', '日', ''],
    ['/a', 'b/c'],
  ],
  ['b', 'a', 'é', 'Z', 'z', '日', '👍', '\uffee'],
  [1, 'a', null, true, false, [1], { a: 1 }, 1.5, [], {}],
  [{ a: 1 }, { a: { b: 2 } }, { a: { c: 1 } }],
]
const objects = [
  ...[{}, { a: 1 }, { b: 2, a: 1 }, { a: 'x', b: 'y' }, { a: null, b: false }, { 1: 'x', 10: 'y', 2: 'z' }],
  ...[{ a: { b: 1 } }, { a: { c: 2 } }, { a: { b: { d: 1 } } }, { é: 1, z: 2, 'a/b': 3, 'm~n': 4 }],
  { a: { b: { c: 1 } }, d: [1, 2, { e: 3 }] },
]
const values = [null, true, false, ...strings.slice(0, 15), ...numbers, ...arrays, ...objects]
const wrong = [null, true, 7, 'abc', ['abc'], { abc: 1 }]
const everyCharacter = Array.from({ length: 0x1100 }, (_, block) => block * 256)
  .filter((start) => start < 0xd800 || start > 0xdfff)
  .map((start) => String.fromCodePoint(...Array.from({ length: 256 }, (_, index) => start + index)))

const set = (index: number) => `{x | some x in args[${index}]}`
const graphs = [{ a: ['b'], b: ['c'], c: ['a'] }, { a: [], b: null }, {}, { a: ['x'] }, { é: ['日'] }]
const patterns = [
  ...[
    {},
    { a: 'b' },
    { a: 'b', b: 'a' },
    { '': 'x' },
    { '': 'x', a: 'b' },
    { a: '' },
    { 日: 'é' },
    { b: 'X', aX: 'q' },
  ],
  ...[
    { ab: '1', a: '2' },
    { a: '2', abc: '1' },
    { bc: '1', ab: '2', abc: '3' },
    { aa: '1', a: '2', aaa: '3' },
  ],
]

/**
 * By name. A built-in without an entry is called with its arguments in order, on what its declaration asks for; one that
 * has an infix is called by it.
 */
export const builtinCases: Readonly<Record<string, BuiltinCases>> = {
  and: { call: `${set(0)} & ${set(1)}`, args: product(arrays, arrays), unordered: true },
  or: { call: `${set(0)} | ${set(1)}`, args: product(arrays, arrays), unordered: true },
  minus: { args: product(numbers, [...numbers, 'a']) },
  assign: { call: '[x | x := args[0]]', args: product(values) },
  eq: { call: '[x | x = args[0]; x = args[1]]', args: product(values, values) },
  'internal.member_2': { call: 'args[0] in args[1]', args: product(values, [...arrays, ...objects, 'a']) },
  'internal.member_3': {
    call: '(args[0], args[1] in args[2])',
    args: product(['a', 0, 1, 'b'], values, [...arrays, ...objects]),
  },
  // The order in which WASM walks an object differs, like any iteration over one: what is found agrees.
  walk: { call: '{[path, value] | walk(args[0], [path, value])}', args: product(values), unordered: true },
  union: { call: 'union({{y | some y in x} | some x in args[0]})', args: product(arrays), unordered: true },
  intersection: {
    call: 'intersection({{y | some y in x} | some x in args[0]})',
    args: product(arrays),
    unordered: true,
  },
  is_set: { call: `[is_set(args[0]), is_set({args[0]})]`, args: product(values) },
  count: { call: `[count(args[0]), count(${set(0)})]`, args: product([...strings, ...arrays, ...objects, null]) },
  sort: { call: `[sort(args[0]), sort(${set(0)})]`, args: product([...arrays, strings, everyCharacter.slice(0, 300)]) },
  max: { call: `[max(args[0]), max(${set(0)})]`, args: product(arrays) },
  min: { call: `[min(args[0]), min(${set(0)})]`, args: product(arrays) },
  sum: { call: 'sum(args[0])', args: product([...arrays, [1, 2, 3], [1.5, 2], [0.1, 0.2], 'x']) },
  'object.keys': { args: product([...objects, ...wrong]), unordered: true },
  'object.get': {
    args: product(
      [...objects, ...wrong],
      ['a', 'é', 1, '1', null, [], ['a', 'b', 'c'], ['d', 2, 'e'], ['d', '0']],
      [null, 0],
    ),
  },
  'object.filter': { args: product(objects, [...arrays, ...objects, 'a']) },
  'object.remove': { args: product(objects, [...arrays, ...objects, 'a']) },
  'graph.reachable': { args: product(graphs, [['a'], ['b', 'zz'], [], ['a', 'b'], ['é']]), unordered: true },
  concat: { args: product(['', ',', '日', 1], [...arrays, ['a', 'b'], 'abc', {}]) },
  'strings.reverse': { args: product([...strings, ...everyCharacter, ...wrong]) },
  'strings.replace_n': { args: product(patterns, [...strings, 'ab', 'abab', 'aaaa', 'xabcx', '日本日']) },
  trim_space: {
    call: '[trim_space(text) | some text in args[0]]',
    args: product([
      strings,
      ...everyCharacter.map((block) => Array.from(block, (space) => `${space}x${space}`)),
      [1],
      'a',
    ]),
  },

  trim: { args: trimmed() },
  trim_left: { args: trimmed() },
  trim_right: { args: trimmed() },
  trim_prefix: { args: trimmed() },
  trim_suffix: { args: trimmed() },
  split: { args: product([...strings, ...everyCharacter.slice(0, 64)], ['', ',', 'X', '本', '👍', ',,', '\u030a']) },
  substring: { args: product(strings, [0, 1, 2, 5, 100, -1], [-1, 0, 1, 2, 100, -5, 1.5]) },
  'array.slice': { args: product(arrays, [0, 1, -1, 2, 100, 0.5], [0, 1, 2, 3, 100, -1]) },
}

/** The argument lists for parameters of these types: fitting values, and values of every other type. */
export function argumentsFor(types: readonly string[]): readonly (readonly unknown[])[] {
  return product(...types.map((type) => [...(fitting[type] ?? values), ...wrong]))
}

const fitting: Readonly<Record<string, readonly unknown[]>> = {
  string: strings,
  number: numbers,
  array: arrays,
  object: objects,
}

function trimmed() {
  return product(strings, [
    '',
    ' ',
    'a',
    'c',
    'abc',
    '日語',
    '日',
    '語',
    '\u00a0',
    '👍',
    'ßẞ',
    'e',
    '\u0301',
    '\u030a',
    1,
  ])
}

function product(...pools: readonly (readonly unknown[])[]): readonly (readonly unknown[])[] {
  return pools.reduce<readonly (readonly unknown[])[]>(
    (lists, pool) => lists.flatMap((list) => pool.map((value) => [...list, value])),
    [[]],
  )
}
