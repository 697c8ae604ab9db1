import { writeFileSync } from 'node:fs'
import Database from 'libsql'
import { describe, expect, it } from 'vitest'
import { openDirectory } from '../../src/directory/directory.ts'
import type { TenantDocument } from '../../src/pdp/tenant-document.ts'
import { upon } from '../support/directory-command.ts'
import { directoryFile } from '../support/stored-tenants.ts'

const acme: TenantDocument = {
  tenant: 'acme',
  system: 'x',
  members: [{ user: 'ann', role: 'owner', api_keys: ['k'] }, { user: 'bob' }],
  shares: [{ user: 'bob', path: '/a' }],
  groups: { g: ['bob', 'ann', 'bob'] },
  entities: { document: { d: { a: 1 } } },
}

async function stored(...documents: readonly TenantDocument[]): Promise<string> {
  const file = directoryFile()
  const directory = await openDirectory(file)
  if (documents.length > 0) await directory.put(documents)
  await directory.close()
  return file
}

/** A change that no directory makes. */
function tamper(file: string, sql: string): void {
  const database = new Database(file)
  database.exec(sql)
  database.close()
}

describe('a backup', () => {
  it('is restored whole, under another epoch', async () => {
    const [file, copy] = [await stored(acme), directoryFile()]
    expect(await upon(file, 'directory', 'backup', copy)).toEqual({ code: 0, stdout: '', stderr: '' })
    const directory = await openDirectory(file)
    const before = directory.tenants.find('acme')?.revision
    await directory.write('acme', async (draft, _, journal) => {
      await journal.keepAnswer('later', { digest: 'd', body: '{}' }, 1)
      return { commit: true, change: 'test', value: await draft.removeMember('bob') }
    })
    await directory.put([{ ...acme, tenant: 'beta' }])
    await directory.close()

    expect(await upon(file, 'directory', 'restore', copy)).toEqual({
      code: 2,
      stdout: '',
      stderr: `postern: \`${file}\` holds tenants\n\`--replace\` replaces all of them\n`,
    })
    expect((await upon(file, 'directory', 'restore', copy, '--replace')).code).toBe(0)
    const restored = await openDirectory(file)
    expect((await restored.list(9)).map(({ id }) => id)).toEqual(['acme'])
    const after = restored.tenants.find('acme')?.revision
    expect(await restored.export('acme')).toEqual({ document: { ...acme, revision: 1 }, revision: after })
    expect([before, after]).toEqual([expect.stringMatching(/\.1$/), expect.stringMatching(/\.1$/)])
    expect(after).not.toBe(before)
    const answered = await restored.write('acme', async (_, __, journal) => ({
      commit: false,
      value: await journal.answered('later', 1),
    }))
    expect(answered).toEqual({ value: undefined, revision: after })
    expect(await restored.check()).toEqual({ faults: [], tenants: 1, members: 2 })
    await restored.close()
  })

  it('restored by a running process is what it decides upon next', async () => {
    const [file, copy] = [await stored(acme), directoryFile()]
    const directory = await openDirectory(file)
    await directory.backup(copy)
    await directory.write('acme', async (draft) => ({
      commit: true,
      change: 'test',
      value: await draft.removeMember('bob'),
    }))
    expect(directory.tenants.find('acme')?.record('bob')).toBeUndefined()
    await directory.restore(copy)
    expect(directory.tenants.find('acme')?.record('bob')?.value('user')).toBe('bob')
    await directory.close()
  })

  it('that is none, or of another version, replaces nothing', async () => {
    const [file, text, other] = [await stored(acme), directoryFile(), await stored()]
    writeFileSync(text, 'no database\n'.repeat(100))
    tamper(other, "update migration set digest = 'other'")
    for (const [copy, message] of [
      [text, `\`${text}\` is no SQLite file; name another one`],
      [other, `\`${other}\` is no sound backup of a directory of this version`],
      [`${other}.gone`, `there is no file \`${other}.gone\``],
    ] as const)
      expect(await upon(file, 'directory', 'restore', copy, '--replace')).toEqual({
        code: 2,
        stdout: '',
        stderr: `postern: ${message}\n`,
      })
    const directory = await openDirectory(file)
    expect((await directory.export('acme'))?.document).toEqual({ ...acme, revision: 1 })
    await directory.close()
  })

  it('never overwrites a file', async () => {
    const [file, copy] = [await stored(acme), await stored(acme)]
    expect((await upon(file, 'directory', 'backup', copy)).stderr).toBe(
      `postern: \`${copy}\` exists\nname another file\n`,
    )
  })
})

describe('a check', () => {
  it('finds nothing where all is well', async () => {
    expect(await upon(await stored(acme), 'directory', 'check')).toEqual({
      code: 0,
      stdout: '1 tenants, 2 members, 0 faults\n',
      stderr: '',
    })
  })

  it.each([
    ['update tenant set active = 3', 'tenant `acme`: the counts of members are not theirs'],
    ["update role_count set role = 'boss'", 'tenant `acme`: the counts of roles are not those of the members'],
    [
      "update member set role = 'owner' where user = 'bob'",
      'tenant `acme`: the columns of member `bob` are not those of the record',
    ],
    ["update member_key set api_key = 'other'", 'tenant `acme`: member `ann` is not found by the key `k`'],
    ["insert into member_key values ('acme', 'x', 1)", 'tenant `acme`: a key is assigned to nobody that has it'],
    [
      "update element set target = '/' where list = 'shares'",
      'tenant `acme`: the columns of element 0 of `shares` are not those of the record',
    ],
    ["update holding set places = '[0]'", 'tenant `acme`: what is found inside `groups` is not what it holds'],
    ["update entity set tenant = 'Acme'", 'a row of `entity` is of a tenant `Acme` that is not there'],
    ['delete from change', 'the change feed ends at undefined, the directory at 1'],
    ['update tenant set revision = 9', 'tenant `acme`: its revision is later than that of the directory'],
  ])('finds what %s does', async (sql, fault) => {
    const file = await stored(acme)
    tamper(file, sql)
    const { code, stdout } = await upon(file, 'directory', 'check')
    expect([code, stdout.split('\n')[0]]).toEqual([1, fault])
  })
})
