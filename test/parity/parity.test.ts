import { isDeepStrictEqual } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import { planInput } from '../../src/pdp/input-plan.ts'
import type { PermissionIndex, Policy, SystemIndex } from '../../src/pdp/policy.ts'
import { systems } from '../reference/evaluate.ts'
import { randomCase } from '../reference/generate.ts'
import { askedDocument, decisionRows } from '../reference/rows.ts'
import { builtBundle } from '../support/policy.ts'
import { caseOf, type Seen, seeing } from './cases.ts'
import { type OpaAnswer, opaEval, type ParityCase } from './opa-eval.ts'

const randomOfEach = 260
const widened = 10_000

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
    const see = seeing(planned(system, permission, without(need)))
    const ofPermission = compared.filter(({ one }) => one.tenant.system === system)
    expect(ofPermission.some(({ one, opa }) => !isDeepStrictEqual(see(one).evaluation, opa.decision))).toBe(true)
  })

  // The action's name is always written: it is what the plan is found by.
  it.each(index.core_needs.filter((need) => need !== 'request.action.name'))(
    'is found: the core without %s',
    (need) => {
      const see = seeing(planned(undefined, undefined, without(need)))
      expect(compared.some(({ one, opa }) => !isDeepStrictEqual(see(one).evaluation, opa.decision))).toBe(true)
    },
  )
})

describe('a plan with every need of every permission', () => {
  it(`gives the same answers in ${widened} random cases`, () => {
    const needs = Object.values(index.systems).flatMap(({ permissions }) => Object.values(permissions))
    const all = [...new Set([...index.core_needs, ...needs.flatMap((entry) => entry.needs)])]
    const [narrow, wide] = [seeing(policy), seeing(planned(undefined, undefined, () => all))]
    const wrong: unknown[] = []
    for (let seed = 0; seed < widened && wrong.length < 3; seed++) {
      const { document, request } = randomCase(seed)
      const one = caseOf(document, request, seed % 4, policy)
      const [narrowly, widely] = [narrow(one), wide(one)]
      if (!isDeepStrictEqual(narrowly.evaluation, widely.evaluation)) wrong.push({ seed, narrowly, widely })
    }
    expect(wrong).toEqual([])
  }, 180_000)
})

describe('a rule that yields nothing', () => {
  it('leaves OPA and WASM without a decision', async () => {
    const data = bundle.data.replaceAll('["shared","seat_is_free"]', '["shared","seat_is_gone"]')
    const see = seeing(loadPolicy({ ...bundle, data }, 64))
    const asked = compared.filter(({ one }) => one.request.action.name === 'member:invite').map(({ one }) => one)
    const ofOpa = (await opaEval(asked, data)).map(({ decision }) => decision)
    const ofWasm = asked.map((one) => see(one).evaluation)
    expect(ofWasm.filter((evaluation) => evaluation === undefined).length).toBeGreaterThan(3)
    expect(ofWasm.filter((evaluation) => evaluation !== undefined).length).toBeGreaterThan(3)
    expect(ofWasm).toEqual(ofOpa)
  }, 120_000)
})

const without = (need: string) => (needs: readonly string[]) => needs.filter((path) => path !== need)

/** The policy with other needs: of one permission, or of all that are not narrowed down. */
function planned(
  system: string | undefined,
  permission: string | undefined,
  change: (needs: readonly string[]) => string[],
): Policy {
  const changed = (ofSystem: string): SystemIndex => {
    const { permissions, unlisted, ...rest } = policy.systems.get(ofSystem) as SystemIndex
    const entries = [...permissions].map(([name, entry]): [string, PermissionIndex] => {
      const needs = index.systems[ofSystem]?.permissions[name]?.needs ?? []
      const input = planInput(change([...index.core_needs, ...needs]), [])
      return [name, permission === undefined || name === permission ? { ...entry, input } : entry]
    })
    const core = planInput(change(index.core_needs), [])
    return { ...rest, unlisted: { ...unlisted, input: core }, permissions: new Map(entries) }
  }
  const indexes = [...policy.systems].map(([name, entry]): [string, SystemIndex] =>
    system === undefined || name === system ? [name, changed(name)] : [name, entry],
  )
  return { ...policy, systems: new Map(indexes) }
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
  const containers = [
    'request',
    'subject',
    'resource',
    'properties',
    'context',
    'settings',
    'member',
    'target',
    'tenant',
  ]
  const kept = Object.entries(input).map(([name, value]) => {
    const inner = containers.includes(name) ? withoutEmpty(value as Json) : value
    return containers.includes(name) && Object.keys(inner as Json).length === 0 ? [] : [[name, inner]]
  })
  return Object.fromEntries(kept.flat())
}
