import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../document/package-root.ts'
import { DocumentError, type Problem } from '../document/problem.ts'
import { compileSchema, type Validator } from '../document/schema.ts'
import { readYaml } from '../document/yaml-document.ts'
import { PosternError } from '../pdp/errors.ts'
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

/** What the policy sees of one question or more that must not be allowed. */
export interface MustDeny {
  /** Undefined where the time is part of it: it is another at each look. */
  readonly input: string | undefined
  /** By the invariants that forbid it, as they are numbered, the first question that each of them has of it. */
  readonly questions: ReadonlyMap<number, Question>
}

/** What the policy must deny by these invariants. It changes with what a permission reads, not with what is made of it. */
export function mustDeny(
  own: readonly Pick<PlacedInvariant, 'invariant'>[],
  reviewed: ReviewedPolicy,
  questions: readonly Question[],
): readonly MustDeny[] {
  const byInput = new Map<string, Map<number, Question>>()
  const timed: MustDeny[] = []
  for (const question of questions) {
    const forbidding = own.flatMap(({ invariant }, index) => (concerns(invariant, question) ? [index] : []))
    const seen = forbidding.length === 0 ? undefined : reviewed.prepare(question.request)
    if (seen === undefined) continue
    const { input, permission } = seen
    const known = (permission.input.now ? undefined : byInput.get(input)) ?? new Map<number, Question>()
    for (const index of forbidding) if (!known.has(index)) known.set(index, question)
    if (permission.input.now) timed.push({ input: undefined, questions: known })
    else byInput.set(input, known)
  }
  return [...[...byInput].map(([input, asked]) => ({ input, questions: asked })), ...timed]
}

/** For each of the invariants a request that is allowed against it, if any is. */
export function breachesOf(
  own: readonly Pick<PlacedInvariant, 'invariant'>[],
  reviewed: ReviewedPolicy,
  denied: readonly MustDeny[],
): readonly (Breach | undefined)[] {
  const found = own.map((): Breach | undefined => undefined)
  for (const { input, questions } of denied) {
    const [first] = questions.values()
    if (first === undefined || !isAllowed(reviewed, input, first.request)) continue
    for (const [index, { system, role, status, permission, request }] of questions)
      found[index] ??= {
        message: `\`${role}\`, ${status}, is allowed \`${permission}\` (${system})`,
        witness: request,
      }
  }
  return found
}

function isAllowed({ policy, decide }: ReviewedPolicy, input: string | undefined, request: DecisionRequest): boolean {
  if (input === undefined) {
    const outcome = decide(request)
    return !('error' in outcome) && outcome.decision
  }
  try {
    return policy.evaluator.evaluate(input).decision
  } catch (error) {
    if (error instanceof PosternError) return false
    throw error
  }
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
