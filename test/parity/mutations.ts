import fc from 'fast-check'
import type { Member, SystemName, TenantDocument } from '../reference/evaluate.ts'
import { randomCase } from '../reference/generate.ts'

/**
 * One change of a document. What is new in it comes from the document of another seed, so that it is as odd as anything
 * that the generator makes; `place` picks the member or entry concerned, counted around.
 */
export interface Mutation {
  readonly kind: 'part' | 'attribute' | 'add' | 'remove' | 'drop' | 'order'
  readonly name: string
  readonly place: number
  readonly donor: number
}

const lists = ['shares', 'owners', 'gallery_access', 'custom_levels', 'projects', 'api_keys'] as const
const parts = ['plan', 'settings', 'groups', 'collection_assets', 'gallery_roles', ...lists] as const
const attributes = [
  'role',
  'status',
  'email',
  'api_keys',
  'overrides',
  'scope',
  'sessions_valid_after',
  'two_factor_enabled',
  'monthly_report_opt_in',
  'monthly_report_last_sent',
] as const

const mutation = (kind: Mutation['kind'], names: readonly string[]): fc.Arbitrary<Mutation> =>
  fc.record({
    kind: fc.constant(kind),
    name: fc.constantFrom(...names),
    place: fc.nat(30),
    donor: fc.nat(1_000_000),
  })

export const anyMutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 3, arbitrary: mutation('attribute', attributes) },
  { weight: 2, arbitrary: mutation('part', parts) },
  { weight: 1, arbitrary: mutation('add', ['members']) },
  { weight: 1, arbitrary: mutation('remove', ['members']) },
  { weight: 1, arbitrary: mutation('drop', lists) },
  { weight: 1, arbitrary: mutation('order', ['members']) },
)

/** The document after a change; itself where the change finds nothing to do. */
export function mutate(document: TenantDocument, { kind, name, place, donor }: Mutation): TenantDocument {
  const members = document.members ?? []
  const other = randomCase(donor, document.system as SystemName).document
  const given = (other.members ?? [])[place % Math.max(1, other.members?.length ?? 0)]
  switch (kind) {
    case 'part':
      return withValue(document, name, other[name as (typeof parts)[number]])
    case 'attribute': {
      const changed = members[donor % Math.max(1, members.length)]
      if (changed === undefined || given === undefined) return document
      const value = given[name as (typeof attributes)[number]]
      return { ...document, members: members.map((one) => (one === changed ? withValue(one, name, value) : one)) }
    }
    case 'add': {
      if (given === undefined || members.some(({ user }) => user === given.user)) return document
      return { ...document, members: [...members.slice(0, place), given, ...members.slice(place)] }
    }
    case 'remove':
      return { ...document, members: without(members, place) }
    case 'drop': {
      const list = document[name as (typeof lists)[number]]
      return list === undefined ? document : withValue(document, name, without<unknown>(list, place))
    }
    case 'order':
      // The same facts, their names the other way round: a reader of JSON sees no difference.
      return backwards({ ...document, members: members.map(backwards<Member>) })
  }
}

function withValue<T extends object>(from: T, name: string, value: unknown): T {
  const { [name as keyof T]: _, ...rest } = from
  return (value === undefined ? rest : { ...rest, [name]: value }) as T
}

function without<T>(list: readonly T[], place: number): readonly T[] {
  const index = place % Math.max(1, list.length)
  return list.filter((_, at) => at !== index)
}

function backwards<T extends object>(from: T): T {
  return Object.fromEntries(Object.entries(from).reverse()) as T
}
