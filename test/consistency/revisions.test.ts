import pg from 'pg'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { openDirectory } from '../../src/directory/directory.ts'
import { createDatabase, hasPostgres } from '../support/postgres.ts'

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

describe.skipIf(!hasPostgres)('who asks for what is behind the last rev (skipped without PostgreSQL)', () => {
  it('misses a change where a sequence numbers them', async () => {
    const url = await createDatabase(inject('postgres') as number)
    const [slow, fast, poller] = await Promise.all([connected(url), connected(url), connected(url)])
    await poller.query('create table numbered (rev bigserial primary key, what text)')
    const behind = async (rev: number) =>
      (await poller.query('select rev::int, what from numbered where rev > $1 order by rev', [rev])).rows

    await slow.query('begin')
    await slow.query("insert into numbered (what) values ('revoke')")
    await fast.query("insert into numbered (what) values ('another')")
    expect(await behind(0)).toEqual([{ rev: 2, what: 'another' }])
    await slow.query('commit')
    expect(await behind(2)).toEqual([])
  })

  it('misses none of the directory, whose writes have their revs in the order of their commits', async () => {
    const url = await createDatabase(inject('postgres') as number)
    const directories = [await openDirectory(url), await openDirectory(url)]
    for (const directory of directories) onTestFinished(() => directory.close())
    const poller = await connected(url)
    let writing = true
    const seen: number[] = []
    const polling = (async () => {
      for (let last = 0, more = true; more; last = seen.at(-1) ?? 0) {
        more = writing
        const { rows } = await poller.query('select rev::int from postern.change where rev > $1 order by rev', [last])
        seen.push(...rows.map(({ rev }) => rev))
      }
    })()
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let turn = 0; turn < 25; turn++)
        await directories[writer % 2]?.put([{ tenant: `t${writer}`, system: 'x', members: [{ user: `u${turn}` }] }])
    })
    await Promise.all(writers)
    writing = false
    await polling
    expect(seen).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
  })
})
