import { execFileSync } from 'node:child_process'
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

  it('of a revision that does not exist are an error in one line', () => {
    const message = '--changed: git finds no revision `--output=x` here; name a commit or a branch'
    expect(() => changedLines(copy.root, '--output=x')).toThrow(message)
  })
})
