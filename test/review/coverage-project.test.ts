import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changedLines } from '../../src/app/changed-lines.ts'
import { coverageOf } from '../../src/app/coverage.ts'
import { builtBundle, project } from '../support/policy.ts'
import { type ProjectCopy, repositoryCopy } from '../support/project-copy.ts'

describe('the decision rows of the project', () => {
  const systems = coverageOf(project.root, builtBundle())

  it('show every reason of every system', () => {
    const left = systems.flatMap(({ system, items }) =>
      items.filter(({ kind, reached }) => kind === 'reason' && !reached).map(({ name }) => `${system} ${name}`),
    )
    expect(left).toEqual([])
    expect(systems.map(({ items }) => items.filter(({ kind }) => kind === 'cell').length > 100)).toEqual(
      systems.map(() => true),
    )
  })

  it('show both outcomes of each check and condition, but those that cannot come about', () => {
    const left = systems.flatMap(({ system, items }) =>
      items.filter(({ kind, reached }) => kind === 'check' && !reached).map(({ name }) => `${system} ${name}`),
    )
    expect(left).toEqual([
      // Narrows a list down, and refuses nobody.
      'imagekit conditions.sees_what_is_shared refuses',
      // Refuses everybody: a role is not changed in place there.
      'quantcdn checks.role_never_changes_in_place passes',
    ])
  })

  it('show each state that a lifecycle row lets its target be in, and each that it leads to', () => {
    const named = systems.flatMap(({ system, transitions }) =>
      transitions.filter(({ from, to }) => from !== undefined || to !== undefined).map((one) => ({ system, ...one })),
    )
    expect(named.filter(({ reached }) => !reached)).toEqual([])
    expect(named.filter(({ permission }) => permission === 'member:remove')).toEqual([
      { system: 'filestack', permission: 'member:remove', from: 'active', to: 'none', reached: true },
      { system: 'filestack', permission: 'member:remove', from: 'pending', to: 'none', reached: true },
      { system: 'filestack', permission: 'member:remove', from: 'inactive', to: 'none', reached: true },
      { system: 'fivemanage', permission: 'member:remove', from: 'active', to: 'none', reached: true },
      { system: 'fivemanage', permission: 'member:remove', from: 'inactive', to: 'none', reached: true },
    ])
  })
})

describe('changed lifecycle rows', () => {
  const [filestack] = coverageOf(project.root, builtBundle()).filter(({ system }) => system === 'filestack')
  const linesOf = (name: string) => {
    const { places = [] } = filestack?.items.find((item) => item.name === name) ?? {}
    return places.map((place) => Number(place.split(':')[1]))
  }
  const textOf = (line: number | undefined) =>
    readFileSync(join(project.root, 'config/systems/filestack/lifecycle.yaml'), 'utf8').split('\n')[(line ?? 0) - 1]

  it('are all their lines, of which reports name that of the state', () => {
    const [state, ...others] = linesOf('member:remove pending → none')
    expect(textOf(state)).toBe('    from: [active, pending, inactive]')
    expect(others.map(textOf).filter((text) => /^ {2}\S|^ {6}\S/.test(text ?? ''))).toEqual([
      '  member:remove:',
      '      target: [target_exists, target_is_not_owner]',
      '      - remove_member: target',
    ])
  })
})

describe('changed lines', () => {
  let copy: ProjectCopy
  const git = (...args: string[]) => execFileSync('git', args, { cwd: copy.root, stdio: 'ignore' })
  beforeAll(() => {
    copy = repositoryCopy()
    git('init', '--quiet')
    git('add', 'config')
    git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--message', 'base')
  })
  afterAll(() => copy.remove())

  it('are those that differ from a revision, and all of a new file', () => {
    expect([...changedLines(copy.root, 'HEAD')]).toEqual([])
    copy.edit(
      'config/systems/filestack/matrix.yaml',
      '    list: { account_owner: allow }\n',
      '    list: { account_owner: allow,\n      billing: allow }\n',
    )
    copy.write('config/systems/filestack/reasons.yaml', 'messages: {}\nallows: {}')
    expect([...changedLines(copy.root, 'HEAD')]).toEqual([
      'config/systems/filestack/matrix.yaml:15',
      'config/systems/filestack/matrix.yaml:16',
      'config/systems/filestack/reasons.yaml:1',
      'config/systems/filestack/reasons.yaml:2',
    ])
  })

  it('are, of a line that is gone, the one above it', () => {
    const lifecycle = 'config/systems/fivemanage/lifecycle.yaml'
    const { 0: gone, index } = /^ {4}from: .*\n/m.exec(copy.read(lifecycle)) as RegExpExecArray
    const above = copy.read(lifecycle).slice(0, index).split('\n').length - 1
    copy.write(lifecycle, copy.read(lifecycle).replace(gone, ''))
    const changed = [...changedLines(copy.root, 'HEAD')].filter((line) => line.startsWith(`${lifecycle}:`))
    expect(changed).toEqual([`${lifecycle}:${above}`])
  })

  it('of a revision that does not exist are an error in one line', () => {
    const message = '--changed: git finds no revision `--output=x` here; name a commit or a branch'
    expect(() => changedLines(copy.root, '--output=x')).toThrow(message)
  })
})
