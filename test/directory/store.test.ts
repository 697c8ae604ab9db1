import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'libsql'
import { expect, it } from 'vitest'
import { openDirectory } from '../../src/directory/directory.ts'
import { DirectoryError } from '../../src/directory/directory-error.ts'
import { directoryFile } from '../support/stored-tenants.ts'

async function refusal(file: string): Promise<string> {
  try {
    await (await openDirectory(file)).close()
  } catch (error) {
    if (error instanceof DirectoryError) return error.message
    throw error
  }
  return 'opened'
}

function prepare(file: string, sql: string): void {
  const database = new Database(file)
  database.exec(sql)
  database.close()
}

it('what was put is there after the file is opened again, at the same revision', async () => {
  const file = directoryFile()
  const first = await openDirectory(file)
  const revision = await first.put([{ tenant: 't', system: 'x', members: [{ user: 'ann' }] }])
  await first.close()
  const second = await openDirectory(file)
  expect(second.tenants.find('t')?.revision).toBe(revision)
  expect(await second.export('t')).toEqual({
    document: { tenant: 't', system: 'x', revision: 1, members: [{ user: 'ann' }] },
    revision,
  })
  await second.close()
})

it('a second process is refused with one line, and the first goes on', async () => {
  const file = directoryFile()
  const first = await openDirectory(file)
  const script = `const D = require('libsql'); const db = new D(process.argv[1]);
    try { db.exec('begin immediate'); console.log('opened') } catch (error) { console.log(error.code) }`
  expect(spawnSync(process.execPath, ['-e', script, file], { encoding: 'utf8' }).stdout).toBe('SQLITE_BUSY\n')
  expect(await refusal(file)).toBe(`\`${file}\` is in use by another process; stop that one first`)
  await first.put([{ tenant: 't', system: 'x' }])
  await first.close()
  expect(await refusal(file)).toBe('opened')
})

it('a file that is no directory is refused and left as it is', async () => {
  const file = directoryFile()
  writeFileSync(file, 'members: []\n'.repeat(100))
  expect(await refusal(file)).toBe(`\`${file}\` is no SQLite file; name another one`)

  const other = directoryFile()
  prepare(other, 'create table invoice (id integer)')
  expect(await refusal(other)).toBe(`\`${other}\` is a database of something else; name another file`)

  const absent = join(dirname(directoryFile()), 'folder/postern.db')
  expect(await refusal(absent)).toBe(`cannot open \`${absent}\`: its folder does not exist; make it first`)
  expect(existsSync(dirname(absent))).toBe(false)

  const folder = dirname(directoryFile())
  expect(await refusal(folder)).toBe(`cannot open \`${folder}\`; it must be a file that can be read and written`)
})

it('a file of a later version, or with other tables, is refused', async () => {
  const later = directoryFile()
  await (await openDirectory(later)).close()
  prepare(later, "insert into migration (digest) values ('of the future')")
  expect(await refusal(later)).toBe(`\`${later}\` was made by a later version; use that one`)

  const other = directoryFile()
  await (await openDirectory(other)).close()
  prepare(other, "update migration set digest = 'other'")
  expect(await refusal(other)).toBe(`\`${other}\` was made by another version; export its tenants with that one`)
})
