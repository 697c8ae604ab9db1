import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../../src/document/package-root.ts'
import { type ProjectCopy, problemsAfter, tinyProject } from '../support/project-copy.ts'

const lifecycle = 'config/systems/acme/lifecycle.yaml'
const row = '    takes: { door: name }\n'

let sound: ProjectCopy
beforeAll(() => {
  sound = tinyProject()
})
afterAll(() => sound.remove())

describe('an effect that cannot be carried out stops the build', () => {
  it.each([
    [
      'an attribute that the row does not take',
      '{ set_member: { role: level } }',
      'the effect uses `level`, which `door:open` does not take; name it under `takes`, as `level?: any` if need be',
    ],
    [
      'a target that the row does not name',
      '{ remove_member: target }',
      'the effect uses `user`, which `door:open` does not take; name it under `takes`, as `user?: any` if need be',
    ],
    ['no verb', '{ with: ring }', 'an effect has one verb, and this one has 0'],
    ['two verbs', '{ set_plan: door, clear_setting: [door] }', 'an effect has one verb, and this one has 2'],
    ['a move without a state', '{ move: subject }', 'the effect moves a member, and the row says not `to` which state'],
  ])('%s', async (_title, effect, problem) => {
    const edit = [lifecycle, row, `${row}    effects: [${effect}]\n`] as const
    expect((await problemsAfter(sound, [edit])).join('\n')).toContain(`${lifecycle}:14:15: ${problem}`)
  })

  it('a verb that there is not, and an obligation that there is not', async () => {
    const edit = (effect: string) => [[lifecycle, row, `${row}    effects: [${effect}]\n`] as const]
    expect((await problemsAfter(sound, edit('{ open_door: door }'))).join('\n')).toContain('open_door')
    expect((await problemsAfter(sound, edit('{ set_plan: door, with: sing }'))).join('\n')).toContain(
      'unknown obligation `sing`',
    )
  })
})

describe('the verbs in policies/README.md', () => {
  it('are those that the schema takes', () => {
    const page = readFileSync(join(packageRoot(), 'policies/README.md'), 'utf8')
    const section = page.slice(page.indexOf('## What an allow does'), page.indexOf('## The facts'))
    const listed = [...section.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z_]+)(?=[`:])/g)].map(([, verb]) => verb),
    )
    const schema = JSON.parse(readFileSync(join(packageRoot(), 'config/schema/lifecycle.schema.json'), 'utf8'))
    const effect = schema.properties.permissions.additionalProperties.properties.effects.items.properties
    const guards = ['with', 'where', 'unless', 'each']
    const verbs = Object.keys(effect).filter((name) => !guards.includes(name))
    expect(listed.filter((name) => name !== 'subject').toSorted()).toEqual(verbs.toSorted())
    for (const guard of guards) expect(section).toContain(`\`${guard}: `)
  })
})
