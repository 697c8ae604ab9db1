import Database from 'libsql'
import { describe, expect, it } from 'vitest'
import { openDirectory } from '../../src/directory/directory.ts'
import { keptChanges } from '../../src/directory/feed.ts'
import { whenLoaded } from '../../src/pdp/awaited-pdp.ts'
import { backends, directoryFile } from '../support/stored-tenants.ts'

it('forgets its oldest changes, and knows no place before them', async () => {
  const file = directoryFile()
  const first = await openDirectory(file)
  await first.put([{ tenant: 'a', system: 'x' }])
  await first.put([{ tenant: 'a', system: 'x' }])
  const { revision } = await first.feed.head()
  expect([await first.feed.positionOf(revision), (await first.feed.after(0, 9, 'a')).length]).toEqual([2, 2])
  await first.close()

  const database = new Database(file)
  database.prepare('update meta set rev = ?').run([keptChanges])
  database.close()
  const later = await openDirectory(file)
  await later.put([{ tenant: 'b', system: 'x' }])
  expect((await later.feed.after(0, 9, undefined)).map(({ position }) => position)).toEqual([2, keptChanges + 1])
  const placeOf = (position: number) => later.feed.positionOf(revision.replace(/2$/, String(position)))
  expect(await Promise.all([0, 1, keptChanges + 1, keptChanges + 2].map(placeOf))).toEqual([
    undefined,
    1,
    keptChanges + 1,
    undefined,
  ])
  await later.close()
})

describe.each(backends)('the feed of changes on $name', ({ directoryOf }) => {
  it('is told of what was committed, when it can be read, and of nothing else', async () => {
    const directory = await directoryOf()
    const heard: unknown[] = []
    const read = () => whenLoaded(() => directory.tenants.find('a')?.header.value('plan'))
    const stop = directory.feed.watch(() => heard.push(read()))
    // What was written is told by then; a database that is followed may tell it twice.
    const settled = async () => {
      await directory.freshness.reach({ full: true })
      return Promise.all(heard)
    }
    const change = async (commit: boolean, plan: string) => {
      await directory.write('a', async (draft) => {
        draft.setPlan(plan)
        return { commit, change: 'plan:change', value: 0 }
      })
      return settled()
    }
    await directory.put([{ tenant: 'a', system: 'x', plan: 'free' }])
    const put = await settled()
    expect(new Set(put)).toEqual(new Set(['free']))
    expect(await change(false, 'none')).toEqual(put)
    const paid = await change(true, 'paid')
    expect(new Set(paid.slice(put.length))).toEqual(new Set(['paid']))
    expect(await directory.endSession('a', 's')).toBeUndefined()
    expect(await settled()).toEqual(paid)
    stop()
    expect(await change(true, 'more')).toEqual(paid)
  })

  it('has the changes in their order, of one tenant or of all, and only revisions that it gave out', async () => {
    const directory = await directoryOf({ tenant: 'a', system: 'x' }, { tenant: 'b', system: 'x' })
    await directory.write('a', async () => ({ commit: true, change: 'plan:change', ended: ['ann'], value: 0 }))
    await directory.freshness.reach({ full: true })
    await directory.freshness.reach({ full: true })
    const { position, revision } = await directory.feed.head()
    const placed = async (after: number, limit: number, tenant?: string) =>
      (await directory.feed.after(after, limit, tenant)).map((change) => [change.position, change.tenant, change.kind])
    expect(position).toBe(3)
    expect(await placed(0, 9)).toEqual([
      [1, 'a', 'put'],
      [2, 'b', 'put'],
      [3, 'a', 'plan:change'],
    ])
    expect(await placed(1, 1)).toEqual([[2, 'b', 'put']])
    expect(await placed(1, 9, 'a')).toEqual([[3, 'a', 'plan:change']])
    expect(await directory.feed.after(2, 9, 'a')).toEqual([
      { position: 3, revision, tenant: 'a', kind: 'plan:change', ended: [{ user: 'ann', sessions: [] }] },
    ])
    const known = [revision, revision.replace(/3$/, '1'), revision.replace(/3$/, '4'), revision.replace(/3$/, '03')]
    const other = revision.replace(/^v1\.[^.]*/, 'v1.00000000-0000-0000-0000-000000000000')
    const places = await Promise.all([...known, other, 'x'].map((text) => directory.feed.positionOf(text)))
    expect(places).toEqual([3, 1, undefined, undefined, undefined, undefined])
  })
})
