import type { Bundle } from '../opa/bundle.ts'
import { createEvaluator, type EvaluatorOptions, type WasmEvaluator } from '../opa/evaluator.ts'
import { planInput } from '../pdp/input-plan.ts'
import type { PermissionIndex, Policy, SystemIndex } from '../pdp/policy.ts'
import type { BundleIndex, SystemManifest } from './build.ts'

/** Loads a bundle into a fresh evaluator. Throws an `Error` where the bundle cannot be evaluated. */
export function loadPolicy(
  bundle: Bundle<BundleIndex>,
  memoryMib: number,
  onFailure?: EvaluatorOptions['onFailure'],
): Policy & { readonly evaluator: WasmEvaluator } {
  const { index, policy: digest } = bundle.manifest
  const evaluator = createEvaluator({
    wasm: bundle.wasm,
    data: bundle.data,
    memoryMib,
    vocabulary: {
      allows: new Set(index.allows),
      refusals: new Set(index.refusals),
      obligations: new Set(index.obligations),
    },
    ...(onFailure === undefined ? {} : { onFailure }),
  })
  const systems = Object.entries(index.systems).map(([name, system]) => [name, indexSystem(system, index)] as const)
  return { digest, systems: new Map(systems), evaluator }
}

function indexSystem(system: SystemManifest, index: BundleIndex): SystemIndex {
  const permissions = Object.entries(system.permissions).map(([permission, { needs, id_property, ...places }]) => {
    const entry: PermissionIndex = {
      row: places.row,
      cells: dictionary(places.cells),
      names: dictionary(places.names),
      effects: places.effects,
      to: places.to,
      monthly: places.monthly,
      byInvitee: places.who === 'invitee',
      input: planInput(needs, index.core_needs),
      idProperty: id_property,
    }
    return [permission, entry] as const
  })
  return {
    permissions: new Map(permissions),
    unlisted: {
      input: planInput([], index.core_needs),
      idProperty: undefined,
      row: system.sections.matrix,
      cells: {},
      names: {},
      effects: [],
      to: undefined,
      byInvitee: false,
    },
    plans: new Map(system.plans.map(({ name, ...plan }) => [name, plan])),
    roles: dictionary(system.roles),
    sections: system.sections,
    messages: dictionary(system.messages),
    core: dictionary(index.core),
  }
}

/** Without a prototype: a stored role called `constructor` finds nothing in it. */
function dictionary(entries: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.freeze(Object.assign(Object.create(null), entries))
}
