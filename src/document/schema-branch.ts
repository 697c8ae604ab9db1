import type { AnySchemaObject, ErrorObject } from 'ajv'
import { dereference } from './schema-words.ts'

/**
 * For each `oneOf` and `anyOf` that failed, keeps the errors of the branch that was meant, or only the error of the
 * `oneOf` itself where that cannot be told. ajv lists the errors of all branches, right before it.
 */
export function chooseBranches(errors: readonly ErrorObject[], root: AnySchemaObject): ErrorObject[] {
  const kept: ErrorObject[] = []
  for (const error of errors) {
    if (error.keyword !== 'oneOf' && error.keyword !== 'anyOf') {
      kept.push(error)
      continue
    }
    const branches = (error.schema as AnySchemaObject[]).map((branch) => ({ schemas: reach(branch, root) }))
    const isOfBranch = (earlier: ErrorObject | undefined): earlier is ErrorObject =>
      earlier !== undefined &&
      isWithin(earlier.instancePath, error.instancePath) &&
      branches.some(({ schemas }) => schemas.has(earlier.parentSchema ?? {}))
    const ofBranches: ErrorObject[] = []
    for (let last = kept.at(-1); isOfBranch(last); last = kept.at(-1)) {
      ofBranches.unshift(last)
      kept.pop()
    }
    const byBranch = branches.map(({ schemas }) => ofBranches.filter((e) => schemas.has(e.parentSchema ?? {})))
    kept.push(...(meantBranch(byBranch, error) ?? [error]))
  }
  return kept
}

/** The branch whose kind of value it is; of several, the one whose fixed members agree, then the one with least wrong. */
function meantBranch(byBranch: readonly ErrorObject[][], outer: ErrorObject): ErrorObject[] | undefined {
  if (Array.isArray(outer.params.passingSchemas)) return undefined
  const isFixed = (error: ErrorObject) => error.keyword === 'const' || error.keyword === 'enum'
  const isKind = (error: ErrorObject) =>
    error.instancePath === outer.instancePath &&
    error.propertyName === undefined &&
    (isFixed(error) || ['type', 'oneOf', 'anyOf', 'false schema'].includes(error.keyword))
  const ofKind = byBranch.filter((errors) => errors.length > 0 && !errors.some(isKind))
  return least(ofKind, (errors) => errors.filter(isFixed).length * 1000 + errors.length)
}

function least<T>(items: readonly T[], count: (item: T) => number): T | undefined {
  const counts = items.map(count)
  const smallest = Math.min(...counts)
  return counts.filter((n) => n === smallest).length === 1 ? items[counts.indexOf(smallest)] : undefined
}

const reached = new WeakMap<AnySchemaObject, ReadonlySet<object>>()

/** The schema and all schemas in it and behind its references: an error belongs to the branch that holds its schema. */
function reach(schema: AnySchemaObject, root: AnySchemaObject): ReadonlySet<object> {
  const known = reached.get(schema)
  if (known !== undefined) return known
  const all = new Set<object>()
  const visit = (part: unknown) => {
    if (typeof part !== 'object' || part === null || all.has(part)) return
    all.add(part)
    if (!Array.isArray(part)) visit(dereference(part as AnySchemaObject, root))
    for (const inner of Object.values(part)) visit(inner)
  }
  visit(schema)
  reached.set(schema, all)
  return all
}

function isWithin(pointer: string, ancestor: string): boolean {
  return pointer === ancestor || pointer.startsWith(`${ancestor}/`)
}
