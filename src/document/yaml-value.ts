import { isMap, isScalar, isSeq, type Pair, type ParsedNode, type Scalar } from 'yaml'
import { preview, quote } from './preview.ts'
import { MAX_DEPTH } from './yaml-syntax.ts'

/** Offsets of a value and of its key; an item of a list has no key, both are the value's. */
export interface Span {
  readonly key: number
  readonly value: number
}

/** A value and, by each object and list in it, where each of its members is written. */
export interface Located {
  readonly value: unknown
  readonly spans: ReadonlyMap<object, ReadonlyMap<string | number, Span>>
}

export type Refuse = (offset: number, message: string, remedy?: string) => void

/** The nodes as a frozen JSON value. Refuses what JSON cannot hold, and what two readers would read differently. */
export function readValue(contents: ParsedNode | null, lineOf: (offset: number) => number, refuse: Refuse): Located {
  const spans = new Map<object, Map<string | number, Span>>()

  const read = (node: unknown, depth: number): unknown => {
    if (isScalar(node)) return readScalar(node, refuse)
    if (!isMap(node) && !isSeq(node)) return null
    if (depth >= MAX_DEPTH) {
      refuse(startOf(node), `more than ${MAX_DEPTH} levels of nesting`)
      return null
    }
    const members = new Map<string | number, Span>()
    const value = isMap(node) ? readMap(node.items, members, depth) : readList(node.items, members, depth)
    spans.set(value, members)
    return Object.freeze(value)
  }

  const readList = (items: readonly unknown[], members: Map<string | number, Span>, depth: number): unknown[] =>
    items.map((item, i) => {
      members.set(i, { key: startOf(item), value: startOf(item) })
      return read(item, depth + 1)
    })

  const readMap = (pairs: readonly Pair[], members: Map<string | number, Span>, depth: number): object => {
    const object: Record<string, unknown> = {}
    for (const pair of pairs) {
      const value = read(pair.value, depth + 1)
      const name = readKey(pair.key, refuse)
      if (name === undefined) continue
      const key = startOf(pair.key)
      const earlier = members.get(name)
      if (earlier !== undefined) {
        refuse(key, `duplicate key ${quote(name)}`, `it stands on line ${lineOf(earlier.key)} already`)
        continue
      }
      members.set(name, { key, value: pair.value === null ? key : startOf(pair.value) })
      object[name] = value
    }
    return object
  }

  return { value: read(contents, 0), spans }
}

/** Where the node starts in the text. */
export function startOf(node: unknown): number {
  return (node as ParsedNode | null)?.range?.[0] ?? 0
}

function readKey(node: unknown, refuse: Refuse): string | undefined {
  const key = isScalar(node) ? readScalar(node, refuse) : undefined
  if (typeof key !== 'string') {
    if (key === undefined) refuse(startOf(node), 'this key is not text')
    else if (isScalar(node) && node.source === '') refuse(startOf(node), 'a key is missing here')
    else refuse(startOf(node), `key ${preview(key)} is not text`, 'put it in quotes')
    return undefined
  }
  if (key === '<<') {
    refuse(startOf(node), 'merge key `<<`', 'write the members out here')
    return undefined
  }
  if (key === '__proto__') {
    refuse(startOf(node), 'the key `__proto__` is not allowed')
    return undefined
  }
  return key
}

function readScalar(node: Scalar, refuse: Refuse): unknown {
  const { value } = node
  if (typeof value === 'string' && /\p{Cs}/u.test(value)) {
    refuse(startOf(node), `${preview(value)} holds half a character`, 'write both halves of the surrogate pair')
  }
  if (typeof value !== 'number') return value
  const source = node.source ?? ''
  if (!Number.isFinite(value)) {
    refuse(startOf(node), `${quote(source)} is not a finite number`, 'put it in quotes if it is text')
  } else if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    refuse(startOf(node), `${quote(source)} is too large to be held exactly`, 'put it in quotes')
  } else if (/^[-+]?0[0-9]/.test(source)) {
    refuse(
      startOf(node),
      `${quote(source)} starts with a zero, which some read as octal`,
      'put it in quotes, or drop the zero',
    )
  }
  return value
}
