import { execFileSync, spawn } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { freePort } from '../support/postgres.ts'

export interface Pool {
  /** The URL of the same database through here. */
  urlOf(url: string): string
  freeze(): void
  resume(): void
}

/** A pgbouncer in transaction mode in front of the PostgreSQL of the port; it goes with the test. */
export async function startPool(target: number): Promise<Pool> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-pgbouncer-'))
  const port = await freePort()
  const file = join(folder, 'pgbouncer.ini')
  const lines = [
    '[databases]',
    // Whoever comes is this user there.
    `* = host=127.0.0.1 port=${target} user=postern`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    'default_pool_size = 10',
    // By default it does not try for a quarter of a minute after PostgreSQL was away.
    'server_login_retry = 1',
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  // Like PostgreSQL it does not run as root.
  const owner = userInfo().uid === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : undefined
  if (owner !== undefined) for (const path of [folder, file]) chownSync(path, owner.uid, owner.gid)
  const child = spawn('pgbouncer', [file], { stdio: 'ignore', ...owner })
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  for (let turn = 0; turn < 100 && !(await isOpen(port)); turn++) await sleep(50)
  return {
    urlOf(url) {
      const changed = new URL(url)
      changed.port = String(port)
      return String(changed)
    },
    freeze: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
  }
}

function idOf(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }))
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
