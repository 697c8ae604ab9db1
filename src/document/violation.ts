import type { AnySchemaObject, ErrorObject } from 'ajv'
import { nearest, suggestion } from './nearest.ts'
import { preview, quote } from './preview.ts'
import { chooseBranches } from './schema-branch.ts'
import { dereference, describeType, either, formsOf, inBackticks, titleOf } from './schema-words.ts'

/** One thing that is wrong with a value. */
export interface Violation {
  readonly path: readonly (string | number)[]
  /** What is wrong at the path: its value, or the name of the member that it ends in. */
  readonly at: 'key' | 'value'
  readonly message: string
  readonly remedy?: string
}

/**
 * The first `limit` errors of ajv (run with `verbose` and `allErrors`) in our words, without those that only follow from
 * others.
 */
export function explain(
  errors: readonly ErrorObject[],
  value: unknown,
  root: AnySchemaObject,
  limit: number,
): Violation[] {
  const causes = chooseBranches(errors, root)
    .filter((error) => !FOLLOWS.has(error.keyword))
    .slice(0, limit)
  const meant = new Set(causes.filter((error) => error.keyword === 'additionalProperties').map(meantKey))
  return causes
    .filter((error) => error.keyword !== 'required' || !meant.has(missingKey(error)))
    .map((error) => toViolation(error, toPath(error.instancePath, value), root))
}

/** Each comes with the errors that caused it. */
const FOLLOWS: ReadonlySet<string> = new Set(['if', 'propertyNames'])

// A misspelt key is a missing one too; these two say when an unknown and a missing key are the same mistake.
const meantKey = (error: ErrorObject) =>
  `${error.instancePath}/${nearest(error.params.additionalProperty, knownKeys(error))}`
const missingKey = (error: ErrorObject) => `${error.instancePath}/${error.params.missingProperty}`

function knownKeys(error: ErrorObject): string[] {
  return Object.keys(error.parentSchema?.properties ?? {})
}

function toViolation(error: ErrorObject, parent: readonly (string | number)[], root: AnySchemaObject): Violation {
  if (error.keyword === 'additionalProperties') {
    const name: string = error.params.additionalProperty
    const remedy = suggestion(name, knownKeys(error))
    return { path: [...parent, name], at: 'key', message: `unknown key ${quote(name)}`, ...(remedy && { remedy }) }
  }
  if (error.propertyName !== undefined) {
    return { path: [...parent, error.propertyName], at: 'key', ...describe(error, root) }
  }
  if (error.keyword === 'uniqueItems') {
    const { i, j } = error.params
    const message = `item ${i + 1} is the same as item ${j + 1}`
    return { path: [...parent, i], at: 'value', message, remedy: 'remove one of them' }
  }
  return { path: parent, at: 'value', ...describe(error, root) }
}

function describe(error: ErrorObject, root: AnySchemaObject): Pick<Violation, 'message' | 'remedy'> {
  const { keyword, params, data } = error
  const schema = error.parentSchema ?? {}
  // JSON Schema's word for what is never given back: a secret, were it only a wrong one.
  const found = schema.writeOnly === true ? 'found something else' : `found ${preview(data)}`
  switch (keyword) {
    case 'required':
      return { message: `key ${quote(params.missingProperty)} is missing` }
    case 'dependencies':
    case 'dependentRequired':
      return {
        message: `key ${quote(params.missingProperty)} is missing`,
        remedy: `${quote(params.property)} needs it`,
      }
    case 'type':
      return { message: `expected ${titleOf(schema) ?? describeType(params.type)}, ${found}` }
    case 'enum':
      return choice(params.allowedValues, data, `expected ${either(params.allowedValues.map(inBackticks))}, ${found}`)
    case 'const':
      return choice([params.allowedValue], data, `expected ${inBackticks(params.allowedValue)}, ${found}`)
    case 'anyOf':
    case 'oneOf':
      return oneOf(error, root)
    case 'pattern':
    case 'format': {
      const example = Array.isArray(schema.examples)
        ? `write it like ${either(schema.examples.map(inBackticks))}`
        : undefined
      const wanted =
        titleOf(schema) ?? (keyword === 'format' ? `a ${params.format}` : `text that matches \`${params.pattern}\``)
      return { message: `expected ${wanted}, ${found}`, ...(example && { remedy: example }) }
    }
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return { message: `expected a number ${BOUND[params.comparison]} ${params.limit}, ${found}` }
    case 'multipleOf':
      return { message: `expected a multiple of ${params.multipleOf}, ${found}` }
    case 'minLength':
    case 'maxLength':
    case 'minItems':
    case 'maxItems':
    case 'minProperties':
    case 'maxProperties':
      return {
        message: `expected ${keyword.startsWith('min') ? 'at least' : 'at most'} ${count(keyword, params.limit)}, ${found}`,
      }
    default:
      return { message: `${error.message?.replace(/^must/, 'it must') ?? 'not allowed'}, ${found}` }
  }
}

const BOUND: Readonly<Record<string, string>> = { '>=': 'of at least', '<=': 'of at most', '>': 'above', '<': 'below' }

function count(keyword: string, limit: number): string {
  const unit = keyword.endsWith('Length') ? 'character' : keyword.endsWith('Items') ? 'item' : 'key'
  return `${limit} ${unit}${limit === 1 ? '' : 's'}`
}

function oneOf(error: ErrorObject, root: AnySchemaObject): Pick<Violation, 'message' | 'remedy'> {
  const branches = error.schema as AnySchemaObject[]
  const matching: unknown = error.params.passingSchemas
  if (Array.isArray(matching)) {
    const forms = matching.map((i) => either(formsOf(branches[i] ?? {}, root)))
    return { message: `this can be read as ${either(forms)}, found ${preview(error.data)}`, remedy: 'keep one of them' }
  }
  const forms = either(branches.flatMap((branch) => formsOf(branch, root)))
  const names = branches.flatMap((branch) => dereference(branch, root).enum ?? dereference(branch, root).const ?? [])
  return choice(names, error.data, `expected ${forms}, found ${preview(error.data)}`)
}

function choice(allowed: readonly unknown[], found: unknown, message: string): Pick<Violation, 'message' | 'remedy'> {
  if (typeof found !== 'string') return { message }
  const near = nearest(
    found,
    allowed.filter((value) => typeof value === 'string'),
  )
  return near === undefined ? { message } : { message, remedy: `did you mean \`${near}\`` }
}

/** The steps of ajv's pointer, with numbers for items of lists and text for members of objects. */
function toPath(pointer: string, value: unknown): (string | number)[] {
  let current = value
  return pointer
    .split('/')
    .slice(1)
    .map((step) => {
      const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
      const key = Array.isArray(current) ? Number(name) : name
      current = (current as Record<string | number, unknown>)[key]
      return key
    })
}
