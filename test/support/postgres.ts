import { execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

/** A PostgreSQL server of the tests' own, on loopback, with nothing in it. */
export interface PostgresServer {
  readonly port: number
  /** The folder of its data, where `postmaster.pid` is. */
  readonly data: string
  /** The URL of a new, empty database. */
  database(): Promise<string>
  /** Stops it as `pg_ctl` does in this mode, and starts it again on the same port; `between` may change its data. */
  restart(mode: 'fast' | 'immediate', between?: () => void): Promise<void>
  stop(): void
}

/** Debian keeps the programs of each version in a folder of its own, which is not on the PATH. */
const folder = '/usr/lib/postgresql'
const versions = existsSync(folder) ? readdirSync(folder).sort((a, b) => Number(a) - Number(b)) : []
const programs = join(folder, versions.at(-1) ?? 'none', 'bin')

/** Where this is false a test says that it skips; `POSTERN_TEST_REQUIRE` makes it fail instead. */
export const hasPostgres = process.env.POSTERN_TEST_REQUIRE === '1' || existsSync(join(programs, 'initdb'))

export const postgresProgram = (name: string) => join(programs, name)

/** PostgreSQL does not run as root; then it runs as the user that Debian's package made for it. */
function as(program: string, args: readonly string[]): [string, string[]] {
  const path = postgresProgram(program)
  return userInfo().uid === 0 ? ['runuser', ['-u', 'postgres', '--', path, ...args]] : [path, [...args]]
}

export async function startPostgres(settings: readonly string[] = []): Promise<PostgresServer> {
  const home = mkdtempSync(join(tmpdir(), 'postern-postgres-'))
  if (userInfo().uid === 0) execFileSync('chown', ['postgres', home])
  const data = join(home, 'data')
  const port = await freePort()
  const run = (program: string, ...args: string[]) => {
    const [command, all] = as(program, args)
    execFileSync(command, all, { stdio: 'pipe' })
  }
  run('initdb', '--auth=trust', '--username=postern', '--no-sync', '--encoding=UTF8', '--locale=C.UTF-8', '-D', data)
  const options = [`-p ${port}`, `-k ${home}`, '-c listen_addresses=127.0.0.1', ...settings.map((one) => `-c ${one}`)]
  const starting = as('pg_ctl', ['-D', data, '-w', '-l', join(home, 'log'), '-o', options.join(' '), 'start'])
  const halting = (mode: string) => as('pg_ctl', ['-D', data, '-m', mode, '-w', 'stop'])
  await runAside(...starting)
  return {
    port,
    data,
    database: () => createDatabase(port),
    async restart(mode, between = () => {}) {
      await runAside(...halting(mode))
      between()
      await runAside(...starting)
    },
    stop() {
      const [command, all] = halting('immediate')
      execFileSync(command, all, { stdio: 'pipe' })
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** The URL of a new database of the server on this port. */
export async function createDatabase(port: number): Promise<string> {
  const name = `directory_${randomUUID().replaceAll('-', '')}`
  const client = new pg.Client({ connectionString: `postgres://postern@127.0.0.1:${port}/postgres` })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  return `postgres://postern@127.0.0.1:${port}/${name}`
}

/** What the program starts in the background may keep its outputs open, so none is waited for. */
async function runAside(command: string, all: readonly string[]): Promise<void> {
  const child = spawn(command, all, { stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${all.join(' ')} ended with ${code}`)
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
