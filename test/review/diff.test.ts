import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { diffSide } from '../../src/app/diff-side.ts'
import { reviewPolicy } from '../../src/app/review-policy.ts'
import { silentProgress } from '../../src/opa/progress.ts'
import { readBases } from '../../src/review/decision-bases.ts'
import { diffHtml } from '../../src/review/diff-html.ts'
import { type ComparedMatrix, comparedMatrices } from '../../src/review/diff-matrix.ts'
import type { DiffSide } from '../../src/review/diff-side.ts'
import { diffText, summaryLines } from '../../src/review/diff-text.ts'
import { type PolicyDiff, policyDiff, widens } from '../../src/review/policy-diff.ts'
import type { Model } from '../../src/review/reviewed-policy.ts'
import { systems } from '../reference/evaluate.ts'
import { commandRun } from '../support/command-run.ts'
import { builtBundle, project } from '../support/policy.ts'
import { copyOf, type ProjectCopy, withCopyOf } from '../support/project-copy.ts'
import { recordedEdits, unseen } from './edits/filestack.ts'

const options = { project, env: process.env, progress: silentProgress }
let sound: ProjectCopy
let base: DiffSide

beforeAll(async () => {
  sound = copyOf('filestack')
  await sound.build()
  base = await diffSide(sound.root, { ...options, project: sound })
}, 60_000)
afterAll(() => sound.remove())

describe('the diff of a policy', () => {
  it.each(recordedEdits.map((one) => [one.what, one] as const))('says all of %s', { timeout: 60_000 }, (_, edit) =>
    withCopyOf(sound, async (copy) => {
      for (const one of edit.edits) copy.edit(...one)
      await copy.build()
      const head = await diffSide(copy.root, { ...options, project: copy })
      const diff = policyDiff(base, head)
      expect({ lines: summaryLines(diff), widens: widens(diff) }).toEqual({ lines: edit.lines, widens: edit.widens })
      expect(unmarked(diff, comparedMatrices(diff, base.reviewed, head.reviewed))).toEqual([])
    }),
  )
})

/** What the diff says of a permission or a role without a mark in the matrices. */
function unmarked({ decisions, model, rules }: PolicyDiff, matrices: readonly ComparedMatrix[]): readonly string[] {
  const ways = (one: { readonly marks: readonly string[] }, name: string) => (one.marks.length > 0 ? [name] : [])
  const columns = new Set(matrices.flatMap(({ system, roles }) => roles.map(({ role }) => `${system} ${role}`)))
  const marked = new Set(
    matrices.flatMap(({ system, roles, rows }) => [
      ...roles.flatMap((column) => ways(column, `${system} ${column.role}`)),
      ...rows.flatMap((row) => [
        ...ways(row, `${system} ${row.permission}`),
        ...row.cells.flatMap((cell, at) => ways(cell, `${system} ${row.permission} ${roles[at]?.role}`)),
      ]),
    ]),
  )
  const cellOr = (system: string, permission: string, role: string) =>
    columns.has(`${system} ${role}`) ? `${system} ${permission} ${role}` : `${system} ${permission}`
  const said = [
    ...decisions.flatMap(({ system, permissions, roles }) =>
      permissions.flatMap((permission) => roles.map((role) => cellOr(system, permission, role))),
    ),
    ...model.flatMap(({ path: [system = '', part, name = '', of, role = ''] }) => {
      if (part === 'roles') return [`${system} ${name}`]
      if (part !== 'permissions') return []
      return [of === 'cells' ? cellOr(system, name, role) : `${system} ${name}`]
    }),
    ...[...model, ...rules.changes].flatMap(({ guards }) =>
      guards.flatMap(({ system, permission, roles }) =>
        roles === undefined ? [`${system} ${permission}`] : roles.map((role) => cellOr(system, permission, role)),
      ),
    ),
  ]
  return said.filter((one) => !marked.has(one))
}

describe('postern diff', () => {
  const cell = [
    'config/systems/filestack/matrix.yaml',
    'list: { account_owner: allow }',
    'list: { account_owner: allow, billing: allow }',
  ] as const

  it('compares a git revision with the files as they are, and leaves the checkout alone', { timeout: 60_000 }, () =>
    withCopyOf(sound, async (copy) => {
      const git = (...words: string[]) => execFileSync('git', words, { cwd: copy.root, encoding: 'utf8' })
      git('init', '--quiet')
      git('add', 'config', 'policies')
      git('-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '--quiet', '--message', 'sound')
      copy.edit(...cell)
      await copy.build()
      const status = git('status', '--short')
      const run = (...argv: string[]) => commandRun('diff', 'HEAD', '--project', copy.root, ...argv)
      const line = '`billing` gains `member:list` (filestack): config/systems/filestack/matrix.yaml:15'
      expect(readFileSync(join(project.root, 'README.md'), 'utf8')).toContain(`\n${line}\n`)
      expect(await run('--fail-on', 'widen')).toEqual({ code: 1, stdout: `${line}\n`, stderr: '' })
      expect(git('status', '--short')).toBe(status)

      const { code, stdout } = await run('--format', 'json')
      const { decisions, ...rest } = JSON.parse(stdout)
      const readme = readFileSync(join(project.root, 'README.md'), 'utf8')
      const shown = /<!-- diff -->\n```json\n([\s\S]*?)```\n<!-- \/diff -->/.exec(readme)?.[1] ?? ''
      expect({ code, ...rest, decisions: [{ ...decisions[0], witness: {} }] }).toEqual({
        code: 0,
        ...JSON.parse(shown),
      })
      copy.write('witness.json', JSON.stringify(decisions[0].witness))
      const asked = ['eval', '--request', join(copy.root, 'witness.json'), '--json', '--project']
      const before = JSON.parse((await commandRun(...asked, sound.root)).stdout)
      const after = JSON.parse((await commandRun(...asked, copy.root)).stdout)
      expect([before.reason, after.reason]).toEqual(['no_permission', 'role_grant'])
    }),
  )

  it('finds nothing between a project and its bundle', async () => {
    const { code, stdout } = await commandRun('diff', sound.bundle, sound.root, '--fail-on', 'any')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'no decision changes\n' })
  })

  it('says of a bundle which rules changed, and fails on what no decision shows', { timeout: 60_000 }, () =>
    withCopyOf(sound, async (copy) => {
      const { edits, lines } = recordedEdits.find(({ what }) => what === unseen) as (typeof recordedEdits)[number]
      expect(readFileSync(join(project.root, 'README.md'), 'utf8')).toContain(`\n${lines.at(-1)}\n`)
      for (const edit of edits) copy.edit(...edit)
      await copy.build()
      const run = await commandRun('diff', sound.bundle, copy.bundle, '--fail-on', 'widen')
      expect(run).toEqual({ code: 1, stdout: `${lines.join('\n')}\n`, stderr: '' })

      const { index, ...manifest } = JSON.parse(copy.read('.postern/bundle/manifest.json'))
      const { rules: _, ...older } = index
      copy.write('.postern/bundle/manifest.json', JSON.stringify({ ...manifest, index: older }))
      const hidden = 'rules: the compiled Rego changed, and a bundle of an older build does not say where'
      expect(await commandRun('diff', sound.bundle, copy.bundle, '--fail-on', 'widen')).toEqual({
        code: 1,
        stdout: `no decision changes\n${hidden}\n`,
        stderr: '',
      })
    }),
  )

  it('takes no table for narrower where two older bundles do not say what their rules look up', () => {
    const bundle = builtBundle(sound.bundle)
    const data = JSON.parse(bundle.data)
    delete data.model.filestack.permissions['own_membership:view'].cells.billing
    const manifest = { ...bundle.manifest, policy: 'without a cell' }
    const from = { ...base, bases: {} }
    const head = { ...from, reviewed: reviewPolicy({ ...bundle, data: JSON.stringify(data), manifest }) }
    const older = ({ rules = {}, ...side }: DiffSide): DiffSide => ({
      ...side,
      rules: Object.fromEntries(Object.entries(rules).map(([path, { tables: _, ...rule }]) => [path, rule])),
    })
    expect(widens(policyDiff(from, head))).toBe(false)
    expect(widens(policyDiff(older(from), older(head)))).toBe(true)
  })

  it('refuses what is no revision, in one line', async () => {
    const { code, stdout, stderr } = await commandRun('diff', 'no-such-thing', '--project', sound.root)
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: `postern: \`no-such-thing\` is no folder with config, no bundle, and no revision of the git checkout \`${sound.root}\`
see \`postern diff --help\`
`,
    })
  })

  it('is a comment or a page that holds each line and its witness', async () => {
    const head = await withCopyOf(sound, async (copy) => {
      copy.edit(...cell)
      await copy.build()
      return diffSide(copy.root, { ...options, project: copy })
    })
    const diff = policyDiff(base, head)
    const markdown = diffText(diff, 'markdown')
    const witness = JSON.stringify(diff.decisions[0]?.witness)
    expect(markdown).toBe(`### Policy change

- ${summaryLines(diff)[0]}

<details><summary>witnesses</summary>

${summaryLines(diff)[0]}

\`\`\`json
${witness}
\`\`\`

</details>
`)
    const page = diffHtml(diff, comparedMatrices(diff, base.reviewed, head.reviewed))
    expect(page).toContain(`<li>${summaryLines(diff)[0]?.replace(/`([^`]+)`/g, '<code>$1</code>')}</li>`)
    expect(page).toContain('<p>1 of 123 cells are marked, ')
    expect(page).toContain('<td class="changed gains">deny → allow <span class="mark">gains</span></td>')
    const shown = /<pre>([^<]*)<\/pre>/.exec(page)?.[1]?.replaceAll('&quot;', '"') ?? ''
    expect(JSON.parse(shown)).toEqual(diff.decisions[0]?.witness)
  })
})

describe('random flips of cells', () => {
  it('are named exactly, and nothing else is', { timeout: 120_000 }, () => {
    const bundle = builtBundle()
    const sources = Object.fromEntries(systems.map((system) => [system, readBases(project.root, system)]))
    const side = (data: unknown, policy: string): DiffSide => ({
      reviewed: reviewPolicy({ ...bundle, data: JSON.stringify(data), manifest: { ...bundle.manifest, policy } }),
      bases: sources,
      decisions: {},
      rules: undefined,
      texts: new Map(),
      wasm: bundle.manifest.wasm_sha256,
    })
    const { model } = JSON.parse(bundle.data) as { model: Model }
    const places = Object.entries(model).flatMap(([system, { roles, permissions }]) =>
      Object.entries(permissions)
        .filter(([, { who }]) => who === 'member')
        .flatMap(([permission]) => Object.keys(roles).map((role) => [system, permission, role] as const)),
    )
    const before = side({ model }, 'before')
    fc.assert(
      fc.property(fc.subarray(places, { minLength: 1, maxLength: 6 }), (flipped) => {
        const changed = structuredClone(model) as Record<string, { permissions: Record<string, { cells: object }> }>
        for (const [system, permission, role] of flipped) {
          const row = changed[system]?.permissions[permission] as { cells: Record<string, unknown> }
          if (row.cells[role] === undefined) row.cells[role] = { reason: 'role_grant' }
          else delete row.cells[role]
        }
        const diff = policyDiff(before, side({ model: changed }, 'after'))
        const named = [
          ...diff.decisions.flatMap(({ system, permissions, roles }) =>
            permissions.flatMap((permission) => roles.map((role) => `${system} ${permission} ${role}`)),
          ),
          ...diff.model.map(({ path: [system, , permission, , role] }) => `${system} ${permission} ${role}`),
        ]
        expect([...new Set(named)].sort()).toEqual(flipped.map((cell) => cell.join(' ')).sort())
      }),
      { numRuns: 5, seed: 6 },
    )
  })
})
