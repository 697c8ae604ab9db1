import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reviewPolicy } from '../../src/app/review-policy.ts'
import { matrixTable } from '../../src/review/matrix-table.ts'
import { commandRun } from '../support/command-run.ts'
import { builtBundle } from '../support/policy.ts'
import { type ProjectCopy, tinyProject } from '../support/project-copy.ts'

let tiny: ProjectCopy
beforeAll(async () => {
  tiny = tinyProject()
  await tiny.build()
})
afterAll(() => tiny.remove())

const matrix = (...argv: string[]) => commandRun('matrix', '--project', tiny.root, ...argv)

describe('postern matrix', () => {
  it('shows every cell, and the terms of those that have some', async () => {
    expect(await matrix()).toEqual({
      code: 0,
      stderr: '',
      stdout: `acme
permission   owner  guest
door:open    [1]    [2]
door:close   allow  [3]
report:view  allow  allow
door:knock   [4]    [4]
door:peep    [1]    [2]
[1] allow, unless the grant badge says otherwise: config/systems/acme/matrix.yaml:13
[2] deny, unless the grant badge says otherwise: config/systems/acme/matrix.yaml:13
[3] when office_hours: config/systems/acme/matrix.yaml:14
[4] asked by invitee, whatever the role: config/systems/acme/lifecycle.yaml:19
`,
    })
  })

  it('shows what a plan withholds', async () => {
    const { stdout } = await matrix('--plan', 'small', '--format', 'csv')
    expect(stdout.split('\n').filter((line) => /report:view|door:close/.test(line))).toEqual([
      'acme,small,door:close,owner,allow,config/systems/acme/matrix.yaml:14',
      'acme,small,door:close,guest,role not on plan,config/systems/acme/matrix.yaml:14',
      'acme,small,report:view,owner,feature not on plan,config/systems/acme/matrix.yaml:16',
      'acme,small,report:view,guest,role not on plan,config/systems/acme/matrix.yaml:16',
    ])
  })

  it('shows one role as Markdown', async () => {
    const { stdout } = await matrix('--role', 'guest', '--plan', 'large', '--format', 'markdown')
    expect(stdout).toBe(`### acme, plan large

| permission | guest |
| --- | --- |
| \`door:open\` | [1] |
| \`door:close\` | [2] |
| \`report:view\` | allow |
| \`door:knock\` | [3] |
| \`door:peep\` | [1] |

- [1] deny, unless the grant \`badge\` says otherwise: \`config/systems/acme/matrix.yaml:13\`
- [2] when \`office_hours\`: \`config/systems/acme/matrix.yaml:14\`
- [3] asked by \`invitee\`, whatever the role: \`config/systems/acme/lifecycle.yaml:19\`
`)
  })

  it('is a page of its own as HTML, and whole as JSON', async () => {
    const { stdout: page } = await matrix('--format', 'html')
    expect(page).toContain('<tr><th scope="row" title="config/systems/acme/matrix.yaml:16">report:<wbr>view</th>')
    expect(page).not.toMatch(/<script|https?:/)
    const { stdout: json } = await matrix('--format', 'json')
    expect(JSON.parse(json)[0].rows[2]).toEqual({
      permission: 'report:view',
      place: 'config/systems/acme/matrix.yaml:16',
      cells: [{ is: 'allow' }, { is: 'allow' }],
    })
  })

  it.each([
    ['--system', 'acne', 'unknown system `acne`; did you mean `acme`\nknown: `acme`\n'],
    ['--role', 'gest', 'unknown role `gest`; did you mean `guest`\nknown: `owner`, `guest`\n'],
    ['--plan', 'huge', 'unknown plan `huge`\nknown: `small`, `large`\n'],
  ])('refuses a word of %s that does not exist', async (flag, word, message) => {
    expect(await matrix(flag, word)).toEqual({ code: 2, stdout: '', stderr: `postern: ${message}` })
  })

  it('agrees with the decision point on every cell that says allow or deny outright', () => {
    const reviewed = reviewPolicy(builtBundle())
    const wrong: string[] = []
    let asked = 0
    for (const [system, { plans }] of Object.entries(reviewed.model))
      for (const plan of Object.keys(plans ?? { none: null })) {
        const table = matrixTable(reviewed, system, plans === undefined ? {} : { plan })
        for (const { permission, cells } of table.rows)
          cells.forEach((cell, at) => {
            if (cell.is === 'noted') return
            const member = { user: 'u', role: table.roles[at], status: 'active', scope: 'company' }
            const outcome = reviewed.decide({
              subject: { type: 'user', id: 'u' },
              action: { name: permission },
              resource: { type: permission.split(':')[0] as string, id: '-' },
              tenant: { tenant: 't', system, plan, members: [member] },
            })
            if ('error' in outcome) throw new Error(`${permission}: ${outcome.error}`)
            const barred = ['request', 'membership', 'gate', 'right'].includes(outcome.stage)
            const agrees =
              cell.is === 'withheld' && cell.what === 'role'
                ? outcome.reason === 'role_not_on_plan'
                : (cell.is === 'deny') === barred
            asked += 1
            if (!agrees) wrong.push(`${system} ${plan} ${permission} ${table.roles[at]}: ${outcome.reason}`)
          })
      }
    expect(wrong).toEqual([])
    expect(asked).toBeGreaterThan(1_500)
  })
})

it('postern roles lists the roles with their cells and plans', async () => {
  expect(await commandRun('roles', '--project', tiny.root)).toEqual({
    code: 0,
    stderr: '',
    stdout: `acme owner  4 cells: config/systems/acme/roles.yaml:2
acme guest  2 cells, only on large: config/systems/acme/roles.yaml:3
`,
  })
})

it('postern can lists every permission for one member, with the reason and the line', async () => {
  tiny.write(
    'tenant.yaml',
    'tenant: t\nsystem: acme\nplan: large\nmembers: [{ user: g, role: guest, status: active }]\n',
  )
  const { code, stdout } = await commandRun('can', 'g', '--tenant', `${tiny.root}/tenant.yaml`, '--project', tiny.root)
  expect(code).toBe(0)
  expect(stdout).toBe(`deny   door:open    gate: two_factor_required, config/systems/acme/lifecycle.yaml:8, takes door
deny   door:close   relation: out_of_scope, config/systems/acme/matrix.yaml:14
deny   report:view  gate: two_factor_required, config/systems/acme/lifecycle.yaml:8
allow  door:knock   invitee_self, config/systems/acme/lifecycle.yaml:19
deny   door:peep    gate: two_factor_required, config/systems/acme/lifecycle.yaml:8
`)
})
