import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type SystemName, systems } from '../reference/evaluate.ts'
import { project } from '../support/policy.ts'
import { casesOf, mutantsOf, notices, type Permission, type Todo } from './mutant.ts'

type Pair = Todo[string][number]

const same = (a: Pair, b: Pair) => a[0] === b[0] && a[1] === b[1]

/** The lists of a row without one rule; a list that is empty then is left out, as the build does. */
const without = (todo: Todo, pair: Pair): Todo =>
  Object.fromEntries(
    Object.entries(todo)
      .map(([list, pairs]) => [list, list === 'obligations' ? pairs : pairs.filter((one) => !same(one, pair))] as const)
      .filter(([list, pairs]) => list === 'obligations' || pairs.length > 0),
  )

/** A row without one rule, in what it asks of everybody and in what it asks of the roles named (of all by default). */
const weakened = (permission: Permission, pair: Pair, roles = Object.keys(permission.cells)): Permission => ({
  ...permission,
  todo: without(permission.todo, pair),
  cells: Object.fromEntries(
    Object.entries(permission.cells).map(([role, cell]) =>
      cell.todo === undefined || !roles.includes(role)
        ? [role, cell]
        : [role, { ...cell, todo: without(cell.todo, pair) }],
    ),
  ),
})

/**
 * Checks that cannot refuse where they stand, so that nobody can notice that they are gone: the builder of a row puts
 * them there. An optional name is there or blank, and `any` takes whatever comes; all three states are every state.
 */
function cannotRefuse({ takes = [], from = {} }: Permission, [, check]: Pair): boolean {
  if (check === 'fields_are_present')
    return takes.every(({ kind, optional }) => kind === 'any' || (kind === 'name' && optional))
  return check === 'state_allows' && Object.keys(from).length === 3
}

/** The same for what a rule says, each with its reason. */
const equivalent: Readonly<Partial<Record<SystemName, readonly string[]>>> = {
  // The condition says ok to the one role whose cell it stands in: it is there for its obligation.
  imagekit: [
    'media_library:view of media_library_restricted_access without conditions.sees_what_is_shared',
    'media_library:search of media_library_restricted_access without conditions.sees_what_is_shared',
  ],
  // A project that is blank or missing was refused in the stage before, with the same reason.
  filerobot: ['project:access without shared.fields_are_present'],
}

const rulesOf = (todo: Todo): Pair[] => {
  const all = Object.entries(todo).flatMap(([list, pairs]) => (list === 'obligations' ? [] : pairs))
  return all.filter((pair, index) => all.findIndex((one) => same(one, pair)) === index)
}

/** Checks that one line of `gates` puts into every row: they are taken away from all of them at once. */
function gatesOf(system: SystemName): ReadonlySet<string> {
  const { gates = {} } = parse(readFileSync(join(project.root, `config/systems/${system}/lifecycle.yaml`), 'utf8'))
  return new Set(
    Object.values(gates as Record<string, { check: string }[]>).flatMap((list) => list.map(({ check }) => check)),
  )
}

describe.each(systems)('a row of %s that asks less', (system) => {
  it('is noticed by a case of the matrix or a row of decisions.yaml', { timeout: 180_000 }, () => {
    const mutants = mutantsOf(system)
    const cases = casesOf(system)
    const gates = gatesOf(system)
    const gatePairs = new Map<string, Pair>()
    const survivors: string[] = []
    let made = 0
    const kill = (what: string, name?: string) => {
      made += 1
      const asked = name === undefined ? [...cases.values()].flat() : (cases.get(name) ?? [])
      if (!notices(mutants.pdp, asked)) survivors.push(what)
    }
    expect(notices(mutants.pdp, [...cases.values()].flat()), `${system} as it is`).toBe(false)
    for (const name of mutants.names) {
      const sound = mutants.permission(name)
      for (const pair of rulesOf(sound.todo)) {
        if (gates.has(pair[1])) {
          gatePairs.set(pair.join('.'), pair)
          continue
        }
        if (cannotRefuse(sound, pair)) continue
        mutants.withPermission(name, weakened(sound, pair))
        kill(`${name} without ${pair.join('.')}`, name)
      }
      for (const [role, { todo }] of Object.entries(sound.cells))
        for (const pair of rulesOf(todo ?? {}).filter(([kind]) => kind === 'conditions')) {
          mutants.withPermission(name, weakened(sound, pair, [role]))
          kill(`${name} of ${role} without ${pair.join('.')}`, name)
        }
      if (sound.grant !== undefined) {
        const { grant: _, ...ungranted } = sound
        mutants.withPermission(name, ungranted)
        kill(`${name} without its grant`, name)
      }
    }
    for (const pair of gatePairs.values()) {
      mutants.withEach((permission) => weakened(permission, pair))
      kill(`the system without the gate ${pair.join('.')}`)
    }
    console.log(`${system}: ${made} mutants, ${survivors.length} survivors\n${survivors.join('\n')}`)
    expect(survivors).toEqual(equivalent[system] ?? [])
    expect(made).toBeGreaterThan(10)
  })
})
