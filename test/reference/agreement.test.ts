import { expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import { agree, caseOf, question, quickPdp } from '../parity/cases.ts'
import { builtBundle } from '../support/policy.ts'
import { evaluate } from './evaluate.ts'
import { randomCase } from './generate.ts'

const { POSTERN_TEST_FULL, CI } = process.env
const cases = POSTERN_TEST_FULL || CI ? 100_000 : 20_000
const firstSeed = 10_000_000

it(`the policy gives what the reference gives in ${cases.toLocaleString('en')} random cases`, () => {
  const policy = loadPolicy(builtBundle(), 64)
  const pdp = quickPdp(policy)
  const mismatches: unknown[] = []
  for (let seed = firstSeed; seed < firstSeed + cases && mismatches.length < 3; seed++) {
    const { document, request } = randomCase(seed)
    const expected = evaluate(document, request)
    const { decision, reason, obligations, rule } = pdp.decide(
      question(caseOf(document, request, seed % 4, policy)),
    ).decision
    if (!agree({ decision, reason, obligations }, expected))
      mismatches.push({ seed, given: { decision, reason, obligations, rule }, expected, request, document })
  }
  expect(mismatches, JSON.stringify(mismatches, undefined, 1)).toEqual([])
}, 600_000)
