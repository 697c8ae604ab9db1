import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import type { BundleIndex } from '../../src/app/build.ts'
import { diffSide } from '../../src/app/diff-side.ts'
import type { Project } from '../../src/app/project.ts'
import { reviewPolicy } from '../../src/app/review-policy.ts'
import { DocumentError } from '../../src/document/problem.ts'
import type { Bundle } from '../../src/opa/bundle.ts'
import { silentProgress } from '../../src/opa/progress.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import { changeOf } from '../../src/review/decision-changes.ts'
import type { DiffSide } from '../../src/review/diff-side.ts'
import { type PolicyDiff, policyDiff, widens } from '../../src/review/policy-diff.ts'
import { caseOf, question } from '../parity/cases.ts'
import type { SystemName } from '../reference/evaluate.ts'
import { randomCase, randomOf } from '../reference/generate.ts'
import { builtBundle, project } from '../support/policy.ts'
import { copyOf, type ProjectCopy, withCopyOf } from '../support/project-copy.ts'

const requestCount = 2_000
const mutantCount = 16

let sound: ProjectCopy
let base: DiffSide
beforeAll(async () => {
  sound = copyOf('filestack')
  await sound.build()
  base = await sideOf(sound)
}, 60_000)
afterAll(() => sound.remove())

const sideOf = (copy: Project) => diffSide(copy.root, { project: copy, env: process.env, progress: silentProgress })

function requestsOf(system: SystemName, bundle: Bundle<BundleIndex>): readonly DecisionRequest[] {
  const policy = loadPolicy(bundle, 64)
  return Array.from({ length: requestCount }, (_, seed) => {
    const { document, request } = randomCase(seed, system)
    return question(caseOf(document, request, 0, policy))
  })
}

/** The requests whose decision, reason, obligations or limit turn, each with whether the diff says so. */
function flipsOf(from: DiffSide, head: DiffSide, diff: PolicyDiff, requests: readonly DecisionRequest[]) {
  return requests.flatMap((request) => {
    const kind = changeOf(from.reviewed.decide(request), head.reviewed.decide(request))
    return kind === undefined ? [] : [{ kind, isReported: reports(diff, request), request }]
  })
}

function reports({ decisions, model, rules }: PolicyDiff, { action: { name }, subject, tenant }: DecisionRequest) {
  const members = (tenant as { members?: readonly { user: string; role?: string }[] }).members ?? []
  const role = members.find(({ user }) => user === subject.id)?.role ?? ''
  return (
    decisions.some(({ permissions, roles }) => permissions.includes(name) && roles.includes(role)) ||
    model.some(({ path: [, part, of, member, at] }) =>
      part === 'permissions' ? of === name && (member !== 'cells' || at === role) : part === 'roles' && of === role,
    ) ||
    rules.changes.some(({ guards }) =>
      guards.some(({ permission, roles }) => permission === name && (roles === undefined || roles.includes(role))),
    )
  )
}

type Turned = Record<'decisions' | 'reasons' | 'obligations' | 'limits', number>

/** Holds the diff of one mutant against the random requests; counts what turned in `turned`. */
function expectSound(
  [from, head]: readonly [DiffSide, DiffSide],
  diff: PolicyDiff,
  requests: readonly DecisionRequest[],
  what: string,
  turned: Turned,
): void {
  const flips = flipsOf(from, head, diff, requests)
  expect(flips.filter(({ isReported }) => !isReported).map(({ kind, request }) => ({ what, kind, request }))).toEqual(
    [],
  )
  if (flips.some(({ kind }) => kind === 'gains')) expect({ what, widens: widens(diff) }).toEqual({ what, widens: true })
  for (const { kind } of flips) turned[counted[kind]] += 1
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

const nothing = (): Turned => ({ decisions: 0, reasons: 0, obligations: 0, limits: 0 })

it('no decision, reason or obligation turns outside what a diff of mutated Rego reports, and no gain passes', {
  timeout: 240_000,
}, async () => {
  const random = randomOf(11)
  const files = readdirSync(join(sound.root, 'policies'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego'))
    .map((name) => `policies/${name}`)
    .sort()
  const requests = requestsOf('filestack', builtBundle(sound.bundle))
  const made = { mutants: 0, refused: 0, ...nothing() }
  while (made.mutants < mutantCount) {
    const file = random.pick(files)
    const text = sound.read(file)
    const places = [...text.matchAll(/ == | != |not |>= |<= |^\t.*\n/gm)]
    if (places.length === 0) continue
    const place = random.pick(places)
    const turned = { ' == ': ' != ', ' != ': ' == ', '>= ': '< ', '<= ': '> ' }[place[0]] ?? ''
    const mutant = text.slice(0, place.index) + turned + text.slice(place.index + place[0].length)
    await withCopyOf(sound, async (copy) => {
      copy.write(file, mutant)
      try {
        await copy.build()
      } catch (error) {
        if (!(error instanceof DocumentError)) throw error
        made.refused += 1
        return
      }
      made.mutants += 1
      const line = text.slice(0, place.index).split('\n').length
      // What the rules say has to do without the decisions that happened to be asked.
      const head = await sideOf(copy)
      const diff = { ...policyDiff(base, head), decisions: [] }
      expectSound([base, head], diff, requests, `${file}:${line}`, made)
    })
  }
  console.log(`mutated Rego: ${JSON.stringify(made)} over ${requestCount} random requests`)
  expect(made.decisions * made.reasons).toBeGreaterThan(0)
})

it.each([
  ['filestack', 12],
  ['quantcdn', 13],
] as const)(
  'no decision, reason or obligation of %s turns outside what a diff of mutated tables reports, and no gain passes',
  {
    timeout: 240_000,
  },
  async (system, seed) => {
    const random = randomOf(seed)
    const bundle = builtBundle()
    const whole = await sideOf(project)
    // Of the others nothing is asked.
    const from: DiffSide = { ...whole, bases: { [system]: whole.bases[system] ?? { rows: [] } } }
    const requests = requestsOf(system, bundle)
    const turned = nothing()
    for (let mutant = 0; mutant < mutantCount; mutant += 1) {
      const data = JSON.parse(bundle.data)
      const { permissions, roles, plans } = data.model[system]
      const name = random.pick(Object.keys(permissions))
      const row = permissions[name]
      const role = random.pick(Object.keys(roles))
      const mutations: readonly (() => void)[] = [
        () => {
          row.cells = { ...row.cells, [role]: row.cells[role] === undefined ? { reason: 'role_grant' } : undefined }
        },
        () => {
          row.cells = Object.fromEntries(Object.keys(row.cells).map((one) => [one, { reason: 'role_grant' }]))
        },
        () => {
          row.todo = { obligations: row.todo.obligations }
        },
        () => {
          row.from = { [random.pick(['active', 'pending', 'inactive'])]: true }
        },
        () => {
          roles[role] = { plans: { [random.pick(Object.keys(plans))]: true } }
        },
      ]
      random.pick(mutations)()
      const reviewed = reviewPolicy({
        ...bundle,
        data: JSON.stringify(data),
        manifest: { ...bundle.manifest, policy: `mutant ${mutant}` },
      })
      const head = { ...from, reviewed }
      expectSound([from, head], policyDiff(from, head), requests, `mutant ${mutant} of ${name} and ${role}`, turned)
    }
    console.log(
      `mutated tables of ${system}: ${mutantCount} mutants, ${JSON.stringify(turned)} over ${requestCount} requests`,
    )
    expect(turned.decisions * turned.reasons).toBeGreaterThan(0)
  },
)
