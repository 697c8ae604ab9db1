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
  lifecycle: {
    'key:revoke': { from: { active: 'f:3', pending: 'f:3' }, to: 'inactive', lines: ['f:1', 'f:2', 'f:3', 'f:4'] },
    'key:remind': { from: { pending: 'f:6' }, lines: ['f:5', 'f:6'] },
    'key:issue': { from: {}, to: 'pending', lines: ['f:7'] },
    'door:open': { from: {}, lines: ['f:8', 'f:9'] },
  },
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
    expect(
      reachedBy({ action: 'door:open', role: 'guest', target: undefined, evaluation: allow('share_grant') }),
    ).toEqual([
      'door:open guest on condition',
      'checks.door_exists passes',
      'checks.two_factors passes',
      'conditions.office_hours passes',
      'share_grant',
      'door:open allowed',
    ])
  })

  it('of a refusal by a check is that outcome, and that those before it pass', () => {
    const evaluation = refusal('out_of_scope', 'relation', ['conditions', 'office_hours'])
    expect(reachedBy({ action: 'door:open', role: 'guest', target: undefined, evaluation })).toEqual([
      'checks.two_factors passes',
      'conditions.office_hours refuses',
      'out_of_scope',
    ])
  })

  it('of a refusal by the matrix is the cell that denies', () => {
    const evaluation = refusal('no_permission', 'right')
    expect(reachedBy({ action: 'report:view', role: 'guest', target: undefined, evaluation })).toEqual([
      'report:view guest denied',
      'no_permission',
    ])
  })

  it('of a refusal before the right is no cell', () => {
    const evaluation = refusal('two_factor_required', 'gate', ['shared', 'two_factors'])
    expect(reachedBy({ action: 'door:open', role: 'owner', target: undefined, evaluation })).toEqual([
      'checks.two_factors refuses',
      'two_factor_required',
    ])
    expect(
      reachedBy({
        action: 'door:open',
        role: undefined,
        target: undefined,
        evaluation: refusal('inactive', 'membership'),
      }),
    ).toEqual([])
  })

  it('of an allow for another reason than that of the cell is no cell', () => {
    expect(
      reachedBy({ action: 'report:view', role: 'owner', target: undefined, evaluation: allow('override_grant') }),
    ).toEqual([])
  })

  it('of a lifecycle row is the state of the target that an allow was about, and nothing of a refusal', () => {
    const about = (action: string, target: string | undefined, evaluation: CoverageRow['evaluation']) =>
      reachedBy({ action, role: 'owner', target, evaluation })
    expect(about('key:revoke', 'pending', allow('self'))).toEqual(['key:revoke pending → inactive'])
    expect(about('key:revoke', 'inactive', allow('self'))).toEqual([])
    expect(about('key:revoke', undefined, allow('self'))).toEqual([])
    expect(about('key:remind', 'pending', allow('self'))).toEqual(['key:remind from pending'])
    expect(about('key:issue', 'active', allow('self'))).toEqual(['key:issue → pending'])
    expect(about('key:revoke', 'active', refusal('invalid_transition', 'precondition'))).toEqual([])
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
      'transition key:revoke active → inactive',
      'transition key:revoke pending → inactive',
      'transition key:remind from pending',
      'transition key:issue → pending',
      'transition door:open allowed',
    ])
    expect(cells).toHaveLength(4)
  })

  it('can be that of changed lines alone', () => {
    const rows: CoverageRow[] = [
      { action: 'report:view', role: 'owner', target: undefined, evaluation: allow('role_grant') },
      { action: 'report:view', role: 'guest', target: undefined, evaluation: refusal('no_permission', 'right') },
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
    expect(changed?.transitions).toEqual([])
    expect(percentOf(changed?.items ?? [])).toBe(100)
  })

  it('of a changed line of a lifecycle row asks for each state of its target again', () => {
    const row = { action: 'key:revoke', role: 'owner', target: 'active', evaluation: allow('self') }
    const [changed] = changedCoverage([countCoverage(model, [row])], new Set(['f:4']))
    expect(changed?.items).toEqual([
      {
        kind: 'transition',
        name: 'key:revoke active → inactive',
        places: ['f:3', 'f:1', 'f:2', 'f:4'],
        reached: true,
      },
      {
        kind: 'transition',
        name: 'key:revoke pending → inactive',
        places: ['f:3', 'f:1', 'f:2', 'f:4'],
        reached: false,
      },
    ])
    expect(changed?.transitions).toEqual([
      { permission: 'key:revoke', from: 'active', to: 'inactive', reached: true },
      { permission: 'key:revoke', from: 'pending', to: 'inactive', reached: false },
    ])
  })
})

describe('a report of coverage', () => {
  const rows = [
    { action: 'report:view', role: 'guest', target: undefined, evaluation: refusal('no_permission', 'right') },
    { action: 'key:remind', role: 'guest', target: 'pending', evaluation: allow('self') },
  ]
  const lifecycle = {
    'key:remind': { from: { pending: 'f:6' }, lines: ['f:5', 'f:6'] },
    'key:issue': { from: {}, to: 'pending', lines: ['f:7'] },
  }
  const counted = [countCoverage({ ...model, permissions: pick('report:view'), lifecycle }, rows)]

  it('lists what no row shows', () => {
    expect(coverageText(counted)).toBe(`house: 50 % of what 2 decision rows could show
     1 of    2 cells
     0 of    0 outcomes of checks and conditions
     1 of    2 reasons
     1 of    2 transitions of lifecycle rows
  not reached:
    report:view owner allowed  m:5
    role_grant  m:5
    key:issue → pending  f:7
`)
  })

  it('draws the matrix without a script, whatever a name holds', () => {
    const html = coverageHtml([{ ...counted[0], system: 'a<b' } as (typeof counted)[0]])
    expect(html).toContain(`<h2>a&lt;b</h2>
<p>3 of 6 (50 %) in 2 rows</p>
<div class="wide"><table>
<thead><tr><th scope="col">permission</th><th scope="col">owner</th><th scope="col">guest</th></tr></thead>
<tbody>
<tr><th scope="row">report:<wbr>view</th><td class="open" title="report:view owner: allowed, shown by no row">A</td><td class="reached" title="report:view guest: denied, shown by a row">–</td></tr>
</tbody>
</table></div>
<h3>Lifecycle</h3>
<p>The state of the target before and after.</p>
<div class="wide"><table>
<thead><tr><th scope="col">permission</th><th scope="col">from</th><th scope="col">to</th></tr></thead>
<tbody>
<tr><th scope="row">key:<wbr>remind</th><td class="reached" title="shown by a row">pending</td><td class="reached" title="shown by a row">as it was</td></tr>
<tr><th scope="row">key:<wbr>issue</th><td class="open" title="shown by no row">any</td><td class="open" title="shown by no row">pending</td></tr>
</tbody>
</table></div>
<p>Not reached beside these:</p>
<ul><li><code>role_grant</code></li></ul>`)
    expect(html).toContain('prefers-color-scheme: dark')
    expect(html).not.toMatch(/<script|https?:|url\(/)
  })
})

function pick(permission: string): CoverageModel['permissions'] {
  return Object.fromEntries(Object.entries(model.permissions).filter(([name]) => name === permission))
}
