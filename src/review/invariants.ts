import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../document/package-root.ts'
import { DocumentError, type Problem } from '../document/problem.ts'
import { compileSchema, type Validator } from '../document/schema.ts'
import { readYaml } from '../document/yaml-document.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import type { Question } from './questions.ts'
import type { ReviewedPolicy } from './reviewed-policy.ts'

interface Cells {
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
}

interface Invariant {
  readonly system: string
  readonly never?: Cells
  readonly only?: Cells
  readonly always_denied?: { readonly status: string; readonly permissions: readonly string[] }
}

interface InvariantsFile {
  readonly invariants: readonly Invariant[]
}

/** An invariant as it is written. */
export interface PlacedInvariant {
  readonly invariant: Invariant
  readonly at: Pick<Problem, 'file' | 'line' | 'column'>
}

/** A request that shows that an invariant does not hold. */
export interface Breach {
  readonly message: string
  readonly witness: DecisionRequest
}

let validator: Validator<InvariantsFile> | undefined

function invariantsValidator(): Validator<InvariantsFile> {
  const schema = () => readFileSync(join(packageRoot(), 'config/schema/invariants.schema.json'), 'utf8')
  validator ??= compileSchema<InvariantsFile>(JSON.parse(schema()), 'invariants')
  return validator
}

/**
 * Reads config/invariants.yaml below `root`. Throws a `DocumentError`, also where an invariant names a system, role or
 * permission that is not there: it would hold of nothing.
 */
export function readInvariants(root: string, { model }: ReviewedPolicy): readonly PlacedInvariant[] {
  const file = readYaml('config/invariants.yaml', invariantsValidator(), { root })
  const placed = file.value.invariants.map((invariant, index) => ({
    invariant,
    at: { file: file.file, ...file.place(['invariants', index]) },
  }))
  const problems = placed.flatMap(({ invariant, at }): Problem[] => {
    const of = model[invariant.system]
    if (of === undefined) return [{ ...at, message: `no system \`${invariant.system}\``, remedy: 'correct the name' }]
    const roles = (invariant.never ?? invariant.only)?.roles ?? []
    const names = Object.keys(of.permissions)
    const permissions = permissionsOf(invariant).filter((pattern) => !names.some((name) => matches(pattern, name)))
    return [
      ...roles.filter((role) => !Object.hasOwn(of.roles, role)).map((role) => `no role \`${role}\``),
      ...permissions.map((permission) => `no permission \`${permission}\``),
    ].map((message) => ({ ...at, message, remedy: 'correct the name, or remove the invariant' }))
  })
  if (problems.length > 0) throw new DocumentError(problems)
  return placed
}

/** The first of the questions that is allowed against the invariant; undefined where it holds of all. */
export function breachOf(
  invariant: Invariant,
  reviewed: ReviewedPolicy,
  questions: readonly Question[],
): Breach | undefined {
  const found = questions.find((question) => {
    if (!concerns(invariant, question)) return false
    const outcome = reviewed.decide(question.request)
    return !('error' in outcome) && outcome.decision
  })
  if (found === undefined) return undefined
  const { system, role, status, permission, request } = found
  return { message: `\`${role}\`, ${status}, is allowed \`${permission}\` (${system})`, witness: request }
}

/** Whether the invariant says that this question must not be answered with allow. */
function concerns(invariant: Invariant, { system, permission, role, status, request }: Question): boolean {
  if (system !== invariant.system || request.subject.type !== 'user') return false
  if (!permissionsOf(invariant).some((pattern) => matches(pattern, permission))) return false
  const { never, only, always_denied: denied } = invariant
  if (never !== undefined) return never.roles.includes(role)
  return only === undefined ? denied?.status === status : !only.roles.includes(role)
}

function permissionsOf({ never, only, always_denied }: Invariant): readonly string[] {
  return (never ?? only ?? always_denied)?.permissions ?? []
}

function matches(pattern: string, permission: string): boolean {
  return (
    pattern === '*' || pattern === permission || (pattern.endsWith(':*') && permission.startsWith(pattern.slice(0, -1)))
  )
}
