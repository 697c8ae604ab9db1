import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import type { Answer } from '../../src/pdp/decision.ts'
import { evaluate, type ScenarioRequest, type SystemName, systems, type TenantDocument } from '../reference/evaluate.ts'
import { randomCase } from '../reference/generate.ts'
import { builtBundle, memoLimits } from '../support/policy.ts'
import { agree, caseOf, noMemo, question, quickPdp, seeing } from './cases.ts'
import { anyMutation, type Mutation, mutate } from './mutations.ts'
import { opaEval, type ParityCase } from './opa-eval.ts'

const runs = 1_400
const leastCases = 20_000
const toOpa = 500

/** A tenant through its changes, and what is asked of it before, between and after them. */
interface Story {
  readonly system: SystemName
  readonly seed: number
  readonly mutations: readonly Mutation[]
  /** Requests by seed, of their own subject or of the tenant's member at that place. */
  readonly requests: readonly { readonly seed: number; readonly subject: number | null }[]
}

const story: fc.Arbitrary<Story> = fc.record({
  system: fc.constantFrom(...systems),
  seed: fc.nat(10_000_000),
  mutations: fc.array(anyMutation, { minLength: 1, maxLength: 5 }),
  requests: fc.array(fc.record({ seed: fc.nat(10_000_000), subject: fc.option(fc.nat(12)) }), { maxLength: 5 }),
})

interface Step {
  readonly document: TenantDocument
  readonly request: ScenarioRequest
  readonly variant: number
}

/** Every request to every state of the tenant, and to the first state again. */
function stepsOf({ system, seed, mutations, requests }: Story): readonly Step[] {
  const first = randomCase(seed, system)
  const states = [first.document]
  for (const mutation of mutations) states.push(mutate(states.at(-1) as TenantDocument, mutation))
  const members = first.document.members ?? []
  const asked = requests.map(({ seed, subject }) => {
    const { request } = randomCase(seed, system)
    const member = subject === null ? undefined : members[subject % Math.max(1, members.length)]
    return member === undefined ? request : { ...request, subject: { type: 'user', id: member.user } }
  })
  return [...states, first.document].flatMap((document) =>
    [first.request, ...asked].map((request, place) => ({ document, request, variant: place % 4 })),
  )
}

const policy = loadPolicy(builtBundle(), 64)
const remembering = quickPdp(policy, { ...memoLimits, entries: 200 })
const forgetful = quickPdp(policy, { ...memoLimits, entries: 1 })
const fresh = quickPdp(policy, noMemo)
const counted = { cases: 0, hits: 0, wrongByRequest: 0 }
const sample: ParityCase[] = []

/** Throws with the first step at which the decision points differ. */
function follow(told: Story): void {
  remembering.activate(policy)
  forgetful.activate(policy)
  const byRequest = new Map<string, boolean>()
  for (const { document, request, variant } of stepsOf(told)) {
    const one = caseOf(document, request, variant, policy)
    const cached = remembering.decide(question(one))
    const answers: readonly Answer[] = [cached, forgetful.decide(question(one)), fresh.decide(question(one))]
    const [decision, ...others] = answers.map((answer) => answer.decision)
    const expected = evaluate(document, request)
    const same = others.every((other) => isDeepStrictEqual(other, decision))
    if (!same || decision === undefined || !agree({ ...decision }, expected) || answers[2]?.cache !== 'bypass')
      throw new Error(JSON.stringify({ request: one.request, document, answers, expected }, undefined, 1))

    counted.cases += 1
    if (cached.cache === 'hit') counted.hits += 1
    const key = JSON.stringify(one.request)
    if (byRequest.has(key) && byRequest.get(key) !== expected.decision) counted.wrongByRequest += 1
    if (!byRequest.has(key)) byRequest.set(key, expected.decision)
    if (counted.cases % Math.floor(leastCases / toOpa) === 0) sample.push(one)
  }
}

describe('a decision point with a memo', () => {
  beforeAll(() => {
    fc.assert(fc.property(story, follow), { numRuns: runs, seed: 20_261_120, interruptAfterTimeLimit: 280_000 })
  }, 300_000)

  it(`answers like one without and like the reference, in ${leastCases.toLocaleString('en')} cases at least`, () => {
    expect(counted.cases).toBeGreaterThanOrEqual(leastCases)
  })

  it('was asked what it knew often enough to show a stale answer', () => {
    expect(counted.hits).toBeGreaterThan(leastCases / 4)
  })

  it('would have been wrong as a cache by request, hundreds of times', () => {
    expect(counted.wrongByRequest).toBeGreaterThan(300)
  })

  it(`answers like OPA on all facts, in ${toOpa} of the cases`, async () => {
    expect(sample.length).toBeGreaterThanOrEqual(toOpa)
    const see = seeing(policy)
    const answers = await opaEval(sample)
    const wrong = sample.flatMap((one, index) => {
      const [opa, wasm] = [answers[index]?.decision, see(one).evaluation]
      return isDeepStrictEqual(opa, wasm) ? [] : [{ one, opa, wasm }]
    })
    expect(wrong).toEqual([])
  }, 120_000)
})
