import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ProjectCopy, problemsAfter, tinyProject } from '../support/project-copy.ts'

const lifecycle = 'config/systems/acme/lifecycle.yaml'
const row = '    takes: { door: name }\n'

let sound: ProjectCopy
beforeAll(() => {
  sound = tinyProject()
})
afterAll(() => sound.remove())

describe('a row that is asked by the month stops the build', () => {
  it.each([
    [
      'where no service asks',
      '',
      '{ user: name, context.date: date }',
      '`door:open` is asked by no service; say `who`, as `service:<name>`, or leave out `monthly`',
    ],
    [
      'without the day',
      'service:janitor',
      '{ user: name }',
      '`door:open` does not take `context.date`; name it under `takes`, or leave out `monthly`',
    ],
    [
      'without the member',
      'service:janitor',
      '{ user?: name, context.date: date }',
      '`door:open` does not take `user`; name it under `takes`, or leave out `monthly`',
    ],
    [
      'with what nobody says',
      'service:janitor',
      '{ user: name, context.date: date, door: name }',
      '`door:open` takes `door`, which nobody says by the month; make it `door?`',
    ],
  ])('%s', async (_title, who, takes, problem) => {
    const asked = who === '' ? '' : `    who: ${who}\n`
    const edit = [lifecycle, row, `${asked}    takes: ${takes}\n    monthly: wants_it\n`] as const
    const problems = (await problemsAfter(sound, [edit])).join('\n')
    expect(problems).toContain(problem)
    expect(problems).toMatch(new RegExp(`${lifecycle}:\\d+:14: .door:open. (?:is asked|does not|takes)`))
  })

  it('but not for what it may be without', async () => {
    const takes = '{ user: name, context.date: date, door?: name }'
    const edit = [lifecycle, row, `    who: service:janitor\n    takes: ${takes}\n    monthly: wants_it\n`] as const
    expect((await problemsAfter(sound, [edit])).join('\n')).not.toContain('month')
  })
})
