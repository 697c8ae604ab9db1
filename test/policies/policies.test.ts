import { expect, it } from 'vitest'
import { createProjectChecker } from '../../src/app/check.ts'
import { silentProgress } from '../../src/opa/progress.ts'
import { project } from '../support/policy.ts'

it('the project has nothing to mend before a pull request', { timeout: 120_000 }, async () => {
  const { checks } = await createProjectChecker(project, process.env, silentProgress).run()
  expect(checks.filter(({ problems, skipped }) => problems.length > 0 || skipped !== undefined)).toEqual([])
  expect(checks.map(({ name }) => name)).toEqual([
    'strict',
    'format',
    'lint',
    'build',
    'tests',
    'decisions',
    'parity',
    'invariants',
  ])
  expect(checks.every(({ count }) => count > 0)).toBe(true)
})
