import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import { diffSide } from '../../src/app/diff-side.ts'
import { reviewPolicy } from '../../src/app/review-policy.ts'
import { DocumentError } from '../../src/document/problem.ts'
import { silentProgress } from '../../src/opa/progress.ts'
import type { DecisionRequest } from '../../src/pdp/request.ts'
import type { DiffSide } from '../../src/review/diff-side.ts'
import { type PolicyDiff, policyDiff, widens } from '../../src/review/policy-diff.ts'
import type { Outcome } from '../../src/review/reviewed-policy.ts'
import { caseOf, question } from '../parity/cases.ts'
import { randomCase, randomOf } from '../reference/generate.ts'
import { builtBundle } from '../support/policy.ts'
import { filestackCopy, type ProjectCopy, withCopyOf } from '../support/project-copy.ts'

const requestCount = 2_000
const mutantCount = 16

let sound: ProjectCopy
let base: DiffSide
let requests: readonly DecisionRequest[]
beforeAll(async () => {
  sound = filestackCopy()
  await sound.build()
  base = await sideOf(sound)
  const policy = loadPolicy(builtBundle(sound.bundle), 64)
  requests = Array.from({ length: requestCount }, (_, seed) => {
    const { document, request } = randomCase(seed, 'filestack')
    return question(caseOf(document, request, 0, policy))
  })
}, 60_000)
afterAll(() => sound.remove())

const sideOf = (copy: ProjectCopy) => diffSide(copy.root, { project: copy, env: process.env, progress: silentProgress })

const allows = (outcome: Outcome) => !('error' in outcome) && outcome.decision

/** The requests whose decision turns, each with whether the diff says so. */
function flipsOf(head: DiffSide, diff: PolicyDiff) {
  return requests.flatMap((request) => {
    const [before, after] = [base, head].map(({ reviewed }) => allows(reviewed.decide(request)))
    if (before === after) return []
    return [{ gains: after === true, isReported: reports(diff, request), request }]
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

/** Holds one mutant against the random requests; the number of decisions that turned. */
function expectSound(head: DiffSide, what: string, part: (diff: PolicyDiff) => PolicyDiff = (diff) => diff): number {
  const diff = part(policyDiff(base, head))
  const flips = flipsOf(head, diff)
  expect(flips.filter(({ isReported }) => !isReported).map(({ request }) => ({ what, request }))).toEqual([])
  if (flips.some(({ gains }) => gains)) expect({ what, widens: widens(diff) }).toEqual({ what, widens: true })
  return flips.length
}

it('no decision turns outside what a diff of mutated Rego reports, and no gain passes', {
  timeout: 240_000,
}, async () => {
  const random = randomOf(11)
  const files = readdirSync(join(sound.root, 'policies'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego'))
    .map((name) => `policies/${name}`)
    .sort()
  const made = { mutants: 0, refused: 0, flips: 0 }
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
      made.flips += expectSound(await sideOf(copy), `${file}:${line}`, (diff) => ({ ...diff, decisions: [] }))
    })
  }
  console.log(`mutated Rego: ${JSON.stringify(made)} over ${requestCount} random requests`)
  expect(made.flips).toBeGreaterThan(0)
})

it('no decision turns outside what a diff of mutated tables reports, and no gain passes', { timeout: 240_000 }, () => {
  const random = randomOf(12)
  const bundle = builtBundle(sound.bundle)
  let flips = 0
  for (let mutant = 0; mutant < mutantCount; mutant += 1) {
    const data = JSON.parse(bundle.data)
    const { permissions, roles } = data.model.filestack
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
        roles[role] = { plans: { [random.pick(['free', 'start'])]: true } }
      },
    ]
    random.pick(mutations)()
    const reviewed = reviewPolicy({
      ...bundle,
      data: JSON.stringify(data),
      manifest: { ...bundle.manifest, policy: `mutant ${mutant}` },
    })
    flips += expectSound({ ...base, reviewed }, `mutant ${mutant} of ${name} and ${role}`)
  }
  console.log(`mutated tables: ${mutantCount} mutants, ${flips} flips over ${requestCount} random requests`)
  expect(flips).toBeGreaterThan(0)
})
