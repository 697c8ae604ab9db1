import type { AnySchemaObject } from 'ajv'
import { preview } from './preview.ts'

const NOUNS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: '`true` or `false`',
  object: 'an object',
  array: 'a list',
  null: 'nothing',
}

/** What the schema wants, as noun phrases of which one has to fit: its title if it has one. */
export function formsOf(schema: AnySchemaObject, root: AnySchemaObject): string[] {
  const target = dereference(schema, root)
  const title = titleOf(target)
  if (title !== undefined) return [title]
  if ('const' in target) return [inBackticks(target.const)]
  if (Array.isArray(target.enum)) return target.enum.map(inBackticks)
  if (target.type !== undefined) return [describeType(target.type)]
  const branches = target.oneOf ?? target.anyOf
  if (Array.isArray(branches)) return branches.flatMap((branch) => formsOf(branch, root))
  return ['another form']
}

/** The title, where it is a noun phrase that fits into a sentence, and not the heading of the whole schema. */
export function titleOf(schema: AnySchemaObject): string | undefined {
  return typeof schema.title === 'string' && /^[a-z]/.test(schema.title) ? schema.title : undefined
}

/** `text`, `a list or nothing`. */
export function describeType(type: string | readonly string[]): string {
  return either([type].flat().map((name) => NOUNS[name] ?? name))
}

/** `a`, `a or b`, `a, b or c`; long lists are cut. */
export function either(words: readonly string[]): string {
  const shown = words.length > 20 ? [...words.slice(0, 20), `${words.length - 20} more`] : words
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`
}

/** Names as they are written, other values as JSON. */
export function inBackticks(value: unknown): string {
  return typeof value === 'string' && value !== '' ? `\`${value}\`` : preview(value)
}

/** The schema that a local `$ref` (`#/definitions/x`) means, or the schema itself. */
export function dereference(schema: AnySchemaObject, root: AnySchemaObject): AnySchemaObject {
  let target = schema
  for (let hops = 0; typeof target.$ref === 'string' && target.$ref.startsWith('#') && hops < 16; hops++) {
    const steps = target.$ref.slice(1).split('/').slice(1)
    target = steps.reduce((at, step) => at?.[step.replaceAll('~1', '/').replaceAll('~0', '~')] ?? {}, root)
  }
  return target
}
