import { isDeepStrictEqual } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import { planInput } from '../../src/pdp/input-plan.ts'
import type { Policy } from '../../src/pdp/policy.ts'
import { type SystemName, systems } from '../reference/evaluate.ts'
import { randomCase } from '../reference/generate.ts'
import { askedDocument, decisionRows } from '../reference/rows.ts'
import { builtBundle } from '../support/policy.ts'
import { caseOf, type Seen, seeing } from './cases.ts'
import { type OpaAnswer, opaEval, type ParityCase } from './opa-eval.ts'

const randomOfEach = 260

const bundle = builtBundle()
const policy = loadPolicy(bundle, 64)
const { index } = bundle.manifest

interface Compared {
  readonly id: string
  readonly one: ParityCase
  readonly opa: OpaAnswer
  readonly wasm: Seen
}

const rows = systems.flatMap((system) =>
  decisionRows(system).map((row, index) => ({
    id: `${system} ${row.id}`,
    one: caseOf(askedDocument(row), row.request, index % 4, policy),
  })),
)
const random = systems.flatMap((system, place) =>
  Array.from({ length: randomOfEach }, (_, index) => {
    const seed = 1_000_000 * (place + 1) + index
    const { document, request } = randomCase(seed, system)
    return { id: `seed ${seed}`, one: caseOf(document, request, index % 4, policy) }
  }),
)
let compared: readonly Compared[]

beforeAll(async () => {
  const all = [...rows, ...random]
  const answers = await opaEval(all.map(({ one }) => one))
  const see = seeing(policy)
  compared = all.map((each, place) => ({ ...each, opa: answers[place] as OpaAnswer, wasm: see(each.one) }))
}, 240_000)

const differences = (part: readonly Compared[]) =>
  part.filter(({ opa, wasm }) => !isDeepStrictEqual(opa.decision, wasm.evaluation))

describe('the policy in WASM, on the facts that a permission needs, answers like OPA on all facts', () => {
  it(`in all ${rows.length} decision rows`, () => {
    expect(differences(compared.slice(0, rows.length))).toEqual([])
  })

  it(`in ${random.length} random cases`, () => {
    expect(differences(compared.slice(rows.length))).toEqual([])
  })

  it.each(systems)('for reasons of every stage of %s, grants and refusals with a limit among them', (system) => {
    const given = compared.filter(({ one }) => one.tenant.system === system).map(({ wasm }) => wasm.evaluation)
    const stages = new Set(given.map((evaluation) => evaluation?.stage ?? 'grant'))
    expect([...stages]).toEqual(
      expect.arrayContaining(['grant', 'request', 'membership', 'right', 'shape', 'target', 'precondition']),
    )
    expect(given.some((evaluation) => evaluation?.check)).toBe(true)
    if (system !== 'fivemanage' && system !== 'quantcdn')
      expect(given.some((evaluation) => evaluation?.limit)).toBe(true)
  })
})

describe('the input of a decision', () => {
  it('is what the permission needs of the whole facts: all of that, and nothing else', () => {
    const wrong = compared.flatMap(({ id, one, opa, wasm }) => {
      const expected = needed(one, opa.input)
      const given = withoutEmpty(JSON.parse(wasm.input))
      return isDeepStrictEqual(given, expected) ? [] : [{ id, given, expected }]
    })
    expect(wrong).toEqual([])
  })
})

describe('a plan that lacks a need', () => {
  const removable = [
    ['filestack', 'member:invite', 'counts.active'],
    ['filestack', 'member:invite', 'items.invited'],
    ['filestack', 'api_key:view', 'member.api_keys'],
    ['filestack', 'plan:change', 'tenant.settings.seat_limit_override'],
    ['imagekit', 'media_file:open', 'items.shares'],
    ['imagekit', 'media_file:share', 'target.role'],
    ['fivemanage', 'log:read', 'member.overrides'],
    ['fivemanage', 'member:change_role', 'target.role'],
    ['filerobot', 'user:bulk_invite', 'items.invites'],
    ['filerobot', 'custom_level:delete', 'counts.roles'],
    ['quantcdn', 'membership:leave', 'counts.roles'],
    ['quantcdn', 'monthly_report:send', 'target.monthly_report_last_sent'],
    ['quantcdn', 'two_factor:enforce', 'items.without_two_factor'],
  ] as const

  it.each(removable)('is found: %s %s without %s', (system, permission, need) => {
    expect(found(system, permission, need)).toBeGreaterThan(0)
  })

  it.each(systems)('is found wherever the core of %s lacks one', (system) => {
    const missed = index.core_needs.filter((need) => found(system, undefined, need) === 0)
    expect(missed).toEqual(unread[system])
  })

  it('ALL', () => {
    const res: string[] = []
    let n = 0
    for (const [system, { permissions }] of Object.entries(index.systems))
      for (const [permission, { needs }] of Object.entries(permissions))
        for (const need of needs) {
          if (index.core_needs.includes(need)) continue
          n++
          if (found(system as SystemName, permission, need) === 0) res.push(`${system} ${permission} ${need}`)
        }
    console.log(n, res.length, res.join('\n'))
  })
})

/** What no rule of a system asks for, although the core does. */
const unread: Readonly<Record<SystemName, readonly string[]>> = {
  filestack: ['tenant.custom_levels'],
  imagekit: ['tenant.custom_levels'],
  fivemanage: ['tenant.custom_levels', 'tenant.plan'],
  filerobot: ['tenant.plan'],
  quantcdn: ['tenant.custom_levels'],
}

/** How many cases show that a permission, or every one of a system, is planned without `need`. */
function found(system: SystemName, permission: string | undefined, need: string): number {
  const see = seeing(planned(system, permission, (needs) => needs.filter((path) => path !== need)))
  return compared.filter(
    ({ one, opa }) =>
      one.tenant.system === system &&
      (permission === undefined || one.request.action.name === permission) &&
      !isDeepStrictEqual(see(one).evaluation, opa.decision),
  ).length
}

/** The policy with other needs of one system's permissions, or of one of them. */
function planned(system: SystemName, permission: string | undefined, change: (needs: readonly string[]) => string[]) {
  const ofSystem = policy.systems.get(system) as NonNullable<ReturnType<Policy['systems']['get']>>
  const permissions = [...ofSystem.permissions].map(([name, entry]) => {
    if (permission !== undefined && name !== permission) return [name, entry] as const
    const needs = change([...(index.systems[system]?.permissions[name]?.needs ?? []), ...index.core_needs])
    return [name, { ...entry, input: planInput(needs, []) }] as const
  })
  return { ...policy, systems: new Map([[system, { ...ofSystem, permissions: new Map(permissions) }]]) }
}

type Json = Readonly<Record<string, unknown>>

function needed({ request, tenant }: ParityCase, whole: unknown): unknown {
  const ofPermission = index.systems[tenant.system]?.permissions[request.action.name]?.needs ?? []
  const session = 'request.context.session_issued_at'
  const bound = (whole as { member?: { sessions_valid_after?: string } }).member?.sessions_valid_after
  const needs = [...index.core_needs, ...ofPermission].filter((path) => path !== session || bound !== undefined)
  const picked: Record<string, unknown> = {}
  for (const need of needs) {
    const path = need.split('.')
    const value = path.reduce<unknown>((at, name) => own(at, name), whole)
    if (value === undefined) continue
    let at = picked
    for (const name of path.slice(0, -1)) {
      at[name] ??= {}
      at = at[name] as Record<string, unknown>
    }
    at[path.at(-1) as string] = value
  }
  return picked
}

const own = (from: unknown, name: string): unknown =>
  typeof from === 'object' && from !== null && Object.hasOwn(from, name) ? (from as Json)[name] : undefined

/** Without the containers of the catalogue in which nothing is. */
function withoutEmpty(input: Json): Json {
  const containers = ['request', 'subject', 'resource', 'properties', 'context', 'settings', 'member', 'target', 'tenant']
  const kept = Object.entries(input).map(([name, value]) => {
    const inner = containers.includes(name) ? withoutEmpty(value as Json) : value
    return containers.includes(name) && Object.keys(inner as Json).length === 0 ? [] : [[name, inner]]
  })
  return Object.fromEntries(kept.flat())
}
