import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BundleIndex } from '../../src/app/build.ts'
import { reviewPolicy } from '../../src/app/review-policy.ts'
import { DocumentError } from '../../src/document/problem.ts'
import type { Bundle } from '../../src/opa/bundle.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { readBases, type SystemBases } from '../../src/review/decision-bases.ts'
import { changeOf } from '../../src/review/decision-changes.ts'
import type { DiffSide } from '../../src/review/diff-side.ts'
import { type PolicyDiff, policyDiff, widens } from '../../src/review/policy-diff.ts'
import type { Outcome } from '../../src/review/reviewed-policy.ts'
import type { Guard } from '../../src/review/rule-guards.ts'
import { caseOf, question } from '../parity/cases.ts'
import { type SystemName, systems } from '../reference/evaluate.ts'
import { randomCase, randomOf } from '../reference/generate.ts'
import { project } from '../support/policy.ts'
import { copyOf, type ProjectCopy } from '../support/project-copy.ts'
import { changeTables, regoMutant, type Tables } from './mutants.ts'

// Of each system; a night can take more of them: POSTERN_TEST_MUTANTS=20 is 200 mutants.
const regoMutants = Number(process.env.POSTERN_TEST_MUTANTS ?? 4)
const tableMutants = Number(process.env.POSTERN_TEST_MUTANTS ?? 8)
const requestCount = 2_000
const timeout = 60_000 * Math.max(4, regoMutants)

describe.each(systems.map((system, seed) => [system, seed] as const))('of %s', (system, seed) => {
  let sound: ProjectCopy
  let bundle: Bundle<BundleIndex>
  let base: DiffSide
  let asked: readonly Asked[]
  beforeAll(async () => {
    sound = copyOf(system)
    bundle = (await sound.build()).bundle
    base = sideOf(bundle)
    asked = requestsOf(system, base)
  }, timeout)
  afterAll(() => sound.remove())

  it('nothing turns outside what a diff of mutated Rego reports, and nothing wider passes', { timeout }, async () => {
    const random = randomOf(11 + seed)
    const files = readdirSync(join(sound.root, 'policies'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego'))
      .map((name) => `policies/${name}`)
      .sort()
    const isOwn = (file: string) => file.startsWith('policies/systems/')
    const found = { mutants: 0, refused: 0, unseen: 0, ...nothing() }
    while (found.mutants < regoMutants) {
      // Half of them in the system's own files, half in the core and the shared rules.
      const file = random.pick(files.filter((one) => isOwn(one) === (found.mutants % 2 === 0)))
      const text = sound.read(file)
      const mutant = regoMutant(random, text)
      sound.write(file, mutant.text)
      try {
        const head = sideOf((await sound.build()).bundle)
        found.mutants += 1
        // Nobody is asked: what the rules say has to do.
        const turned = expectSound(head, policyDiff(base, head), asked, `${file}:${mutant.line}`)
        if (!add(found, turned)) found.unseen += 1
      } catch (error) {
        if (!(error instanceof DocumentError)) throw error
        found.refused += 1
      } finally {
        sound.write(file, text)
      }
    }
    console.log(`mutated Rego of ${system}: ${JSON.stringify(found)} over ${requestCount} requests`)
    expect(found.unseen).toBeLessThan(found.mutants)
  })

  it('nothing turns outside what a diff of mutated tables reports, and nothing wider passes', { timeout }, () => {
    const random = randomOf(101 + seed)
    const bases = readBases(project.root, system)
    const found = { mutants: 0, unseen: 0, ...nothing() }
    for (; found.mutants < tableMutants; found.mutants += 1) {
      const data = JSON.parse(bundle.data) as { model: Record<string, Tables> }
      const { what, permission } = changeTables(random, data.model[system] as Tables)
      const manifest = { ...bundle.manifest, policy: `mutant ${found.mutants}` }
      // Made without a build, which would say that its decisions may differ.
      const head = { ...sideOf({ ...bundle, data: JSON.stringify(data), manifest }), decisions: {} }
      // A table line is left out where the decisions say it, so those of the permission are asked.
      const ofPermission: SystemBases = {
        rows: bases.rows.filter(({ request }) => request.action.name === permission),
      }
      const withRows = { ...base, bases: { [system]: ofPermission } }
      expectSound(head, policyDiff(withRows, head), asked, what)
      if (!add(found, expectSound(head, policyDiff(base, head), asked, what))) found.unseen += 1
    }
    console.log(`mutated tables of ${system}: ${JSON.stringify(found)} over ${requestCount} requests`)
    expect(found.unseen).toBeLessThan(found.mutants)
  })
})

interface Asked {
  readonly request: DecisionRequest
  readonly before: Outcome
}

function sideOf(bundle: Bundle<BundleIndex>): DiffSide {
  const { wasm_sha256: wasm, index } = bundle.manifest
  return {
    reviewed: reviewPolicy(bundle),
    bases: {},
    decisions: index.decisions,
    rules: index.rules,
    texts: new Map(),
    wasm,
  }
}

function requestsOf(system: SystemName, { reviewed }: DiffSide): readonly Asked[] {
  return Array.from({ length: requestCount }, (_, seed) => {
    const { document, request } = randomCase(seed, system)
    const asked = question(caseOf(document, request, 0, reviewed.policy))
    return { request: asked, before: reviewed.decide(asked) }
  })
}

const counted = {
  gains: 'decisions',
  loses: 'decisions',
  // The right turned, the decision did not: it is refused for another reason.
  'gains right': 'reasons',
  'loses right': 'reasons',
  reason: 'reasons',
  obligations: 'obligations',
  limit: 'limits',
} as const

type Turned = Record<(typeof counted)[keyof typeof counted], number>

const nothing = (): Turned => ({ decisions: 0, reasons: 0, obligations: 0, limits: 0 })

/** Adds what turned; false where nothing did. */
function add(found: Turned, turned: Turned): boolean {
  const names = Object.keys(turned) as (keyof Turned)[]
  for (const name of names) found[name] += turned[name]
  return names.some((name) => turned[name] > 0)
}

/** Holds the diff of one mutant against the random requests, and says how many of them turned. */
function expectSound(head: DiffSide, diff: PolicyDiff, asked: readonly Asked[], what: string): Turned {
  const turned = nothing()
  const isWider = widens(diff)
  // Fewer seats narrow, whatever that changes in what a plan asks to be cleared or reserved.
  const isOfSeats = diff.model.some(({ path }) => path.at(-1) === 'seats')
  const wrong = asked.flatMap(({ request, before }) => {
    const after = head.reviewed.decide(request)
    const kind = changeOf(before, after)
    if (kind === undefined) return []
    turned[counted[kind]] += 1
    const isWide = kind === 'gains' || (!isOfSeats && lacksObligation(before, after))
    return reports(diff, head, request, kind) && (isWider || !isWide) ? [] : [{ what, kind, request }]
  })
  expect(wrong).toEqual([])
  return turned
}

/** Whether an allow obliges to a type of thing no more. */
function lacksObligation(before: Outcome, after: Outcome): boolean {
  if ('error' in before || 'error' in after || !before.decision || !after.decision) return false
  const types = after.obligations.map(({ type }) => type)
  return before.obligations.some(({ type }) => !types.includes(type))
}

/** Whether a line of the diff is about the permission, the role of the subject or the plan of the tenant. */
function reports(
  { decisions, model, rules }: PolicyDiff,
  { reviewed }: DiffSide,
  { action: { name }, subject, tenant }: DecisionRequest,
  kind: string,
): boolean {
  const isListed = Object.hasOwn(reviewed.model[String(tenant?.system)]?.permissions ?? {}, name)
  const {
    members = [],
    plan,
    custom_levels: levels = [],
  } = tenant as {
    readonly members?: readonly { readonly user: string; readonly role?: string }[]
    readonly plan?: string
    readonly custom_levels?: readonly { readonly id: string; readonly kind: string }[]
  }
  const record = members.find(({ user }) => user === subject.id)?.role ?? ''
  const role = subject.type === 'user' ? record : `${subject.type} ${subject.id}`
  const guarded = (guards: readonly Guard[]) =>
    guards.some(({ permission, roles }) => permission === name && (roles === undefined || roles.includes(role)))
  return (
    decisions.some(
      (change) =>
        change.permissions.includes(name) &&
        change.roles.includes(role) &&
        (change.plans === undefined || change.plans.includes(plan ?? '')) &&
        (kind !== 'gains' || change.kind.startsWith('gains')),
    ) ||
    model.some(({ path: [, part, of, member, at], guards }) => {
      if (guarded(guards)) return true
      if (part === 'permissions') return of === name && (member !== 'cells' || at === undefined || at === role)
      if (part === 'roles') return of === role
      if (part === 'plans') return of === plan
      return part === 'custom_roles' && levels.some((level) => level.id === role && level.kind === of)
    }) ||
    // An action that no system lists is nothing that a rule could guard; the core answers it.
    rules.changes.some(({ guards, asked }) => guarded(guards) || (asked.includes('core') && !isListed))
  )
}
