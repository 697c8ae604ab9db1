import type { Problem } from '../document/problem.ts'
import type { YamlDocument } from '../document/yaml-document.ts'
import { compilePermission, type PermissionData, type PermissionIndex } from './compile-permission.ts'
import { declareChecks, declareConditions, declareGrants } from './declarations.ts'
import type { Reasons } from './reasons.ts'
import { openSystem, type RuleName, type SystemContext } from './system-context.ts'
import type { SystemFiles } from './system-files.ts'
import { reportUnused } from './unused.ts'

export interface CompiledSystem {
  readonly name: string
  /** What the policy reads as `data.model[system]`. */
  readonly data: SystemData
  readonly index: SystemPlaces
  /** Every rule that the YAML names, by `kind.name`, with the first place that does. */
  readonly named: SystemContext['named']
  /** Obligation types that the system itself adds, with their places. */
  readonly ownObligations: SystemContext['named']
}

export interface SystemData {
  readonly roles: Readonly<Record<string, unknown>>
  readonly custom_roles?: Readonly<Record<string, unknown>>
  readonly plans?: Readonly<Record<string, { seats: number | null; features: Readonly<Record<string, true>> }>>
  readonly allow_reasons: Readonly<Record<string, true>>
  readonly limits: Readonly<Record<string, RuleName>>
  readonly permissions: Readonly<Record<string, PermissionData>>
}

/** What the sidecar knows of a system without asking the policy. Places are `file:line`. */
export interface SystemPlaces {
  readonly permissions: Readonly<Record<string, PermissionIndex>>
  readonly plans: Readonly<Record<string, string>>
  readonly roles: Readonly<Record<string, string>>
  readonly sections: { readonly matrix: string; readonly roles: string; readonly plans: string }
  /** Reasons that each check, condition and grant may give, by `kind.name`, for the check against the Rego. */
  readonly yields: Readonly<Record<string, readonly string[]>>
  readonly messages: Readonly<Record<string, string>>
  readonly refusals: readonly string[]
  readonly obligations: readonly string[]
}

/** One system's four files as data for the policy. What does not fit together is added to `problems`. */
export function compileSystem(files: SystemFiles, reasons: Reasons, problems: Problem[]): CompiledSystem {
  const context = openSystem(files, reasons, problems)
  declareChecks(context)
  declareConditions(context)
  const grantOf = declareGrants(context)
  const names = [...new Set([...context.rows.keys(), ...Object.keys(files.lifecycle.value.permissions)])]
  const permissions = names.map((permission) => [permission, compilePermission(context, permission, grantOf)] as const)
  reportUnused(context, names)
  return {
    name: files.name,
    data: {
      ...rolesAndPlans(files),
      allow_reasons: flags([...reasons.allows]),
      limits: Object.fromEntries(context.limits),
      permissions: Object.fromEntries(permissions.map(([name, { data }]) => [name, data])),
    },
    index: {
      permissions: Object.fromEntries(permissions.map(([name, { index }]) => [name, index])),
      ...placesOf(files),
      yields: Object.fromEntries(context.yields),
      messages: Object.fromEntries(reasons.messages),
      refusals: [...reasons.messages.keys()].filter((reason) => reasons.isRefusal(reason)),
      obligations: [...reasons.obligations],
    },
    named: context.named,
    ownObligations: new Map(
      (files.reasons?.value.obligations ?? []).map((type, index) => {
        const document = files.reasons as NonNullable<typeof files.reasons>
        return [type, { file: document.file, ...document.place(['obligations', index]) }]
      }),
    ),
  }
}

function rolesAndPlans({ roles, plans }: SystemFiles): Pick<SystemData, 'roles' | 'custom_roles' | 'plans'> {
  const { custom } = roles.value
  const defined = plans.value.plans
  return {
    roles: mapValues(roles.value.roles, attributes),
    ...(custom === undefined ? {} : { custom_roles: mapValues(custom.kinds, attributes) }),
    ...(defined === 'none'
      ? {}
      : {
          plans: mapValues(defined, ({ seats, features = [] }) => ({
            seats: seats === 'unlimited' ? null : seats,
            features: flags(features),
          })),
        }),
  }
}

function placesOf({ roles, plans, matrix }: SystemFiles): Pick<SystemPlaces, 'plans' | 'roles' | 'sections'> {
  const line = (document: YamlDocument<unknown>, ...path: string[]) =>
    `${document.file}:${document.keyPlace(path).line}`
  const planNames = plans.value.plans === 'none' ? [] : Object.keys(plans.value.plans)
  return {
    plans: Object.fromEntries(planNames.map((plan) => [plan, line(plans, 'plans', plan)])),
    roles: Object.fromEntries(Object.keys(roles.value.roles).map((role) => [role, line(roles, 'roles', role)])),
    sections: { matrix: line(matrix, 'matrix'), roles: line(roles, 'roles'), plans: line(plans, 'plans') },
  }
}

/** A role as the policy reads it: without its description, its plans as an object. */
function attributes(entry: { about: string; plans?: readonly string[] }): Record<string, unknown> {
  const { about: _, plans, ...rest } = entry
  return plans === undefined ? rest : { ...rest, plans: flags(plans) }
}

function flags(names: readonly string[]): Record<string, true> {
  return Object.fromEntries(names.map((name) => [name, true as const]))
}

function mapValues<T, R>(record: Readonly<Record<string, T>>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
