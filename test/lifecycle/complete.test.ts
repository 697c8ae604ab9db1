import { expect, it } from 'vitest'
import { modelValidators } from '../../src/app/build.ts'
import { compileModel } from '../../src/model/compile.ts'
import { readModelFiles } from '../../src/model/system-files.ts'
import { builtBundle, project } from '../support/policy.ts'
import { type Case, casesOf } from './cases.ts'
import { lifecycles } from './lifecycles.ts'

// What is expected of a row is typed from the products' promises; which rows there are, and which reasons each of them
// can give, is read from config/, so that a row or a check that is added there is missed here.

const files = readModelFiles(project.root, modelValidators())
const { core } = builtBundle().manifest.index
/** Refused to everybody, in the end. */
const forNobody = ['team_member:change_role']

type System = ReturnType<typeof compileModel>[number]
type Rules = readonly (readonly [kind: string, name: string])[]

/** Every reason that the row's refusals may have, by the rules that it names and by the core. */
function reasonsOf({ data, index }: System, action: string): readonly string[] {
  const { who, cells, grant, takes, from, todo } = data.permissions[action] as System['data']['permissions'][string]
  const ofCore = Object.keys(core).filter((reason) => index.refusals.includes(reason))
  const roleHasPlans = Object.values(data.roles).some((role) => (role as { plans?: unknown }).plans !== undefined)
  const asked = (reason: string) =>
    (who !== 'invitee' || reason === 'no_permission') &&
    (reason !== 'unknown_plan' || data.plans !== undefined) &&
    (reason !== 'role_not_on_plan' || roleHasPlans)
  // A check that refuses nobody: all attributes may be left out and be anything, or no state is excluded.
  const isIdle = (name: string) =>
    (name === 'fields_are_present' && takes.every((field) => field.optional && /^(name|any)$/.test(field.kind))) ||
    (name === 'state_allows' && Object.keys(from ?? {}).length === 3)
  const rules: Rules = [todo, ...Object.values(cells).map((cell) => cell.todo)].flatMap((of) => [
    ...(of?.gates ?? []),
    ...(of?.checks ?? []),
  ])
  const named = rules.filter(([, name]) => !isIdle(name))
  const keys = named.map(([kind, name]) => `${kind === 'shared' ? 'checks' : kind}.${name}`)
  const given = [...keys, ...(grant === undefined ? [] : [`grants.${grant}`])].flatMap((key) => index.yields[key] ?? [])
  return [...new Set([...ofCore.filter(asked), ...given.filter((reason) => index.refusals.includes(reason))])]
}

/** The state of the record that a case is about. */
function stateOf({ tenant, resource }: Case): string {
  const status = tenant.members.find(({ user }) => user === resource.user)?.status ?? 'active'
  return status === 'active' || status === 'pending' ? status : 'inactive'
}

it.each(compileModel(files).map((system) => [system.name, system] as const))(
  'every row of %s is asked for in each state, and refused for each of its reasons',
  (name, system) => {
    const lifecycle = lifecycles.find((one) => one.system === name)
    const cases = lifecycle === undefined ? [] : casesOf(lifecycle)
    const rows = files.systems.find((one) => one.name === name)?.lifecycle.value.permissions ?? {}
    const missing = Object.entries(rows).flatMap(([action, { from }]) => {
      const ofRow = cases.filter((one) => one.action === action)
      const allowed = ofRow.filter(({ expected }) => expected.kind === 'allow')
      const refused = new Set(ofRow.map(({ expected }) => (expected.kind === 'refusal' ? expected.reason : '')))
      const states = from?.filter((state) => !allowed.some((one) => stateOf(one) === state)) ?? []
      return [
        ...(allowed.length > 0 || forNobody.includes(action) ? [] : [`${action} allowed`]),
        ...states.map((state) => `${action} allowed from ${state}`),
        ...reasonsOf(system, action).flatMap((reason) => (refused.has(reason) ? [] : [`${action} ${reason}`])),
      ]
    })
    expect(missing).toEqual([])
    expect(Object.keys(rows).length).toBeGreaterThan(0)
  },
)
