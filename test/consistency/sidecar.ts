import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { project } from '../support/policy.ts'
import { portsOf } from '../support/served-ports.ts'

export interface SidecarOptions {
  readonly directory: string
  /** Where it LISTENs, if not there. */
  readonly listen?: string | undefined
  /** The root of the program; by default this one. */
  readonly code?: string | undefined
}

export interface Asked {
  readonly to: 'decision' | 'management'
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Status 0 where there was no answer. */
export interface Answer {
  readonly status: number
  readonly body: Body
}

interface Body {
  readonly decision?: boolean
  readonly context?: { readonly reason: string; readonly revision: string }
  readonly revision?: string
  readonly error?: { readonly code: string }
  readonly members?: readonly unknown[]
  readonly warnings?: readonly { readonly message: string }[]
}

export type Sidecar = Awaited<ReturnType<typeof startSidecar>>

/** So long an answer is waited for: longer than any fault lasts. */
const patienceMs = 60_000

/** A server in a process of its own, which goes with the test. */
export async function startSidecar({ directory, listen, code = project.root }: SidecarOptions) {
  const start = () => {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('POSTERN_'))
    const env = {
      ...Object.fromEntries(inherited),
      POSTERN_DIRECTORY: directory,
      ...(listen === undefined ? {} : { POSTERN_FRESHNESS_LISTEN_URL: listen }),
      POSTERN_LISTEN_DECISION: '127.0.0.1:0',
      POSTERN_LISTEN_MANAGEMENT: '127.0.0.1:0',
      POSTERN_DRAIN_DELAY_MS: '0',
    }
    const argv = [join(code, 'dist/src/main.js'), 'serve', '--project', code, '--bundle', project.bundle]
    const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'ignore', 'pipe'] })
    return { child, ports: portsOf(child) }
  }
  let running = start()
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  onTestFinished(() => {
    agent.destroy()
    // A stopped process dies of nothing else.
    running.child.kill('SIGKILL')
  })
  let ports = await running.ports

  return {
    ask({ to, method = 'POST', path, headers, body }: Asked): Promise<Answer> {
      const sent = body === undefined ? undefined : JSON.stringify(body)
      return new Promise((resolve) => {
        const nothing = () => resolve({ status: 0, body: {} })
        const outgoing = request(
          {
            agent,
            host: '127.0.0.1',
            port: ports[to],
            method,
            path,
            headers: { 'content-type': 'application/json', ...headers },
            timeout: patienceMs,
          },
          (answer) => {
            let text = ''
            answer.setEncoding('utf8').on('data', (chunk: string) => {
              text += chunk
            })
            answer.on('error', nothing)
            answer.on('end', () => resolve({ status: answer.statusCode as number, body: parsed(text) }))
          },
        )
        outgoing.on('timeout', () => outgoing.destroy())
        outgoing.on('error', nothing)
        outgoing.end(sent)
      })
    },
    /** Stops it in the middle of what it does; it knows of nothing until `resume`. */
    freeze: () => running.child.kill('SIGSTOP'),
    resume: () => running.child.kill('SIGCONT'),
    async kill() {
      const ended = once(running.child, 'exit')
      running.child.kill('SIGKILL')
      await ended
    },
    /** Another process in the place of the one that was killed. */
    async startAnew() {
      running = start()
      ports = await running.ports
    },
    /** What it has in memory, in MiB. */
    residentMib(): number {
      const status = readFileSync(`/proc/${running.child.pid}/status`, 'utf8')
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
    },
  }
}

/** `/livez` answers in words. */
function parsed(text: string): Body {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
