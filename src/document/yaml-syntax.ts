import { Composer, CST, type Document, Lexer, type ParsedNode, Parser, type YAMLError } from 'yaml'
import { type Finding, MAX_FINDINGS } from './finding.ts'

export const MAX_DEPTH = 64

/** Tokens, long ones counting once per 16 characters: what is read in about 150 ms. */
const MAX_TOKENS = 40_000

const CORE_TAGS = new Set(['!!str', '!!int', '!!float', '!!bool', '!!null', '!!map', '!!seq'])

export interface Syntax {
  /** `null` for an empty document. */
  readonly contents: ParsedNode | null
  /** False when the text is broken, so that the nodes are partly guessed. */
  readonly whole: boolean
}

/** The nodes of the text's one document; whatever is against the syntax, or not used here, is a finding. */
export function readSyntax(text: string, findings: Finding[]): Syntax {
  const tokens = readTokens(text, findings)
  if (tokens === undefined) return { contents: null, whole: false }
  const document = compose(tokens, text.length)
  if (document === undefined) return { contents: null, whole: false }
  // What the parser calls a warning (a tag that does not fit, above all) would silently change a value.
  const whole = addSyntaxErrors([...document.errors, ...document.warnings], text, findings)
  return { contents: document.contents as ParsedNode | null, whole }
}

function compose(tokens: readonly CST.Token[], length: number): Document.Parsed | undefined {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    resolveKnownTags: false,
    // Compares each key with all before it, quadratic; readValue finds duplicates by hash.
    uniqueKeys: false,
    logLevel: 'silent',
  })
  // Each error is an `Error`: with their stacks, a file of nothing but errors takes ten times as long.
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return [...composer.compose(tokens, true, length)][0]
  } finally {
    Error.stackTraceLimit = limit
  }
}

/** The first document's tokens; undefined when a limit is exceeded. */
function readTokens(text: string, findings: Finding[]): CST.Token[] | undefined {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  let cost = 0
  let atScalar = false
  for (const lexeme of new Lexer().lex(text)) {
    const offset = parser.offset
    cost += 1 + (lexeme.length >> 4)
    if (cost > MAX_TOKENS) {
      findings.push({ offset, message: 'the file holds too much: reading stopped here', remedy: 'split the file' })
      return undefined
    }
    const type: CST.TokenType | null = atScalar ? null : CST.tokenType(lexeme)
    atScalar = type === 'scalar'
    if (type !== null) checkToken(type, lexeme, text, offset, findings)
    for (const token of parser.next(lexeme)) if (!take(token, tokens, findings)) return tokens
    if (parser.stack.length > MAX_DEPTH + 2) {
      findings.push({ offset, message: `more than ${MAX_DEPTH} levels of nesting` })
      return undefined
    }
    if (findings.length > MAX_FINDINGS) return undefined
  }
  for (const token of parser.end()) if (!take(token, tokens, findings)) break
  return tokens
}

/** False when nothing after the token is worth reading. */
function take(token: CST.Token, tokens: CST.Token[], findings: Finding[]): boolean {
  const isDocument = (of: CST.Token) => of.type === 'document'
  if (isDocument(token) && tokens.some(isDocument)) {
    const { offset } = token
    findings.push({ offset, message: 'a second document starts here', remedy: 'use one file for each' })
    return false
  }
  tokens.push(token)
  return token.type !== 'error' || tokens.length <= MAX_FINDINGS
}

function checkToken(type: CST.TokenType, lexeme: string, text: string, offset: number, findings: Finding[]): void {
  const shown = `\`${lexeme.slice(0, 60)}\``
  if (type === 'comment' && offset > 0 && !/\s/.test(text[offset - 1] ?? '')) {
    findings.push({ offset, message: 'no space before this `#`', remedy: 'put one, or put the value in quotes' })
  } else if (type === 'directive-line') {
    findings.push({ offset, message: `directive ${shown}`, remedy: 'remove it: every file is read as YAML 1.2' })
  } else if (type === 'anchor') {
    findings.push({ offset, message: `anchor ${shown}`, remedy: 'write the value out wherever it is used' })
  } else if (type === 'alias') {
    findings.push({ offset, message: `alias ${shown}`, remedy: 'write the value out here' })
  } else if (type === 'tag' && !CORE_TAGS.has(lexeme)) {
    findings.push({
      offset,
      message: `tag ${shown}`,
      remedy: 'remove it, or put the value in quotes if it starts with `!`',
    })
  } else if (!isClosed(type, lexeme)) {
    findings.push({ offset, message: 'the quote that opens here is not closed' })
  }
}

/** The parser takes an escaped quote at the end of the file for the closing one. */
function isClosed(type: CST.TokenType, lexeme: string): boolean {
  if (type === 'single-quoted-scalar') return countBefore("'", lexeme, lexeme.length) % 2 === 1
  if (type !== 'double-quoted-scalar') return true
  return lexeme.length > 1 && lexeme.endsWith('"') && countBefore('\\', lexeme, lexeme.length - 1) % 2 === 0
}

/** How many of the character end the token's first `end` characters, the opening quote aside. */
function countBefore(char: string, lexeme: string, end: number): number {
  let start = end
  while (start > 1 && lexeme[start - 1] === char) start -= 1
  return end - start
}

/**
 * One finding per line: what follows the first error of a line is nearly always caused by it. True when the text is
 * sound.
 */
function addSyntaxErrors(errors: YAMLError[], text: string, findings: Finding[]): boolean {
  const known = new Set(findings.map((finding) => finding.offset))
  let sound = true
  let lineEnd = -1
  // Of two errors at one place the inner one, which comes last, knows more.
  for (const error of errors.toReversed().sort((a, b) => a.pos[0] - b.pos[0])) {
    const offset = Math.min(error.pos[0], text.length)
    if (known.has(offset)) continue
    sound = false
    // Told at the opening quote already.
    if (error.message.startsWith('Missing closing ') || offset <= lineEnd) continue
    findings.push(isTabbed(text, offset) ? { offset, ...TAB } : { offset, ...inOurWords(error) })
    lineEnd = text.indexOf('\n', offset)
    if (lineEnd === -1 || findings.length > MAX_FINDINGS) return sound
  }
  return sound
}

const TAB = { message: 'a tab indents this line', remedy: 'use spaces' }

/** A tab in the indentation shifts what the parser sees, and then it complains about something else. */
function isTabbed(text: string, offset: number): boolean {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  return /^[ \t]*$/.test(text.slice(start, offset)) && text.slice(start, offset + 1).includes('\t')
}

/** By the parser's message: its codes do not tell a missing comma from a missing value. */
const WORDS: readonly (readonly [part: string, message: string, remedy?: string])[] = [
  ['Tabs are not allowed', TAB.message, TAB.remedy],
  ['All mapping items', 'this key does not start in the column of the keys before it'],
  ['Nested mappings', 'a second `:` on this line', 'put the value in quotes, or start a new line'],
  ['Implicit keys', 'this runs on into a line with a `:`', 'add the missing `:` here, or indent the next line less'],
  ['Implicit map keys', 'a key without a value', 'write `key: value`'],
  ['The : indicator must', 'this key is longer than 1024 characters'],
  ['Plain value cannot', 'a value cannot start with this character', 'put it in quotes'],
  ['Invalid escape', 'this is not an escape that quotes know', 'write a backslash twice, or use single quotes'],
  ['Block scalar header', 'text after `|` or `>` starts on the next line'],
  ['Block collections are not', 'inside brackets, a comma or quotes are missing here'],
  ['Sequence item without', 'not an item of the list', 'write `- ` with its space before it'],
  ['Unexpected block-seq-ind on', 'a list cannot start on the line of its key', 'start it on the next line'],
  ['Unexpected flow-seq-end', 'this `]` closes nothing'],
  ['Unexpected flow-map-end', 'this `}` closes nothing'],
  ['Unexpected , in', 'a comma with nothing before it'],
  ['Unexpected : in', 'a second `:` after one key'],
  ['Missing , ', 'a comma is missing before this'],
  ['Flow sequence', 'the `[` before this is not closed'],
  ['Flow map', 'the `{` before this is not closed'],
  ['Unresolved tag', 'this tag does not fit the value'],
  ['Not a YAML token', 'this cannot stand here'],
  [' at node end', 'this does not belong to the value before it', 'a space, a quote or indentation may be missing'],
  // The last: it is part of many others.
  ['Unexpected ', 'this cannot stand here'],
]

function inOurWords({ message }: YAMLError): Pick<Finding, 'message' | 'remedy'> {
  const row = WORDS.find(([part]) => message.includes(part))
  if (row === undefined) return { message: message.charAt(0).toLowerCase() + message.slice(1) }
  return row[2] === undefined ? { message: row[1] } : { message: row[1], remedy: row[2] }
}
