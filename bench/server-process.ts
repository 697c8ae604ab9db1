import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, type Place } from './ask.ts'

export interface Running extends Place {
  readonly pid: number
  stop(): Promise<void>
}

export interface ServerCommand extends Place {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** A path whose GET answers 2xx once the server can be asked. */
  readonly readyPath: string
}

/** What a contender needs from the harness to start its server. */
export interface Host {
  /** A loopback port that was free a moment ago. */
  freePort(): Promise<number>
  /** A new temporary folder, removed at the end. */
  folder(): string
  /** Starts the server on the server core; resolves when it is ready, rejects with the end of what it printed. */
  serve(command: ServerCommand): Promise<Running>
}

const children = new Set<ChildProcess>()
const folders = new Set<string>()
const readyTimeout = 30_000

/** Whether a command is on PATH. */
export const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

/** A host whose servers run on `core`, or anywhere if it is undefined. */
export const makeHost = (core: number | undefined): Host => ({
  freePort,
  folder: () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
    folders.add(folder)
    return folder
  },
  serve: async ({ command, args, env, cwd, readyPath, port, socket }) => {
    const place = socket === undefined ? { port } : { port, socket }
    // setpriv lets the kernel end the server even if this process dies by SIGKILL; each wrapper execs, so the pid stays.
    const wrappers = [
      ...(core === undefined ? [] : ['taskset', '-c', String(core)]),
      ...(has('setpriv') ? ['setpriv', '--pdeathsig', 'KILL'] : []),
    ]
    const [file = command, ...rest] = [...wrappers, command, ...args]
    const child = spawn(file, rest, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    children.add(child)
    let printed = ''
    const keep = (chunk: Buffer) => {
      printed = (printed + chunk).slice(-2000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    let failure: string | undefined
    child.on('error', (error) => {
      failure = error.message
    })
    const ended = new Promise<void>((resolve) => {
      child.on('close', (code, signal) => {
        failure ??= `ended with ${signal ?? code}`
        children.delete(child)
        resolve()
      })
    })
    const deadline = Date.now() + readyTimeout
    while (!(await answers(place, readyPath))) {
      if (failure !== undefined) throw new Error(`\`${command}\` did not start: ${failure}\n${printed}`)
      if (Date.now() > deadline) throw new Error(`\`${command}\` was not ready after ${readyTimeout} ms\n${printed}`)
      await sleep(50)
    }
    return {
      ...place,
      pid: child.pid as number,
      stop: async () => {
        child.kill('SIGKILL')
        await ended
      },
    }
  },
})

const answers = async (place: Place, path: string): Promise<boolean> => {
  try {
    const { status } = await ask(place, { method: 'GET', path, headers: {}, body: '' }, 1000)
    return status >= 200 && status <= 299
  } catch {
    return false
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

/** Ends every server and removes every temporary folder, now. Safe to call twice. */
export const cleanUp = (): void => {
  for (const child of children) child.kill('SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  folders.clear()
}

/** From now on no way to leave this process leaves a server or a folder behind. */
export const cleanUpOnExit = (): void => {
  process.on('exit', cleanUp)
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => process.exit(code))
  }
}
