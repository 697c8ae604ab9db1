import Database from 'libsql'
import { expect, it } from 'vitest'
import { openDirectory } from '../../src/directory/directory.ts'
import { keptChanges } from '../../src/directory/feed.ts'
import { directoryFile } from '../support/stored-tenants.ts'

it('forgets its oldest changes, and knows no place before them', () => {
  const file = directoryFile()
  const first = openDirectory(file)
  first.put([{ tenant: 'a', system: 'x' }])
  first.put([{ tenant: 'a', system: 'x' }])
  const { revision } = first.feed.head()
  expect([first.feed.positionOf(revision), first.feed.after(0, 9, 'a').length]).toEqual([2, 2])
  first.close()

  const database = new Database(file)
  database.prepare('update meta set rev = ?').run([keptChanges])
  database.close()
  const later = openDirectory(file)
  later.put([{ tenant: 'b', system: 'x' }])
  expect(later.feed.after(0, 9, undefined).map(({ position }) => position)).toEqual([2, keptChanges + 1])
  const placeOf = (position: number) => later.feed.positionOf(revision.replace(/2$/, String(position)))
  expect([placeOf(0), placeOf(1), placeOf(keptChanges + 1), placeOf(keptChanges + 2)]).toEqual([
    undefined,
    1,
    keptChanges + 1,
    undefined,
  ])
  later.close()
})

it('is told of what was committed, when it can be read, and of nothing else', () => {
  const directory = openDirectory(directoryFile())
  const heard: unknown[] = []
  const stop = directory.feed.watch(() => heard.push(directory.tenants.find('a')?.header.value('plan')))
  directory.put([{ tenant: 'a', system: 'x', plan: 'free' }])
  const change = (commit: boolean, plan: string) =>
    directory.write('a', (draft) => {
      draft.setPlan(plan)
      return { commit, change: 'plan:change', value: 0 }
    })
  change(false, 'none')
  change(true, 'paid')
  expect(directory.endSession('a', 's')).toBeUndefined()
  stop()
  change(true, 'more')
  expect(heard).toEqual(['free', 'paid'])
  directory.close()
})
