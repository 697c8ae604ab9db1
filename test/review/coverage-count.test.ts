import { describe, expect, it } from 'vitest'
import { changedCoverage } from '../../src/review/coverage-changed.ts'
import { type CoverageModel, type CoverageRow, countCoverage } from '../../src/review/coverage-count.ts'
import { coverageHtml } from '../../src/review/coverage-html.ts'
import { percentOf } from '../../src/review/coverage-report.ts'
import { coverageText } from '../../src/review/coverage-text.ts'

const model: CoverageModel = {
  system: 'house',
  roles: ['owner', 'guest'],
  permissions: {
    'door:open': {
      who: 'member',
      cells: {
        owner: { reason: 'role_grant' },
        guest: {
          reason: 'share_grant',
          todo: {
            gates: [['shared', 'two_factors']],
            checks: [
              ['conditions', 'office_hours'],
              ['checks', 'door_exists'],
            ],
          },
        },
      },
      todo: { gates: [['shared', 'two_factors']], checks: [['checks', 'door_exists']] },
      places: {
        row: 'm:1',
        cells: { owner: 'm:1', guest: 'm:2' },
        names: { 'checks.two_factors': 'l:1', 'conditions.office_hours': 'm:2', 'checks.door_exists': 'l:2' },
      },
    },
    'report:view': {
      who: 'member',
      cells: { owner: { reason: 'role_grant' } },
      todo: {},
      places: { row: 'm:5', cells: { owner: 'm:5' }, names: {} },
    },
  },
  yields: { 'checks.two_factors': ['two_factor_required'], 'conditions.office_hours': ['out_of_scope'] },
}

const refusal = (reason: string, stage: string, check: readonly [string, string] | null = null) => ({
  decision: false,
  reason,
  stage,
  check,
  limit: null,
  obligations: [],
})
const allow = (reason: string) => ({ decision: true, reason, obligations: [] })

/** The names of what these rows reach. */
const reachedBy = (...rows: readonly CoverageRow[]) =>
  countCoverage(model, rows)
    .items.filter(({ reached }) => reached)
    .map(({ name }) => name)

describe('coverage', () => {
  it('of no row is nothing', () => {
    expect(reachedBy()).toEqual([])
  })

  it('of an allow is the cell, all that it asks, and its reason', () => {
    expect(reachedBy({ action: 'door:open', role: 'guest', evaluation: allow('share_grant') })).toEqual([
      'door:open guest on condition',
      'checks.door_exists passes',
      'checks.two_factors passes',
      'conditions.office_hours passes',
      'share_grant',
    ])
  })

  it('of a refusal by a check is that outcome, and that those before it pass', () => {
    const evaluation = refusal('out_of_scope', 'relation', ['conditions', 'office_hours'])
    expect(reachedBy({ action: 'door:open', role: 'guest', evaluation })).toEqual([
      'checks.two_factors passes',
      'conditions.office_hours refuses',
      'out_of_scope',
    ])
  })

  it('of a refusal by the matrix is the cell that denies', () => {
    const evaluation = refusal('no_permission', 'right')
    expect(reachedBy({ action: 'report:view', role: 'guest', evaluation })).toEqual([
      'report:view guest denied',
      'no_permission',
    ])
  })

  it('of a refusal before the right is no cell', () => {
    const evaluation = refusal('two_factor_required', 'gate', ['shared', 'two_factors'])
    expect(reachedBy({ action: 'door:open', role: 'owner', evaluation })).toEqual([
      'checks.two_factors refuses',
      'two_factor_required',
    ])
    expect(reachedBy({ action: 'door:open', role: undefined, evaluation: refusal('inactive', 'membership') })).toEqual(
      [],
    )
  })

  it('of an allow for another reason than that of the cell is no cell', () => {
    expect(reachedBy({ action: 'report:view', role: 'owner', evaluation: allow('override_grant') })).toEqual([])
  })

  it('counts each cell, outcome and reason of the system once', () => {
    const { items, cells } = countCoverage(model, [])
    expect(items.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'cell door:open owner allowed',
      'cell door:open guest on condition',
      'cell report:view owner allowed',
      'cell report:view guest denied',
      'check checks.door_exists passes',
      'check checks.door_exists refuses',
      'check checks.two_factors passes',
      'check checks.two_factors refuses',
      'check conditions.office_hours passes',
      'check conditions.office_hours refuses',
      'reason no_permission',
      'reason out_of_scope',
      'reason role_grant',
      'reason share_grant',
      'reason two_factor_required',
    ])
    expect(cells).toHaveLength(4)
  })

  it('can be that of changed lines alone', () => {
    const rows: CoverageRow[] = [
      { action: 'report:view', role: 'owner', evaluation: allow('role_grant') },
      { action: 'report:view', role: 'guest', evaluation: refusal('no_permission', 'right') },
    ]
    const [changed] = changedCoverage([countCoverage(model, rows)], new Set(['m:5', 'elsewhere:1']))
    expect(changed?.items.map(({ name, reached }) => [name, reached])).toEqual([
      ['report:view owner allowed', true],
      ['report:view guest denied', true],
      ['no_permission', true],
      ['role_grant', true],
    ])
    expect(changed?.cells.map(({ permission, role }) => `${permission} ${role}`)).toEqual([
      'report:view owner',
      'report:view guest',
    ])
    expect(percentOf(changed?.items ?? [])).toBe(100)
  })
})

describe('a report of coverage', () => {
  const rows = [{ action: 'report:view', role: 'guest', evaluation: refusal('no_permission', 'right') }]
  const counted = [countCoverage({ ...model, permissions: pick('report:view') }, rows)]

  it('lists what no row shows', () => {
    expect(coverageText(counted)).toBe(`house: 50 % of what 1 decision rows could show
     1 of    2 cells
     0 of    0 outcomes of checks and conditions
     1 of    2 reasons
  not reached:
    report:view owner allowed  m:5
    role_grant  m:5
`)
  })

  it('draws the matrix without a script, whatever a name holds', () => {
    const html = coverageHtml([{ ...counted[0], system: 'a<b' } as (typeof counted)[0]])
    expect(html).toContain(`<h2>a&lt;b</h2>
<p>2 of 4 (50 %) in 1 rows</p>
<div class="wide"><table>
<thead><tr><td></td><th scope="col">owner</th><th scope="col">guest</th></tr></thead>
<tbody>
<tr><th scope="row">report:view</th><td class="open" title="report:view owner: allowed, shown by no row">A</td><td class="reached" title="report:view guest: denied, shown by a row">–</td></tr>
</tbody>
</table></div>
<p>Not reached beside cells:</p>
<ul><li><code>role_grant</code></li></ul>`)
    expect(html).toContain('prefers-color-scheme: dark')
    expect(html).not.toMatch(/<script|https?:|url\(/)
  })
})

function pick(permission: string): CoverageModel['permissions'] {
  return Object.fromEntries(Object.entries(model.permissions).filter(([name]) => name === permission))
}
