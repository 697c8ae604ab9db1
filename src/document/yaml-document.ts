import { readFileSync, statSync } from 'node:fs'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import type { LineCounter } from 'yaml'
import { type Finding, MAX_FINDINGS } from './finding.ts'
import { DocumentError, type Problem } from './problem.ts'
import { toPointer, type Validator } from './schema.ts'
import { readSyntax } from './yaml-syntax.ts'
import { countLines, decodeUtf8, MAX_BYTES, replaceMisleading } from './yaml-text.ts'
import { type Located, type Refuse, readValue, type Span, startOf } from './yaml-value.ts'

export type Path = readonly (string | number)[]

/** 1-based. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** A valid document: its value, deeply frozen, and where each part of it is written. */
export interface YamlDocument<T> {
  readonly value: T
  readonly file: string
  /** Where the value at the path starts; for a path that is not in the document, its nearest ancestor. */
  place(path: Path): Place
  /** Where the key of the value at the path starts; for an item of a list, where the item does. */
  keyPlace(path: Path): Place
}

/**
 * Reads a YAML (or JSON) file. A relative `file` is taken from `root`, the working directory by default; problems name
 * it relative to `root`. Throws a `DocumentError` with every problem of the file, also when it cannot be read.
 */
export function readYaml<T>(file: string, validator: Validator<T>, options: { root?: string } = {}): YamlDocument<T> {
  const root = resolve(options.root ?? '.')
  const path = resolve(root, file)
  const name = nameOf(path, root)
  const decoded = decodeUtf8(readBytes(path, name, validator))
  if ('text' in decoded) return parseYaml(decoded.text, name, validator)
  const above = decoded.before.split('\n')
  const place = { line: above.length, column: (above.at(-1)?.length ?? 0) + 1 }
  throw new DocumentError([
    { file: name, ...place, message: 'not UTF-8 from here on', remedy: 'save the file as UTF-8' },
  ])
}

/** Reads the text of a YAML (or JSON) file; problems call it `file`. Throws a `DocumentError` with every problem of it. */
export function parseYaml<T>(text: string, file: string, validator: Validator<T>): YamlDocument<T> {
  if (text.length > MAX_BYTES) throw unreadable(file, TOO_LARGE)
  const source = text.startsWith('\ufeff') ? text.slice(1) : text
  const findings: Finding[] = []
  const lines = countLines(source, findings)
  if (findings.length > 0) throw problemsOf(file, findings, lines)

  const clean = replaceMisleading(source, findings)
  const { contents, whole } = readSyntax(clean, findings)
  const lineOf = (offset: number) => lines.linePos(offset).line
  const located = readValue(contents, lineOf, refuseUntold(findings, whole ? (offset) => offset : lineOf))
  const root = { key: startOf(contents), value: startOf(contents) }
  // A value that was guessed from broken text would only add noise.
  if (whole) addViolations(located, root, validator, findings)
  if (findings.length > 0) throw problemsOf(file, findings, lines)

  return Object.freeze({
    // The validator has just found nothing against it.
    value: located.value as T,
    file,
    place: (path: Path) => placeOf(lines, spanAt(located, root, path).value),
    keyPlace: (path: Path) => placeOf(lines, spanAt(located, root, path).key),
  })
}

/** Adds findings where there was none: at the same offset, or on the same line of a text that is broken there. */
function refuseUntold(findings: Finding[], groupOf: (offset: number) => number): Refuse {
  const told = new Set(findings.map(({ offset }) => groupOf(offset)))
  return (offset, message, remedy) => {
    if (told.has(groupOf(offset)) || findings.length > MAX_FINDINGS) return
    findings.push({ offset, message, ...(remedy && { remedy }) })
  }
}

function addViolations(located: Located, root: Span, validator: Validator<unknown>, findings: Finding[]): void {
  const told = new Set(findings.map((finding) => finding.offset))
  for (const { path, at, message, remedy } of validator.violations(located.value)) {
    const offset = spanAt(located, root, path)[at]
    if (told.has(offset)) continue
    findings.push({ offset, message, ...(remedy && { remedy }), pointer: toPointer(path) })
  }
}

function spanAt({ value, spans }: Located, root: Span, path: Path): Span {
  let span = root
  let current = value
  for (const step of path) {
    const next = typeof current === 'object' && current !== null ? spans.get(current)?.get(step) : undefined
    if (next === undefined) return span
    span = next
    current = (current as Record<string | number, unknown>)[step]
  }
  return span
}

function placeOf(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}

function problemsOf(file: string, findings: readonly Finding[], lines: LineCounter): DocumentError {
  const sorted = findings.toSorted((a, b) => a.offset - b.offset)
  const shown: Problem[] = sorted
    .slice(0, MAX_FINDINGS)
    .map(({ offset, ...rest }) => ({ file, ...placeOf(lines, offset), ...rest }))
  const next = sorted[MAX_FINDINGS]
  if (next !== undefined)
    shown.push({ file, ...placeOf(lines, next.offset), message: 'more problems from here on are not listed' })
  return new DocumentError(shown)
}

const TOO_LARGE = { message: `the file is larger than ${MAX_BYTES / 1024 / 1024} MiB`, remedy: 'split it' }

function unreadable(file: string, what: Pick<Problem, 'message' | 'remedy'>): DocumentError {
  return new DocumentError([{ file, line: 1, column: 1, ...what }])
}

function readBytes(path: string, name: string, validator: Validator<unknown>): Uint8Array {
  try {
    const stat = statSync(path)
    if (stat.isDirectory()) throw unreadable(name, { message: 'a folder is where a file should be' })
    // Reading a pipe or a device could wait for ever.
    if (!stat.isFile()) throw unreadable(name, { message: 'not a regular file' })
    if (stat.size > MAX_BYTES) throw unreadable(name, TOO_LARGE)
    return readFileSync(path)
  } catch (error) {
    if (error instanceof DocumentError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw unreadable(name, { message: 'the file does not exist', remedy: `it should hold ${validator.name}` })
    }
    throw unreadable(name, { message: `the file cannot be read (${code ?? String(error)})` })
  }
}

/** As people write it in the project: relative to the root, with forward slashes; absolute when it lies outside. */
function nameOf(path: string, root: string): string {
  const name = relative(root, path)
  return (name.startsWith('..') || isAbsolute(name) ? path : name).split(sep).join('/')
}
