import { loadPolicy } from '../../src/app/activate.ts'
import { createEvaluator } from '../../src/opa/evaluator.ts'
import type { ActivePdp } from '../../src/pdp/decide.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { meetObligations } from '../../src/review/check-obligations.ts'
import { matrixCases } from '../matrix/cases.ts'
import type { Obligation, ScenarioRequest, SystemName, TenantDocument } from '../reference/evaluate.ts'
import { askedDocument, decisionRows } from '../reference/rows.ts'
import { builtBundle, inlinePdp } from '../support/policy.ts'

export interface Todo {
  readonly [list: string]: readonly (readonly [kind: string, name: string])[]
}
export interface Cell {
  readonly reason: string
  readonly todo?: Todo
}

/** A permission of the compiled data, as far as mutants touch it. */
export interface Permission {
  readonly grant?: unknown
  readonly takes?: readonly { readonly kind: string; readonly optional: boolean }[]
  readonly from?: Readonly<Record<string, true>>
  readonly cells: Readonly<Record<string, Cell>>
  readonly on_deny?: Readonly<Record<string, Todo[string]>>
  readonly todo: Todo
}

interface Data {
  readonly model: Readonly<Record<string, { readonly permissions: Readonly<Record<string, Permission>> }>>
}

/** The compiled data of one system with one permission changed at a time; WASM and index stay as they were built. */
export interface Mutants {
  readonly pdp: ActivePdp
  readonly names: readonly string[]
  permission(name: string): Permission
  withPermission(name: string, permission: Permission): void
  /** Every permission changed. */
  withEach(change: (permission: Permission) => Permission): void
  sound(): void
}

export function mutantsOf(system: string): Mutants {
  const bundle = builtBundle()
  const policy = loadPolicy(bundle, 64)
  const { allows, refusals, obligations } = bundle.manifest.index
  const vocabulary = { allows: new Set(allows), refusals: new Set(refusals), obligations: new Set(obligations) }
  const model = (JSON.parse(bundle.data) as Data).model[system]
  if (model === undefined) throw new Error(`no system ${system}`)
  const pdp = inlinePdp(policy)
  const activate = (permissions: Readonly<Record<string, Permission>>) => {
    const data = JSON.stringify({ model: { [system]: { ...model, permissions } } })
    pdp.activate({ ...policy, evaluator: createEvaluator({ wasm: bundle.wasm, data, memoryMib: 64, vocabulary }) })
  }
  return {
    pdp,
    names: Object.keys(model.permissions),
    permission(name) {
      const found = model.permissions[name]
      if (found === undefined) throw new Error(`no permission ${name}`)
      return found
    },
    withEach: (change) =>
      activate(Object.fromEntries(Object.entries(model.permissions).map(([name, one]) => [name, change(one)]))),
    withPermission: (name, permission) => activate({ ...model.permissions, [name]: permission }),
    sound: () => pdp.activate(policy),
  }
}

/** A question with the answer that it must have. */
export interface Case {
  readonly wire: DecisionRequest
  readonly expected: {
    readonly decision: boolean
    readonly reason: string
    readonly obligations?: readonly Obligation[]
  }
}

/** Every case of the matrix and every row of decisions.yaml, by the permission that it asks for. */
export function casesOf(system: SystemName): ReadonlyMap<string, readonly Case[]> {
  const cases = new Map<string, Case[]>()
  const add = (permission: string, one: Case) => cases.set(permission, [...(cases.get(permission) ?? []), one])
  for (const { permission, expected, document, request } of matrixCases(system))
    add(permission, { expected, wire: wireOf(document, request) })
  for (const row of decisionRows(system)) {
    const { request, expect, reason, obligations } = row
    const expected = { decision: expect === 'allow', reason, obligations }
    add(request.action, { expected, wire: wireOf(askedDocument(row), request) })
  }
  return cases
}

function wireOf(document: TenantDocument, request: ScenarioRequest): DecisionRequest {
  const { subject, action, resource, context } = request
  return {
    subject,
    action: { name: action },
    resource: { type: action.split(':')[0] as string, id: '-', properties: resource },
    context,
    tenant: document as unknown as Readonly<Record<string, unknown>>,
  }
}

/** Whether a case has another answer than it must have, or none. */
export function notices(pdp: ActivePdp, cases: readonly Case[]): boolean {
  return cases.some(({ wire, expected }) => {
    try {
      const { decision, reason, obligations } = pdp.decide(wire).decision
      if (decision !== expected.decision || reason !== expected.reason) return true
      return expected.obligations !== undefined && !meetObligations(obligations, expected.obligations)
    } catch {
      return true
    }
  })
}
