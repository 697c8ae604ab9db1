import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DecisionParts, decisionDigests } from '../../src/app/decision-digests.ts'
import type { RegoRule } from '../../src/opa/rego-index.ts'
import { type ProjectCopy, repositoryCopy, withCopyOf } from '../support/project-copy.ts'

const rule = (path: string, systems: readonly string[] = [], syntax = 's') =>
  ({ path: path.split('.'), systems, syntax }) as unknown as RegoRule

/** The systems whose digest is another one after the change. */
function turned(before: DecisionParts, change: Partial<DecisionParts>): readonly string[] {
  const [from, to] = [decisionDigests(before), decisionDigests({ ...before, ...change })]
  return [...from.keys()].filter((name) => from.get(name) !== to.get(name))
}

describe('the digest of what decisions depend on', () => {
  const rules = [rule('authz.decision'), rule('systems.a.x'), rule('systems.b.x'), rule('systems.c.x', ['b'])]
  const systems = new Map(['a', 'b', 'c', 'd'].map((name) => [name, [name]]))
  const parts = { rules, systems, shared: ['1.22'] }
  const others = (...names: string[]) => rules.filter(({ path }) => !names.includes(path.join('.')))

  it('is of rules that are not of another system, and of those that they reach', () => {
    expect(turned(parts, { rules: [...others('systems.a.x'), rule('systems.a.x', [], 't')] })).toEqual(['a'])
    expect(turned(parts, { rules: [...others('systems.b.x'), rule('systems.b.x', [], 't')] })).toEqual(['b', 'c'])
    expect(turned(parts, { rules: [...others('authz.decision'), rule('authz.decision', [], 't')] })).toHaveLength(4)
    expect(turned(parts, { rules: [...rules, rule('authz.new')] })).toHaveLength(4)
    expect(turned(parts, { rules: rules.toReversed() })).toEqual([])
  })

  it('is of every system where a rule may read any', () => {
    const wild = { ...parts, rules: [...rules, rule('systems.d.x', ['*'])] }
    const changed = { rules: [...wild.rules, rule('systems.a.y')] }
    expect(turned(wild, changed)).toEqual(['a', 'd'])
    const core = { ...parts, rules: [...rules, rule('authz.any', ['*'])] }
    expect(turned(core, { rules: [...core.rules, rule('systems.a.y')] })).toHaveLength(4)
  })

  it('is of the tables of what it reaches, and of what all share', () => {
    expect(turned(parts, { systems: new Map([...systems, ['b', ['other']]]) })).toEqual(['b', 'c'])
    expect(turned(parts, { shared: ['1.23'] })).toHaveLength(4)
  })
})

describe('a build', { timeout: 120_000 }, () => {
  let sound: ProjectCopy
  beforeAll(async () => {
    sound = repositoryCopy()
    await sound.build()
  })
  afterAll(() => sound.remove())

  /** The systems whose decisions depend on something else after the last edit. */
  const turnedBy = (...edits: readonly ((copy: ProjectCopy) => void)[]) =>
    withCopyOf(sound, async (copy) => {
      const digests = async () => (await copy.build()).bundle.manifest.index.decisions
      for (const edit of edits.slice(0, -1)) edit(copy)
      const before = await digests()
      edits.at(-1)?.(copy)
      return Object.entries(await digests()).flatMap(([name, digest]) => (digest === before[name] ? [] : [name]))
    })
  const add = (file: string, text: string) => (copy: ProjectCopy) => copy.write(file, `${copy.read(file)}\n${text}\n`)

  const levels = 'policies/systems/imagekit/levels.rego'

  it('tells which systems an edit can turn decisions of', async () => {
    const cell = 'purge: { account_administrator: allow, developer: allow }'
    const narrowed = (copy: ProjectCopy) =>
      copy.edit('config/systems/imagekit/matrix.yaml', cell, 'purge: { account_administrator: allow }')
    expect(await turnedBy(narrowed)).toEqual(['imagekit'])
    expect(await turnedBy(add(levels, '# The end.'))).toEqual([])
    expect(await turnedBy(add(levels, 'odd := 1'))).toEqual(['imagekit'])
    const all = ['filerobot', 'filestack', 'fivemanage', 'imagekit', 'quantcdn']
    expect(await turnedBy(add('policies/authz/shared/values.rego', 'odd := 1'))).toEqual(all)
  })

  it.each([
    ['data.systems.imagekit.odd', ['filestack', 'imagekit']],
    ['data.systems[input.tenant.plan].odd', ['filestack', 'imagekit']],
    ['{name | data.systems[name].odd}', ['filestack', 'imagekit']],
    ['data.systems[input.tenant.system].odd', ['imagekit']],
  ])('sees where a system reaches for another one: %s', async (read, expected) => {
    const borrows = add('policies/systems/filestack/keys.rego', `borrowed := ${read}`)
    expect(
      await turnedBy(add(levels, 'odd := 1'), borrows, (copy) => copy.edit(levels, 'odd := 1', 'odd := 2')),
    ).toEqual(expected)
  })
})
