import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { openDirectory } from '../../src/directory/directory.ts'
import { upon } from '../support/directory-command.ts'
import { directoryFile } from '../support/stored-tenants.ts'

const token = (file: string, ...argv: string[]) => upon(file, 'token', ...argv)

async function emptyDirectory(): Promise<string> {
  const file = directoryFile()
  await (await openDirectory(file)).close()
  return file
}

it('a token is created, listed without its secret, kept as a digest, and revoked', async () => {
  const file = await emptyDirectory()
  const support = await token(file, 'create', 'support', '--scope', 'read', '--tenant', 'acme', '--days', '90')
  expect(support).toMatchObject({ code: 0, stderr: '' })
  expect(support.stdout).toMatch(/^postern_[\w-]{43}\n$/)
  expect((await token(file, 'create', 'console', '--scope', 'manage')).code).toBe(0)
  expect((await token(file, 'list')).stdout).toMatch(
    /^console\tmanage\t-\t-\nsupport\tread\tacme\t\d{4}-\d\d-\d\dT[\d:.]{12}Z\n$/,
  )
  expect(readFileSync(file).includes(support.stdout.trim())).toBe(false)

  const opened = await openDirectory(file)
  expect(await opened.tokens.find(support.stdout.trim())).toMatchObject({ scope: 'read', tenant: 'acme' })
  await opened.close()
  expect((await token(file, 'revoke', 'support')).code).toBe(0)
  expect((await token(file, 'list')).stdout).toBe('console\tmanage\t-\t-\n')
})

it.each([
  [['create', 'a'], '`--scope` must be one of decide, simulate, read, manage'],
  [['create', 'a', '--scope', 'write'], '`--scope` must be one of decide, simulate, read, manage'],
  [['create', 'a', '--scope', 'read', '--days', '0'], '`--days` must be a whole number from 1 to 9999'],
  [['create', 'a', '--scope', 'read', '--tenant', ''], '`--tenant` must name a tenant; leave it out for all'],
  [['create', 'a b', '--scope', 'read'], "a token's name begins with a letter, digit or `_`; `.` and `-` may follow"],
  [['create', '..', '--scope', 'read'], "a token's name begins with a letter, digit or `_`; `.` and `-` may follow"],
  [['create', 'taken', '--scope', 'read'], 'there is a token `taken`'],
  [['create'], '`postern token create` takes one name'],
  [['list', 'a'], '`postern token list` takes no name'],
  [['list', '--days', '1'], '`--scope`, `--tenant` and `--days` are of `postern token create`'],
  [['revoke', 'a'], 'no token `a`'],
])('%j is refused in one line', async (argv, message) => {
  const file = await emptyDirectory()
  await token(file, 'create', 'taken', '--scope', 'read')
  const { code, stdout, stderr } = await token(file, ...argv)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(message)
  expect((await token(file, 'list')).stdout).toBe('taken\tread\t-\t-\n')
})

it('a server that has the directory is not gone behind', async () => {
  const file = directoryFile()
  const server = await openDirectory(file)
  expect(await token(file, 'create', 'a', '--scope', 'read')).toEqual({
    code: 2,
    stdout: '',
    stderr: `postern: \`${file}\` is in use by another process; stop that one first\n`,
  })
  expect(await server.tokens.list()).toEqual([])
  await server.close()
})
