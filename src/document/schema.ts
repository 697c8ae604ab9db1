import { Ajv, type SchemaObject } from 'ajv'
import formats from 'ajv-formats'
import { MAX_FINDINGS } from './finding.ts'
import { sentence } from './problem.ts'
import { explain, type Violation } from './violation.ts'

/** What a document must look like. */
export interface Validator<T> {
  /** What such a document holds, as a noun phrase for messages: `the plans of a system`. */
  readonly name: string
  accepts(value: unknown): value is T
  /** What is wrong with the value, at most 101 of them; empty exactly when `accepts` holds. */
  violations(value: unknown): readonly Violation[]
}

/**
 * Compiles a JSON Schema (draft 7). Throws on a schema with an unknown keyword or format, or one that contradicts
 * itself: the schemas are ours, so that is a defect and not a `DocumentError`.
 */
export function compileSchema<T>(schema: SchemaObject, name: string): Validator<T> {
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strict: true,
    strictTypes: true,
    strictTuples: true,
    allowUnionTypes: true,
    // A name such as `constructor` is in every object by inheritance.
    ownProperties: true,
  })
  formats.default(ajv, ['date-time'])
  const validate = ajv.compile(schema)
  return Object.freeze({
    name,
    accepts: (value: unknown): value is T => validate(value),
    violations: (value: unknown) => {
      if (validate(value)) return []
      return explain(validate.errors ?? [], value, schema, MAX_FINDINGS + 1)
    },
  })
}

/** What is wrong with a value that has no text (a request body), each with its JSON Pointer; empty when nothing is. */
export function validateJson(
  value: unknown,
  validator: Validator<unknown>,
): readonly { readonly pointer: string; readonly message: string }[] {
  return validator.violations(value).map((violation) => ({
    pointer: toPointer(violation.path),
    message: sentence(violation),
  }))
}

/** The path as a JSON Pointer (RFC 6901). */
export function toPointer(path: readonly (string | number)[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
