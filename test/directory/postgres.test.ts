import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { openDirectory } from '../../src/directory/directory.ts'
import { migrations as postgresTables } from '../../src/directory/postgres-migrations.ts'
import { openPostgresStore } from '../../src/directory/postgres-store.ts'
import { migrations as sqliteTables } from '../../src/directory/sqlite-migrations.ts'
import { hasPostgres } from '../support/postgres.ts'
import { emptyDatabase } from '../support/stored-tenants.ts'

async function run(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

async function refusal(url: string): Promise<string> {
  try {
    await (await openDirectory(url)).close()
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`
  }
  return 'opened'
}

/** Of each `create table` and `add column`, the names of the columns. */
function columnsOf(steps: readonly string[]): Record<string, string[]> {
  const tables: Record<string, string[]> = {}
  for (const [, table = '', body = ''] of steps.join('\n').matchAll(/create table (\w+) \(([\s\S]*?)\n?\)[^;)]*;/g))
    tables[table] = body
      .replace(/\([^()]*\)/g, '')
      .split(',')
      .map((column) => column.trim().split(/\s/)[0]?.replaceAll('"', '') ?? '')
      .filter((column) => column !== 'primary')
  for (const [, table = '', column = ''] of steps.join('\n').matchAll(/alter table (\w+) add column (\w+)/g))
    tables[table]?.push(column)
  return tables
}

it('both stores have the same tables and columns, but for what several servers need', () => {
  const { sidecar, ...shared } = columnsOf(postgresTables)
  expect(sidecar).toEqual(['instance', 'epoch', 'rev', 'expires'])
  expect(Object.keys(shared).length).toBeGreaterThan(12)
  expect(shared.change?.pop()).toBe('mark')
  expect(shared).toEqual(columnsOf(sqliteTables))
})

describe.skipIf(!hasPostgres)('a PostgreSQL directory (skipped where PostgreSQL is not installed)', () => {
  it('is there after it is opened again, at the same revision', async () => {
    const url = await emptyDatabase()
    const first = await openDirectory(url)
    const revision = await first.put([{ tenant: 't', system: 'x', members: [{ user: 'ann' }] }])
    await first.close()
    const second = await openDirectory(url)
    expect(await second.export('t')).toEqual({
      document: { tenant: 't', system: 'x', revision: 1, members: [{ user: 'ann' }] },
      revision,
    })
    await second.close()
  })

  it('is made once by servers that start together', async () => {
    const url = await emptyDatabase()
    const opened = await Promise.all(Array.from({ length: 5 }, () => openDirectory(url)))
    await Promise.all(opened.map((directory) => directory.put([{ tenant: 't', system: 'x' }])))
    expect(await opened[0]?.check()).toEqual({ faults: [], tenants: 1, members: 0 })
    for (const directory of opened) await directory.close()
    expect(await run(url, 'select rev::int from postern.meta')).toEqual([{ rev: 5 }])
  })

  it('of a later version, with other tables, or that cannot be reached is refused with one line', async () => {
    const url = await emptyDatabase()
    const name = new URL(url).pathname
    const { host } = new URL(url)
    await (await openDirectory(url)).close()
    await run(url, "insert into postern.migration (digest) values ('of the future')")
    expect(await refusal(url)).toBe(`DirectoryError: \`${host}${name}\` was made by a later version; use that one`)
    await run(url, `delete from postern.migration where digest = 'of the future'`)
    await run(url, "update postern.migration set digest = 'other'")
    expect(await refusal(url)).toBe(
      `DirectoryError: \`${host}${name}\` was made by another version; export its tenants with that one`,
    )
    await run(url, 'drop schema postern cascade')
    expect(await refusal(`${url}?options=-c%20default_transaction_read_only%3Don`)).toBe(
      `DirectoryError: \`${host}${name}\` only reads, as a replica does; name the primary`,
    )
    expect(await refusal('postgres://ann:secret@127.0.0.1:1/x')).toBe(
      'DirectoryError: `127.0.0.1:1/x`: connect ECONNREFUSED 127.0.0.1:1 (ECONNREFUSED)',
    )
    expect(await refusal('postgres://[')).toBe(
      'DirectoryError: `directory` is no URL that PostgreSQL understands: `postgres://user@host:5432/database`',
    )
  })

  it('gives who waits for a connection a new one when connections are replaced', async () => {
    const store = await openPostgresStore(await emptyDatabase(), { named: true })
    const asking = Array.from({ length: 30 }, () => store.reads.query('select pg_sleep(0.2)'))
    store.reconnect()
    store.reconnect()
    const answers = await Promise.all(asking)
    expect(answers.map(({ rowCount }) => rowCount)).toEqual(asking.map(() => 1))
    await expect(store.reads.query('select 1 / 0')).rejects.toThrow('division by zero')
    await store.close()
  })

  it('decides nothing for who does not follow what others write', async () => {
    const directory = await openDirectory(await emptyDatabase())
    await directory.put([{ tenant: 't', system: 'x' }])
    expect(() => directory.tenants.find('t')).toThrow('it is too long ago')
    await directory.close()
  })
})
