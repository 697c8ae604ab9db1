import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { packageRoot } from '../../src/document/package-root.ts'
import { openDoor } from '../support/acme.ts'
import { clientOf } from '../support/serving.ts'

// The compiled program; `npm test` compiles first.
const main = join(packageRoot(), 'dist/src/main.js')

type Status = Readonly<Record<string, unknown>> & {
  readonly activations: number
  readonly failures: number
  readonly last_error: { readonly problems: readonly string[] } | null
}

export interface ServedChild {
  status(): Promise<Status>
  /** The status once it is as it should be, within a minute. */
  until(holds: (status: Status) => boolean): Promise<Status>
  /** Whether the owner may open the front door. */
  opens(): Promise<boolean | undefined>
}

/** Runs `postern serve` on a project for the length of `use`, and stops it as an orchestrator does. */
export async function servedChild<T>(
  root: string,
  use: (child: ServedChild) => Promise<T>,
  settings: Readonly<Record<string, string>> = {},
): Promise<T> {
  const env = { ...process.env, POSTERN_LISTEN_DECISION: '127.0.0.1:0', POSTERN_DRAIN_DELAY_MS: '0', ...settings }
  const child = spawn(process.execPath, [main, 'serve', '--project', root], { env })
  try {
    const client = clientOf(await portOf(child))
    const status = async () => JSON.parse((await client.get('/v1/status')).text) as Status
    const result = await use({
      status,
      async until(holds) {
        for (let tries = 0; tries < 600; tries++) {
          const now = await status()
          if (holds(now)) return now
          await sleep(100)
        }
        throw new Error(`it did not happen: ${JSON.stringify(await status())}`)
      },
      opens: async () => (await client.authorize(openDoor())).body.decision,
    })
    client.close()
    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`it ended with ${code}`)
    return result
  } finally {
    child.kill('SIGKILL')
  }
}

/** The port that the child says it listens on. Its standard error is read on, as a closed one would end it. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stderr?.on('data', (chunk) => {
      text += chunk
      const port = /"address":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(text)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
    child.on('exit', () => reject(new Error(`it did not start: ${text}`)))
  })
}
