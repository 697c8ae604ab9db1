import { PosternError } from '../pdp/errors.ts'

/** The part of JSON Schema (2020-12) that says what a request must look like; whatever is not listed is free. */
export type Shape = ObjectShape | StringShape

type ObjectShape = {
  readonly type: 'object'
  readonly description?: string
  readonly required?: readonly string[]
  /** Checked in this order, so that of several faults the first is named. */
  readonly properties?: Readonly<Record<string, Shape>>
}

type StringShape = {
  readonly type: 'string'
  readonly description?: string
  readonly minLength?: 1
}

type Check = (value: unknown) => void

/**
 * Compiles a schema to a check that throws a `PosternError`, `malformed_request`, with a JSON Pointer to the first member
 * that is missing or of a wrong type. `whole` is how messages call the value itself. On every request, hence closures:
 * a general validator would collect what is wrong before it says whether anything is.
 */
export function shapeCheck(schema: Shape, whole: string): Check {
  return checkAt(schema, whole, '')
}

function checkAt(schema: Shape, name: string, pointer: string): Check {
  if (schema.type === 'string') {
    const shortest = schema.minLength ?? 0
    return (value) => {
      if (typeof value !== 'string' || value.length < shortest)
        throw wrong(pointer, `${name} must be a ${shortest > 0 ? 'non-empty ' : ''}string`)
    }
  }
  const { properties = {}, required = [] } = schema
  const members = Object.entries(properties).map(([member, inner]) => ({
    member,
    needed: required.includes(member),
    check: checkAt(
      inner,
      pointer === '' ? `\`${member}\`` : `${name.slice(0, -1)}.${member}\``,
      `${pointer}/${member}`,
    ),
  }))
  return (value) => {
    if (!isObject(value)) throw wrong(pointer, `${name} must be an object`)
    for (const { member, needed, check } of members) {
      const inner = value[member]
      if (needed || inner !== undefined) check(inner)
    }
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(pointer: string, detail: string): PosternError {
  return new PosternError('malformed_request', detail, { pointer })
}
