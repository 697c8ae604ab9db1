const MIB = 1024 * 1024

/** A name, the text, and what has to come of it: the first problem, or a value. */
export type Hostile = readonly [name: string, text: string, outcome: { problem: string } | { value: unknown }]

const problem = (text: string) => ({ problem: text })
const value = (of: unknown) => ({ value: of })
const lines = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n')

const tooMuch = (place: string) => problem(`${place}: the file holds too much: reading stopped here; split the file`)
const tooDeep = (place: string) => problem(`${place}: more than 64 levels of nesting`)
const tooManyLines = problem('50000:1: more than 50000 lines; split the file')
const tag = (place: string, name: string) =>
  problem(`${place}: tag \`${name}\`; remove it, or put the value in quotes if it starts with \`!\``)
const hidden = (place: string, code: string) =>
  problem(
    `${place}: the character U+${code} does not show; remove it, or write "\\u${code.toLowerCase()}" in double quotes`,
  )
const notText = (place: string, key: string) => problem(`${place}: key \`${key}\` is not text; put it in quotes`)
const octal = (number: string) =>
  problem(`1:4: \`${number}\` starts with a zero, which some read as octal; put it in quotes, or drop the zero`)
const anchor = (place: string, name: string) =>
  problem(`${place}: anchor \`${name}\`; write the value out wherever it is used`)

export const hostileInputs: readonly Hostile[] = [
  // Anchors, aliases, merge keys.
  ['alias bomb', `a: &a [x, x]\n${lines(30, (i) => `b${i}: &b${i} [*a, *a]`)}`, anchor('1:4', '&a')],
  ['alias to itself', '&a [*a]', anchor('1:1', '&a')],
  ['alias to nothing', 'a: *b', problem('1:4: alias `*b`; write the value out here')],
  ['alias as a key', '*a : 1', problem('1:1: alias `*a`; write the value out here')],
  ['quadratic merge', lines(5000, (i) => `m${i}: &m${i} {<<: *m${i - 1}, k${i}: 1}`), anchor('1:5', '&m0')],
  ['merge of a list', '<<: [{ a: 1 }]', problem('1:1: merge key `<<`; write the members out here')],
  ['merge key in quotes', '"<<": { a: 1 }', problem('1:1: merge key `<<`; write the members out here')],
  ['40,000 anchors on one value', '&a '.repeat(40_000), anchor('1:1', '&a')],
  ['20,000 aliases', 'a: *x\n'.repeat(20_000), problem('1:4: alias `*x`; write the value out here')],
  ['an ampersand in quotes', 'a: "&b *c"', value({ a: '&b *c' })],
  // Depth.
  ['10,000 lists in brackets', '['.repeat(10_000), tooDeep('1:66')],
  ['10,000 closed lists', '['.repeat(10_000) + ']'.repeat(10_000), tooDeep('1:66')],
  ['10,000 objects in brackets', '{a: '.repeat(10_000), tooDeep('1:261')],
  ['10,000 lists on one line', '- '.repeat(10_000), tooDeep('1:131')],
  ['10,000 explicit keys', '? '.repeat(10_000), tooDeep('1:131')],
  ['10,000 empty keys', ': '.repeat(10_000), tooDeep('1:131')],
  ['1,500 indented levels', lines(1500, (i) => `${' '.repeat(i)}a:`), tooDeep('66:66')],
  ['65 objects inside implicit pairs', `${'[a: '.repeat(33)}1${']'.repeat(33)}`, tooDeep('1:129')],
  ['64 levels', '['.repeat(64) + ']'.repeat(64), value(JSON.parse('['.repeat(64) + ']'.repeat(64)))],
  ['65 levels', '['.repeat(65) + ']'.repeat(65), tooDeep('1:65')],
  // Keys.
  ['duplicate key', 'a: 1\n"a": 2', problem('2:1: duplicate key `a`; it stands on line 1 already')],
  ['duplicate key in brackets', '{a: 1, a: 2}', problem('1:8: duplicate key `a`; it stands on line 1 already')],
  ['5,000 duplicates', 'a: 1\n'.repeat(5000), problem('2:1: duplicate key `a`; it stands on line 1 already')],
  [
    '5,000 keys',
    lines(5000, (i) => `k${i}: 1`),
    value(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, 1]))),
  ],
  ['__proto__', '__proto__: { admin: true }', problem('1:1: the key `__proto__` is not allowed')],
  ['__proto__ in quotes', 'a: {"__proto__": 1}', problem('1:5: the key `__proto__` is not allowed')],
  ['__proto__ by escape', '"\\u005f_proto__": 1', problem('1:1: the key `__proto__` is not allowed')],
  ['constructor', 'constructor: 1\ntoString: 2', value({ constructor: 1, toString: 2 })],
  ['number as a key', '404: a', notText('1:1', '404')],
  ['truth as a key', 'true: a', notText('1:1', 'true')],
  ['nothing as a key', '~: a', notText('1:1', 'null')],
  ['no key', ': a', problem('1:1: a key is missing here')],
  ['list as a key', '? [a]\n: b', problem('1:3: this key is not text')],
  ['object as a key', '{{a: 1}: 2}', problem('1:2: this key is not text')],
  ['number in quotes as a key', '"404": a\n!!str 405: b', value({ 404: 'a', 405: 'b' })],
  ['NO as a key', 'NO: 1\non: 2', value({ NO: 1, on: 2 })],
  ['key of 5,000 characters', `${'a'.repeat(5000)}: 1`, problem('1:1: this key is longer than 1024 characters')],
  [
    'key on two lines',
    '"a\n b": 1',
    problem('1:1: this runs on into a line with a `:`; add the missing `:` here, or indent the next line less'),
  ],
  // Tags and directives.
  ['JavaScript function', 'a: !!js/function "x"', tag('1:4', '!!js/function')],
  ['Python object', 'a: !!python/object/apply:os.system [x]', tag('1:4', '!!python/object/apply:os.system')],
  ['tag of the file', 'a: !secret x', tag('1:4', '!secret')],
  ['binary', 'a: !!binary aGk=', tag('1:4', '!!binary')],
  ['set', 'a: !!set {b}', tag('1:4', '!!set')],
  ['ordered map', 'a: !!omap [b: 1]', tag('1:4', '!!omap')],
  ['timestamp', 'a: !!timestamp 2024-01-31', tag('1:4', '!!timestamp')],
  ['verbatim tag', 'a: !<tag:yaml.org,2002:str> x', tag('1:4', '!<tag:yaml.org,2002:str>')],
  ['bare tag', 'a: ! 1', tag('1:4', '!')],
  ['core tags', 'a: !!str 5\nb: !!int "5"\nc: !!seq []', value({ a: '5', b: 5, c: [] })],
  ['core tag that does not fit', 'a: !!int x', problem('1:4: this tag does not fit the value')],
  ['list tagged as a map', 'a: !!map [x]', problem('1:4: this tag does not fit the value')],
  ['13,000 tags on one value', '!!str '.repeat(13_000), problem('1:7: a node can have at most one tag')],
  [
    'YAML 1.1',
    '%YAML 1.1\n---\na: NO',
    problem('1:1: directive `%YAML 1.1`; remove it: every file is read as YAML 1.2'),
  ],
  [
    'tag shorthand',
    '%TAG ! tag:x,2024:\n---\na: 1',
    problem('1:1: directive `%TAG ! tag:x,2024:`; remove it: every file is read as YAML 1.2'),
  ],
  // Documents.
  ['two documents', 'a: 1\n---\nb: 2', problem('2:1: a second document starts here; use one file for each')],
  ['10,000 documents', '---\n'.repeat(10_000), problem('2:1: a second document starts here; use one file for each')],
  ['10,000 ends', '...\n'.repeat(10_000), problem('2:1: a second document starts here; use one file for each')],
  ['start and end', '---\na: 1\n...\n', value({ a: 1 })],
  ['nothing', '', value(null)],
  ['only comments', '# a\n#b\n\n', value(null)],
  // Values that YAML 1.1 reads otherwise, and numbers.
  ['NO', 'a: NO\nb: [yes, on, Off, y]', value({ a: 'NO', b: ['yes', 'on', 'Off', 'y'] })],
  ['octal', 'a: 010', octal('010')],
  ['octal with a sign', 'a: -010', octal('-010')],
  ['a zero before a fraction', 'a: 00.5', octal('00.5')],
  ['zeros', 'a: [0, 0.5, 0x0A, 0o10]', value({ a: [0, 0.5, 10, 8] })],
  ['sexagesimal', 'a: 12:30:45', value({ a: '12:30:45' })],
  ['underscores', 'a: 1_000', value({ a: '1_000' })],
  ['date', 'a: 2024-01-31', value({ a: '2024-01-31' })],
  ['infinity', 'a: .inf', problem('1:4: `.inf` is not a finite number; put it in quotes if it is text')],
  ['not a number', 'a: .NaN', problem('1:4: `.NaN` is not a finite number; put it in quotes if it is text')],
  ['overflow', 'a: 1e999', problem('1:4: `1e999` is not a finite number; put it in quotes if it is text')],
  [
    'integer beyond 2^53',
    'a: 9007199254740993',
    problem('1:4: `9007199254740993` is too large to be held exactly; put it in quotes'),
  ],
  [
    'integer of 500,000 digits',
    `a: ${'1'.repeat(500_000)}`,
    problem(`1:4: \`${'1'.repeat(59)}…\` is not a finite number; put it in quotes if it is text`),
  ],
  // Characters.
  ['byte order mark', '\ufeffa: 1', value({ a: 1 })],
  ['byte order mark inside', 'a: 1\n\ufeffb: 2', hidden('2:1', 'FEFF')],
  ['CRLF', 'a: 1\r\nb:\r\n  - "x\r\n    y"\r\n', value({ a: 1, b: ['x y'] })],
  ['CR', 'a: 1 # b\rc: 2', problem('1:9: the character U+000D does not show; end lines with LF or CRLF')],
  ['NUL', 'a: x\0y', hidden('1:5', '0000')],
  ['NUL by escape', 'a: "x\\0y"', value({ a: 'x\0y' })],
  ['2 MiB of NUL', '\0'.repeat(2 * MIB), hidden('1:1', '0000')],
  ["the parser's own marks", 'a: \x1f\x02\x18b', hidden('1:4', '001F')],
  ['escape character', 'a: \x1b[2J', hidden('1:4', '001B')],
  ['next line', 'a: 1 # b\u0085c: 2', hidden('1:9', '0085')],
  ['line separator', 'a: x\u2028y', hidden('1:5', '2028')],
  ['paragraph separator', '"a\u2029": y', hidden('1:3', '2029')],
  ['right-to-left override', 'role: "\u202enimda"', hidden('1:8', '202E')],
  ['isolate in a comment', 'a: 1 # \u2066 b', hidden('1:8', '2066')],
  ['lone surrogate', 'a: \ud800', problem('1:4: the character U+D800 does not show; remove it')],
  [
    'lone surrogate by escape',
    'a: "\\ud800x"',
    problem('1:4: `"\\ud800x"` holds half a character; write both halves of the surrogate pair'),
  ],
  [
    'lone surrogate in a key',
    '"\\udc00": 1',
    problem('1:1: `"\\udc00"` holds half a character; write both halves of the surrogate pair'),
  ],
  ['surrogate pair by escape', 'a: "\\ud83d\\ude00"', value({ a: '😀' })],
  [
    'escape beyond Unicode',
    'a: "\\U00110000"',
    problem('1:5: this is not an escape that quotes know; write a backslash twice, or use single quotes'),
  ],
  ['tab as indentation', 'a:\n\tb: 1', problem('2:1: a tab indents this line; use spaces')],
  ['tab in an indented block', 'a:\n  b:\n  \tc: 1', problem('3:3: a tab indents this line; use spaces')],
  ['tab before a value', 'a:\tb', value({ a: 'b' })],
  // Quotes and brackets.
  ['open quote', 'a: "b\nc: 1\nd: 2', problem('1:4: the quote that opens here is not closed')],
  ['open quote ending in an escaped one', 'a: "b\\"', problem('1:4: the quote that opens here is not closed')],
  ['open single quote ending in a double one', "a: 'b''", problem('1:4: the quote that opens here is not closed')],
  ['500,000 single quotes', "'".repeat(500_000), value("'".repeat(249_999))],
  ['500,000 backslashes', `"${'\\'.repeat(500_000)}`, problem('1:1: the quote that opens here is not closed')],
  [
    '30,000 unmatched quotes',
    '"\n'.repeat(30_000),
    problem('3:1: this does not belong to the value before it; a space, a quote or indentation may be missing'),
  ],
  ['30,000 closing brackets', '}'.repeat(30_000), problem('1:1: this `}` closes nothing')],
  ['15,000 closing brackets on lines', ']\n'.repeat(15_000), problem('1:1: this `]` closes nothing')],
  ['35,000 commas', `[${','.repeat(35_000)}]`, problem('1:3: a comma with nothing before it')],
  ['15,000 colons', `{${': '.repeat(15_000)}}`, problem('1:4: a second `:` after one key')],
  [
    '5,000 values that cannot start so',
    'a: @\n'.repeat(5000),
    problem('1:4: a value cannot start with this character; put it in quotes'),
  ],
  // Size.
  ['2 MiB in quotes', `a: "${'x'.repeat(2 * MIB - 5)}"`, tooMuch('1:4')],
  ['500,000 characters in quotes', `a: "${'x'.repeat(500_000)}"`, value({ a: 'x'.repeat(500_000) })],
  ['250,000 escapes', `a: "${'\\n'.repeat(250_000)}"`, value({ a: '\n'.repeat(250_000) })],
  ['2 MiB of plain text', `a: ${'x'.repeat(2 * MIB - 5)}`, tooMuch('1:4')],
  ['2 MiB of spaces', ' '.repeat(2 * MIB), tooMuch('1:1')],
  ['2 MiB of tabs', '\t'.repeat(2 * MIB), tooMuch('1:1')],
  ['more than 2 MiB', 'x'.repeat(2 * MIB + 1), problem('1:1: the file is larger than 2 MiB; split it')],
  ['2 MiB of empty lines', '\n'.repeat(2 * MIB), tooManyLines],
  ['1 MiB of comments', '#\n'.repeat(MIB / 2), tooManyLines],
  ['7,000 comments below a value', `a: 1\n${'\n'.repeat(7000)}${'   #\n'.repeat(7000)}b: 1`, value({ a: 1, b: 1 })],
  ['7,000 comments in a list', `- a: {}\n${'\n'.repeat(7000)}${'    #\n'.repeat(7000)}- b`, value([{ a: {} }, 'b'])],
  ['5,000 comments below a block', `a: |-\n  x\n${'\n'.repeat(5000)}#\n${'\n  #'.repeat(5000)}`, value({ a: 'x' })],
  [
    '7,000 empty lines before 7,000 comments',
    `a:\n${'\n'.repeat(7000)}${'   #\n'.repeat(7000)}  b: 1`,
    value({ a: { b: 1 } }),
  ],
  ['40,000 lines in quotes', `a: "${'\n '.repeat(40_000)}x"`, value({ a: `${'\n'.repeat(39_999)}x` })],
  ['40,000 lines of plain text', `a: x\n${' y\n'.repeat(40_000)}`, value({ a: `x${' y'.repeat(40_000)}` })],
  ['40,000 literal lines', `a: |\n${'  y\n'.repeat(40_000)}`, value({ a: 'y\n'.repeat(40_000) })],
  ['40,000 folded lines', `a: >-\n${'  y\n'.repeat(40_000)}`, value({ a: `y${' y'.repeat(39_999)}` })],
  ['7,500 items', '- a\n'.repeat(7500), value(Array(7500).fill('a'))],
  ['40,000 items', '- a\n'.repeat(40_000), tooMuch('8000:4')],
  ['10,000 explicit keys on lines', '? a\n'.repeat(10_000), tooMuch('8000:4')],
  [
    'lines of spaces inside quotes',
    `a: "x${`${' '.repeat(200)}\n`.repeat(2500)}  y"`,
    value({ a: `x${'\n'.repeat(2499)}y` }),
  ],
]
