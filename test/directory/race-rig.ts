import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TenantDocument } from '../../src/pdp/tenant-document.ts'
import { upon } from '../support/directory-command.ts'
import { project } from '../support/policy.ts'
import { portsOf } from '../support/served-ports.ts'

/** Asks what it reads from its standard input, over one connection; status 0 where there was no answer. */
const client = `
  import { Agent, request } from 'node:http'
  import { createInterface } from 'node:readline'
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  createInterface({ input: process.stdin }).on('line', (line) => {
    const { id, body, ...options } = JSON.parse(line)
    const done = (status, text) => console.log(JSON.stringify({ id, status, text }))
    const asked = request({ agent, host: '127.0.0.1', ...options }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk) => { text += chunk })
      answer.on('end', () => done(answer.statusCode, text)).on('error', () => done(0, ''))
    })
    asked.on('error', () => done(0, '')).end(body)
  })`

const clients = 8

interface Body {
  readonly decision?: boolean
  readonly context?: { readonly reason: string }
  readonly replayed?: true
  readonly revision: string
  readonly warnings?: readonly { readonly message: string }[]
}

interface Asked {
  readonly to: 'decision' | 'management'
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface Attempt {
  readonly tenant: string
  readonly by: string
  readonly action: string
  readonly resource: Readonly<Record<string, unknown>>
  /** The `Idempotency-Key`; by default one of its own. */
  readonly key?: string
}

export interface Outcome {
  /** `allowed`, or the reason of the denial. */
  readonly outcome: string
  readonly replayed: boolean
  /** Of the directory, after it. */
  readonly revision: number
}

interface Pending {
  readonly client: ChildProcess
  readonly answered: (answer: { readonly status: number; readonly text: string }) => void
}

export type RaceRig = ReturnType<typeof raceRig>

/** One `postern serve` on a directory of its own, and eight processes that ask it, until `close`. */
export function raceRig() {
  const folder = mkdtempSync(join(tmpdir(), 'postern-race-'))
  const file = join(folder, 'postern.db')
  const running = new Set<ChildProcess>()
  const started = (argv: readonly string[], env: NodeJS.ProcessEnv = process.env) => {
    const child = spawn(process.execPath, argv, { env, stdio: ['pipe', 'pipe', 'pipe'] })
    running.add(child)
    child.on('exit', () => running.delete(child))
    // What was written to a process that is being killed is asked again.
    child.stdin.on('error', () => {})
    return child
  }

  const pending = new Map<string, Pending>()
  const startClient = (): ChildProcess => {
    const child = started(['--input-type=module', '-e', client])
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const { id, ...answer } = JSON.parse(line)
      pending.get(id)?.answered(answer)
    })
    child.on('exit', () => {
      for (const { client, answered } of [...pending.values()]) if (client === child) answered({ status: 0, text: '' })
    })
    return child
  }
  const asking = Array.from({ length: clients }, startClient)

  const startServer = () => {
    const env = {
      ...process.env,
      POSTERN_DIRECTORY: file,
      POSTERN_LISTEN_DECISION: '127.0.0.1:0',
      POSTERN_LISTEN_MANAGEMENT: '127.0.0.1:0',
      POSTERN_DRAIN_DELAY_MS: '0',
    }
    const main = join(project.root, 'dist/src/main.js')
    const child = started([main, 'serve', '--project', project.root, '--bundle', project.bundle], env)
    return { child, ports: portsOf(child) }
  }
  let server = startServer()
  let turn = 0

  /** Asks until there is an answer, whoever is killed meanwhile, and always for the same thing. */
  const ask = async ({
    to,
    body,
    headers,
    ...rest
  }: Asked): Promise<{ readonly status: number; readonly body: Body }> => {
    for (;;) {
      const { [to]: port } = await server.ports
      const client = asking[turn++ % clients] as ChildProcess
      const id = randomUUID()
      const answer = await new Promise<Parameters<Pending['answered']>[0]>((answered) => {
        pending.set(id, { client, answered })
        const sent = { id, port, headers: { 'content-type': 'application/json', ...headers }, ...rest }
        client.stdin?.write(`${JSON.stringify({ ...sent, body: JSON.stringify(body) })}\n`)
      })
      pending.delete(id)
      if (answer.status !== 0) return { status: answer.status, body: JSON.parse(answer.text) }
      await sleep(20)
    }
  }

  return {
    ask,
    async put(document: TenantDocument) {
      const put = { to: 'management', method: 'PUT', path: `/v1/tenants/${document.tenant}` } as const
      return ask({ ...put, body: document })
    },
    async act({ tenant, by, action, resource, key = randomUUID() }: Attempt): Promise<Outcome> {
      const { status, body } = await ask({
        to: 'management',
        method: 'POST',
        path: `/v1/tenants/${tenant}/actions/${action}`,
        headers: { 'x-postern-actor': by, 'idempotency-key': key },
        body: { resource },
      })
      if (body.decision === undefined) throw new Error(`${status} ${JSON.stringify(body)}`)
      const outcome = body.decision ? 'allowed' : (body.context?.reason ?? '')
      return { outcome, replayed: body.replayed === true, revision: Number(body.revision.split('.').at(-1)) }
    },
    async document(tenant: string): Promise<TenantDocument> {
      const { body } = await ask({ to: 'management', method: 'GET', path: `/v1/tenants/${tenant}` })
      return body as unknown as TenantDocument
    },
    /** Kills a client in the middle of what it does; another one takes its place. */
    killClient(index: number) {
      asking[index]?.kill('SIGKILL')
      asking[index] = startClient()
    },
    /** Kills the server in the middle of what it does and starts another one on the same file. */
    async killServer() {
      const { child } = server
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      const starting = ended.then(startServer)
      server = { child, ports: starting.then(({ ports }) => ports) }
      server = await starting
    },
    /** Stops the server, and says what `postern directory check` finds. */
    async check() {
      const { child } = server
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      return upon(file, 'directory', 'check')
    },
    close() {
      for (const child of running) child.kill('SIGKILL')
      rmSync(folder, { recursive: true })
    },
  }
}
