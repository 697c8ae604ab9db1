import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/app/activate.ts'
import { createChecker } from '../../src/app/check.ts'
import { parityProblems } from '../../src/app/check-parity.ts'
import { decisionRowsOf } from '../../src/app/decision-files.ts'
import { runRows } from '../../src/app/run-rows.ts'
import { formatProblem } from '../../src/document/problem.ts'
import { lintPolicies } from '../../src/opa/lint-policy.ts'
import { silentProgress } from '../../src/opa/progress.ts'
import type { OpaToolchain } from '../../src/opa/toolchain.ts'
import type { CheckReport } from '../../src/review/check-report.ts'
import { checkText } from '../../src/review/check-text.ts'
import { testToolchain } from '../opa/opa.ts'
import { builtBundle, project } from '../support/policy.ts'
import { type ProjectCopy, repositoryCopy, tinyProject, withCopyOf } from '../support/project-copy.ts'

const filestack = 'config/systems/filestack'
const decisions = `${filestack}/decisions.yaml`

let toolchain: OpaToolchain
let sound: ProjectCopy
beforeAll(async () => {
  toolchain = await testToolchain()
  sound = repositoryCopy()
  await sound.build()
})
afterAll(() => sound.remove())

const checkerOf = (copy: ProjectCopy) =>
  createChecker({ project: copy, progress: silentProgress, toolchain: async () => toolchain })

/** Each check that found something or was not made, with its lines. */
const told = ({ checks }: CheckReport) =>
  Object.fromEntries(
    checks
      .filter(({ problems, skipped }) => problems.length > 0 || skipped !== undefined)
      .map(({ name, problems, skipped }) => [name, [...problems.map(formatProblem), ...(skipped ? [skipped] : [])]]),
  )

const afterEdits = (edit: (copy: ProjectCopy) => void) =>
  withCopyOf(sound, async (copy) => {
    edit(copy)
    return told(await checkerOf(copy).run())
  })

// Each copy is checked by a handful of processes; a busy machine takes its time.
describe('a check of a project', { timeout: 120_000 }, () => {
  it('says everything at once, each at its place', async () => {
    const found = await afterEdits((copy) => {
      copy.edit(`${filestack}/matrix.yaml`, 'list: { account_owner: allow }', 'list: { account_ownr: allow }')
      const keys = 'policies/systems/filestack/keys.rego'
      const text = copy.read(keys)
      const last = text.lastIndexOf('# METADATA')
      copy.write(keys, `${text.slice(0, last)}# described as${text.slice(last + '# METADATA'.length)}`)
      copy.write('policies/authz/shared/odd.rego', 'package authz.odd\n\nodd   := http.send({})\n')
      copy.write('policies/model/model.rego', 'package model\n\nroles := {"owner"}\n')
      copy.write('policies/model/model_test.rego', 'package model_test\n\ntest_nothing if 1 == 2\n')
    })
    expect(found).toMatchInlineSnapshot(`
      {
        "build": [
          "config/systems/filestack/matrix.yaml:15:13: unknown role \`account_ownr\`; known: \`account_owner\`, \`developer\`, \`billing\`",
        ],
        "decisions": [
          "there is no bundle to ask",
        ],
        "format": [
          "policies/authz/shared/odd.rego:3:1: \`opa fmt\` writes this line otherwise; run \`opa fmt --write policies/authz/shared/odd.rego\`",
        ],
        "invariants": [
          "there is no bundle to ask",
        ],
        "lint": [
          "policies/authz/shared/odd.rego:1:1: no test lies beside this file; write policies/authz/shared/odd_test.rego",
          "policies/authz/shared/odd.rego:1:9: package \`authz.odd\` lies in policies/authz/shared; move the file to policies/authz/odd, or correct the package",
          "policies/model/model.rego:3:1: a rule stands below \`data.model\`, where the tables of the YAML stand; write the row in YAML, or name the package otherwise",
          "policies/systems/filestack/keys.rego:181:1: \`checks.nobody_loses_last_key\` has no METADATA; say above it, in \`# METADATA\` and a \`description\`, what it is for",
        ],
        "parity": [
          "there is no bundle to ask",
        ],
        "strict": [
          "policies/authz/shared/odd.rego:3:10: built-in \`http.send\` is not available in WASM; use one of those in src/opa/capabilities.json",
        ],
        "tests": [
          "policies/model/model_test.rego:3:1: \`test_nothing\` fails; correct the rule, or what the test expects of it",
        ],
      }
    `)
  })

  it('says what does not parse once', async () => {
    const file = 'policies/authz/right.rego'
    const found = await afterEdits((copy) => copy.write(file, `${copy.read(file)}x {\n`))
    expect(found).toMatchInlineSnapshot(`
      {
        "build": [
          "what is told of another check stops it",
        ],
        "decisions": [
          "there is no bundle to ask",
        ],
        "format": [
          "what is told of another check stops it",
        ],
        "invariants": [
          "there is no bundle to ask",
        ],
        "parity": [
          "there is no bundle to ask",
        ],
        "strict": [
          "policies/authz/right.rego:37:1: unexpected eof token",
        ],
        "tests": [
          "what is told of another check stops it",
        ],
      }
    `)
  })

  it('holds every decision row against its decision', async () => {
    const found = await afterEdits((copy) => {
      const text = copy.read(decisions)
      const right = 'policies/authz/right.rego'
      copy.write(right, `${copy.read(right)}\nunasked if false\n`)
      copy.write(decisions, text.slice(0, text.indexOf('\nrows:')).concat(brokenRows))
    })
    expect(found).toMatchInlineSnapshot(`
      {
        "decisions": [
          "config/systems/filestack/decisions.yaml:341:104: \`wrong\`: decided \`deny\`, not \`allow\`: \`no_permission\` by config/systems/filestack/matrix.yaml:15; correct the row, or the line that decided",
          "config/systems/filestack/decisions.yaml:347:13: \`reason\`: the reason is \`no_permission\`, not \`inactive\`, by config/systems/filestack/matrix.yaml:15; correct the row, or the line that decided",
          "config/systems/filestack/decisions.yaml:355:18: \`duties\`: obligations not given: \`{"type":"notify","to":"olga"}\`; correct the row, or what the permission asks",
          "config/systems/filestack/decisions.yaml:357:34: there is no tenant \`nowhere\`; describe it under \`tenants\` of this file, or correct the name",
          "config/systems/filestack/decisions.yaml:358:11: a second row is called \`lost\`; give it another id",
          "config/systems/filestack/decisions.yaml:359:5: \`odd\`: no decision, ambiguous_tenant: the request names a tenant and also brings one; mend the request, or the rule that is asked",
        ],
        "invariants": [
          "what is told of another check stops it",
        ],
        "tests": [
          "policies/authz/right.rego:37:1: no test of the policies reaches this line; write one in policies/authz/right_test.rego",
        ],
      }
    `)
  })

  it('asked again after an edit, finds the rows that a wider cell contradicts', async () => {
    await withCopyOf(sound, async (copy) => {
      const checker = checkerOf(copy)
      expect(told(await checker.run())).toEqual({})
      const before = 'use: { account_owner: allow, developer: { when: assigned_key } }'
      copy.edit(`${filestack}/matrix.yaml`, before, before.replace('{ when: assigned_key }', 'allow'))
      expect(told(await checker.run())).toMatchInlineSnapshot(`
        {
          "decisions": [
            "config/systems/filestack/decisions.yaml:414:13: \`fs-p-10\`: decided \`allow\`, not \`deny\`: \`role_grant\` by config/systems/filestack/matrix.yaml:27; correct the row, or the line that decided",
            "config/systems/filestack/decisions.yaml:591:13: \`fs-p-34\`: the reason is \`unknown_api_key\`, not \`api_key_not_assigned\`, by config/systems/filestack/lifecycle.yaml:149; correct the row, or the line that decided",
            "config/systems/filestack/decisions.yaml:886:13: \`fs-a-36\`: the reason is \`unknown_api_key\`, not \`api_key_not_assigned\`, by config/systems/filestack/lifecycle.yaml:149; correct the row, or the line that decided",
          ],
        }
      `)
    })
  })
})

it('asked again after each edit, says what one that is asked for the first time says', {
  timeout: 300_000,
}, async () => {
  const imagekit = 'config/systems/imagekit'
  const finance = 'view: { account_administrator: allow, developer: allow, finance: allow }'
  await withCopyOf(sound, async (copy) => {
    const checker = checkerOf(copy)
    await checker.run()
    const edits: Readonly<Record<string, () => void>> = {
      'one test more': () => {
        const keys = 'policies/systems/filestack/keys_test.rego'
        copy.write(keys, `${copy.read(keys)}\ntest_one_more if 1 < 2\n`)
      },
      'a permission more, which an invariant forbids': () => {
        copy.edit(
          'config/invariants.yaml',
          'invariants:\n',
          'invariants:\n  - { system: quantcdn, never: { roles: [read_only], permissions: ["archive:*"] } }\n',
        )
        copy.edit(
          'config/systems/quantcdn/matrix.yaml',
          '  archive:\n',
          '  archive:\n    restore: { read_only: allow }\n',
        )
      },
      'a rule that nothing reaches': () => {
        const keys = 'policies/systems/filestack/keys.rego'
        copy.write(keys, `${copy.read(keys)}\nnobody := input.request.action\n`)
      },
      'what all systems share, with a line that no test reaches': () => {
        const values = 'policies/authz/shared/values.rego'
        copy.write(values, `${copy.read(values)}\nodd(value) if value == 1\n`)
      },
      'an invariant that holds, above all others': () =>
        copy.edit(
          'config/invariants.yaml',
          'invariants:\n',
          'invariants:\n\n  - { system: imagekit, never: { roles: [media_library_full_access], permissions: ["analytics:view"] } }\n',
        ),
      'a cell that breaks it, and that rows contradict': () =>
        copy.edit(
          `${imagekit}/matrix.yaml`,
          finance,
          finance.replace('finance: allow', 'media_library_full_access: allow'),
        ),
      'the invariants, another line further down': () =>
        copy.edit('config/invariants.yaml', 'invariants:\n', 'invariants:\n\n'),
      'a rule whose test and rows contradict it': () =>
        copy.edit('policies/systems/imagekit/users.rego', 'active > 1', 'active > 0'),
    }
    const seen = new Set<string>()
    for (const [what, edit] of Object.entries(edits)) {
      edit()
      const { checks } = await checker.run()
      expect(checks, what).toEqual((await checkerOf(copy).run()).checks)
      seen.add(JSON.stringify(checks))
    }
    // Each edit showed.
    expect(seen.size).toBe(Object.keys(edits).length)
  })
})

it('a broken invariant is told at its place, with a request that breaks it in the one line', async () => {
  const tiny = tinyProject()
  try {
    const demo = { tenant: 't', plan: 'large', members: [{ user: 'o', role: 'owner', two_factor_enabled: true }] }
    tiny.write('config/systems/acme/demo.yaml', JSON.stringify({ ...demo, system: 'acme' }))
    const told = async (invariant: string) => {
      tiny.write('config/invariants.yaml', `invariants:\n  - { system: acme, ${invariant} }\n`)
      const { checks } = await checkerOf(tiny).run()
      return checks.filter(({ name }) => name === 'invariants')
    }
    const said = { name: 'invariants', about: 'invariants' }
    expect(await told('never: { roles: [guest], permissions: ["door:open"] }')).toEqual([
      { ...said, count: 1, problems: [] },
    ])
    const witness = {
      subject: { type: 'user', id: 'o' },
      action: { name: 'report:view' },
      resource: { type: 'report', id: '-' },
      tenant: {
        ...demo,
        system: 'acme',
        members: [{ user: 'o', role: 'guest', two_factor_enabled: true, status: 'active' }],
      },
    }
    const [broken] = await told('never: { roles: [guest], permissions: ["report:*"] }')
    expect(broken?.problems.map(formatProblem)).toEqual([
      expect.stringMatching(
        /^config\/invariants\.yaml:2:5: `guest`, active, is allowed `report:view` \(acme\); [^\n]*$/,
      ),
    ])
    const shown = / explains `(\{.*\})`$/.exec(broken?.problems[0]?.remedy ?? '')?.[1] ?? ''
    const { tenant, ...asked } = JSON.parse(shown)
    const { tenant: document, ...request } = witness
    expect([asked, tenant]).toEqual([request, document])
    expect(await told('never: { roles: [gest], permissions: ["*"] }')).toEqual([
      {
        ...said,
        count: 0,
        problems: [
          {
            file: 'config/invariants.yaml',
            line: 2,
            column: 5,
            message: 'no role `gest`',
            remedy: 'correct the name, or remove the invariant',
          },
        ],
      },
    ])
  } finally {
    tiny.remove()
  }
}, 120_000)

it('the README shows what a check says', { timeout: 120_000 }, async () => {
  const readme = readFileSync(join(project.root, 'README.md'), 'utf8')
  const shown = /## Before the pull request\n[\s\S]*?\$ [^\n]*\n([\s\S]*?)```/.exec(readme)?.[1]
  await withCopyOf(sound, async (copy) => {
    copy.edit(`${filestack}/matrix.yaml`, 'list: { account_owner: allow }', 'list: { account_ownr: allow }')
    const { checks } = await checkerOf(copy).run()
    const lineOf = (file: string, line: number) => copy.read(file).split('\n')[line - 1]
    // How many files and tests there are changes with the policies, which the README does not have to follow.
    const uncounted = (text = '') => text.replaceAll(/ok {4}\d+/g, 'ok    n')
    expect(uncounted(checkText({ checks, milliseconds: 1_200 }, lineOf))).toBe(uncounted(shown))
  })
})

it('a row that OPA decides otherwise than WASM is told with both answers', async () => {
  const bundle = builtBundle()
  const rows = decisionRowsOf(project.root, ['filestack'], []).slice(0, 2)
  const [first, second] = runRows(loadPolicy(bundle, 64), bundle.manifest.index, rows)
  if (first?.evaluation === undefined || second === undefined) throw new Error('there are no rows')
  expect(await parityProblems(toolchain, project, [first, second])).toEqual([])
  const evaluation = { ...first.evaluation, reason: 'self_service' }
  const { file, places, id } = first.row
  expect(await parityProblems(toolchain, project, [{ ...first, evaluation }, second])).toEqual([
    {
      file,
      ...places.row,
      message: expect.stringMatching(
        new RegExp(`^\`${id}\`: OPA decides \`\\{.*"role_grant".*\\}\` and WASM \`\\{.*"self_service".*\\}\`$`),
      ),
      remedy: 'write the rule that is asked with other built-ins',
    },
  ])
})

it('a decision has no default that could stand in for it', () => {
  const place = { file: 'policies/authz/decision.rego', line: 3, column: 1 }
  const rule = {
    path: ['authz', 'decision'],
    place,
    isDefault: true,
    texts: [],
    inputs: [],
    references: [],
    lookups: [],
    systems: [],
    types: [],
    syntax: '',
  }
  expect(lintPolicies([], [rule, { ...rule, isDefault: false }])).toEqual([
    {
      ...place,
      message: 'the decision has a default',
      remedy: 'remove it: a rule that yields nothing must leave no decision, which is an error and never a yes',
    },
  ])
})

const brokenRows = `
rows:
  - { id: wrong, title: t, given: acme_start, request: { subject: bill, action: member:list }, expect: allow, reason: role_grant, basis: S }
  - id: reason
    title: t
    given: acme_start
    request: { subject: bill, action: member:list }
    expect: deny
    reason: inactive
    basis: S
  - id: duties
    title: t
    given: acme_start
    request: { subject: olga, action: member:list }
    expect: allow
    reason: role_grant
    obligations: [{ type: notify, to: olga }]
    basis: S
  - { id: lost, title: t, given: nowhere, request: { subject: olga, action: member:list }, expect: allow, reason: role_grant, basis: S }
  - { id: lost, title: t, given: acme_start, request: { subject: olga, action: member:list }, expect: allow, reason: role_grant, basis: S }
  - id: odd
    title: t
    given: acme_start
    request: { subject: olga, action: member:list, context: { tenant: other } }
    expect: allow
    reason: role_grant
    basis: S
`
