import { expect, it, onTestFinished, vi } from 'vitest'
import { runEval } from '../support/run-eval.ts'

const request = JSON.stringify({
  subject: { type: 'user', id: 'dev' },
  action: { name: 'member:list' },
  resource: { type: 'member', id: '-' },
  context: { tenant: 'acme-filestack' },
})

const head = `deny  no_permission: the role \`developer\` does not hold \`member:list\`
rule   config/systems/filestack/matrix.yaml:15
facts
`

it('shows decision, rule and facts, and the stages only when asked to', async () => {
  const plain = await runEval(request)
  const explained = await runEval(request, '--explain')
  expect(plain.startsWith(head)).toBe(true)
  expect(explained.startsWith(plain)).toBe(true)
  expect(explained.slice(plain.length)).toBe(`stages
  request: passed
    action = "member:list"
    system = "filestack"
    row = "config/systems/filestack/matrix.yaml:15"
  membership: passed
    asker = "member"
    role = "developer"
    status = "active"
    plan = "free"
  gate: passed
  right: refused, no_permission
    role = "developer"
    plan = "free"
    cell = null
  relation: not reached
  shape: not reached
  target: not reached
  precondition: not reached
    checks.profile_is_complete says ok  config/systems/filestack/lifecycle.yaml:45
  capacity: not reached
  allow: not reached
it would be allowed if
  \`dev\` has the role \`account_owner\` (role_grant)
    [{"op":"replace","path":"/members/1/role","value":"account_owner"}]
`)
})

it('prints the same as JSON', async () => {
  const members = ['decision', 'reason', 'message', 'rule', 'obligations', 'policy', 'facts']
  expect(Object.keys(JSON.parse(await runEval(request, '--json')))).toEqual(members)
  const explained = JSON.parse(await runEval(request, '--json', '--explain'))
  expect(Object.keys(explained)).toEqual([...members, 'stages', 'nearest_grants'])
  expect(explained.nearest_grants).toEqual([
    {
      kind: 'role',
      change: '`dev` has the role `account_owner`',
      patch: [{ op: 'replace', path: '/members/1/role', value: 'account_owner' }],
      reason: 'role_grant',
    },
  ])
})

it('says nowhere what the settings mask', async () => {
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('POSTERN_EXPLAIN_MASK', '/member/role,/request/subject/id')
  for (const flags of [[], ['--explain'], ['--json'], ['--json', '--explain']]) {
    const text = await runEval(request, ...flags)
    expect(text).toContain('the role `***` does not hold `member:list`')
    expect(text).not.toMatch(/developer|dev\b/)
  }
})
