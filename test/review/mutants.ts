import type { randomOf } from '../reference/generate.ts'

type Random = ReturnType<typeof randomOf>

/** One random change of Rego: what it is, and the text with it. */
export function regoMutant(random: Random, text: string): { readonly line: number; readonly text: string } {
  const places = [...text.matchAll(rego)].filter(({ index }) => !lineAt(text, index).trimStart().startsWith('#'))
  const place = random.pick(places)
  const found = place[0]
  const turned = found in turns ? turns[found] : /^\d+$/.test(found) ? String(Number(found) + 1) : nothingOrOther(found)
  return {
    line: text.slice(0, place.index).split('\n').length,
    text: text.slice(0, place.index) + turned + text.slice(place.index + found.length),
  }
}

/** Comparisons, negations, words and numbers, whole lines of a body, whole clauses. */
const rego =
  / [=!]= | [<>]=? |\bnot |\btrue\b|\bfalse\b|(?<=[ (])\d+\b|(?<== |\{|, )"[\w ]+"|^\t.*\n|^\w[^\n]* if [^{\n]*\n/gm

const turns: Readonly<Record<string, string>> = {
  ' == ': ' != ',
  ' != ': ' == ',
  ' >= ': ' < ',
  ' <= ': ' > ',
  ' > ': ' >= ',
  ' < ': ' <= ',
  'not ': '',
  true: 'false',
  false: 'true',
}

/** A line or a clause goes; a word becomes another. */
function nothingOrOther(found: string): string {
  return found.startsWith('"') ? `${found.slice(0, -1)}x"` : ''
}

function lineAt(text: string, index: number): string {
  return text.slice(text.lastIndexOf('\n', index - 1) + 1, text.indexOf('\n', index))
}

type Pair = readonly [kind: string, name: string]
type Todo = Record<string, readonly Pair[]>
interface Cell {
  reason: string
  todo?: Todo
}

/** A system of the compiled tables, to be changed. */
export interface Tables {
  readonly roles: Record<string, { plans?: Record<string, true>; rank?: number; company_only?: true }>
  readonly plans?: Record<string, { seats: number | null; features: Record<string, true> }>
  readonly custom_roles?: Record<string, { rank?: number; company_only?: true }>
  readonly permissions: Record<
    string,
    {
      cells: Record<string, Cell>
      takes: { kind: string; optional: boolean }[]
      todo: Todo
      from?: Record<string, true>
      services?: Record<string, true>
      on_deny?: Record<string, readonly Pair[]>
      feature?: string
      grant?: string
    }
  >
}

/** One random change of the tables, made in place; `what` says which. */
export function changeTables(random: Random, tables: Tables): { readonly what: string; readonly permission: string } {
  const permission = random.pick(Object.keys(tables.permissions))
  const row = tables.permissions[permission] as Tables['permissions'][string]
  const name = random.pick(Object.keys(tables.roles))
  const role = tables.roles[name] as Tables['roles'][string]
  const cell = row.cells[name]
  const plans = Object.entries(tables.plans ?? {})
  const [ofPlan, plan] = plans.length === 0 ? [] : random.pick(plans)
  const kinds = Object.values(tables.custom_roles ?? {})
  const mutations: Readonly<Record<string, (() => void) | false | undefined>> = {
    'a cell turned': () => {
      if (cell === undefined) row.cells[name] = { reason: 'role_grant' }
      else delete row.cells[name]
    },
    'a condition gone': cell?.todo && (() => delete cell.todo),
    'the condition of another role': () => {
      row.cells[name] = structuredClone(random.pick([...Object.values(row.cells), { reason: 'role_grant' }]))
    },
    'a check gone': () => dropRule(random, row),
    'an obligation gone': () => {
      row.todo = { ...row.todo, obligations: (row.todo.obligations ?? []).slice(1) }
    },
    'obligations of another row': () => {
      const { todo } = tables.permissions[random.pick(Object.keys(tables.permissions))] ?? row
      row.todo = { ...row.todo, obligations: todo.obligations ?? [] }
    },
    'other states': () => {
      row.from = { [random.pick(['active', 'pending', 'inactive'])]: true }
    },
    'any state': row.from && (() => delete row.from),
    'another attribute': row.takes.length > 0 && (() => Object.assign(random.pick(row.takes), { kind: 'any' })),
    'an optional attribute': () => {
      for (const field of row.takes) field.optional = !field.optional
    },
    'another service': row.services && (() => Object.assign(row, { services: { [random.pick(services)]: true } })),
    'no grant': row.grant !== undefined && (() => delete row.grant),
    'no feature': row.feature !== undefined && (() => delete row.feature),
    'nothing due with a refusal': row.on_deny && (() => delete row.on_deny),
    'a role on one plan': plan && (() => Object.assign(role, { plans: { [ofPlan ?? '']: true } })),
    'a role on every plan': role.plans && (() => delete role.plans),
    'another rank':
      role.rank !== undefined && (() => Object.assign(role, { rank: random.pick([0, 1, 2, 3, 40, 55, 99]) })),
    'a role that spans the company, or not': kinds.length > 0 && (() => turnCompanyOnly(role)),
    'a kind of custom roles': kinds.length > 0 && (() => turnCompanyOnly(random.pick(kinds))),
    'no such role': () => delete tables.roles[name],
    'other seats': plan && (() => Object.assign(plan, { seats: random.pick([null, 1, 2, 4, 9]) })),
    'a feature turned': plan && (() => turnFeature(plan.features, tables)),
    'no such plan': plan && (() => delete tables.plans?.[ofPlan ?? '']),
  }
  const possible = Object.entries(mutations).flatMap(([what, make]) => (make ? [{ what, make }] : []))
  const { what, make } = random.pick(possible)
  make()
  return { what: `${what}: ${permission}, ${name}${ofPlan === undefined ? '' : `, ${ofPlan}`}`, permission }
}

const services = ['support', 'billing', 'scheduler', 'desk']

function turnCompanyOnly(role: { company_only?: true }): void {
  if (role.company_only) delete role.company_only
  else role.company_only = true
}

function turnFeature(features: Record<string, true>, { permissions }: Tables): void {
  const [feature = 'none'] = Object.values(permissions).flatMap((row) => row.feature ?? [])
  if (features[feature]) delete features[feature]
  else features[feature] = true
}

/** A check is asked no more, in what the row asks of everybody and of each role. */
function dropRule(random: Random, { todo, cells }: Tables['permissions'][string]): void {
  const pairs = Object.entries(todo).flatMap(([list, some]) => (list === 'obligations' ? [] : some))
  if (pairs.length === 0) return
  const [kind, name] = random.pick(pairs)
  for (const one of [todo, ...Object.values(cells).map((cell) => cell.todo)])
    for (const [list, some] of Object.entries(one ?? {})) {
      if (one === undefined || list === 'obligations') continue
      one[list] = some.filter((pair) => pair[0] !== kind || pair[1] !== name)
      // An empty list is left out, as the build does.
      if (one[list].length === 0) delete one[list]
    }
}
