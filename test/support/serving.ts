import { Agent, request } from 'node:http'
import type { BundleIndex } from '../../src/app/build.ts'
import { serve } from '../../src/app/serve.ts'
import { defaultSettings } from '../../src/document/settings.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import type { Bundle } from '../../src/opa/bundle.ts'

/** An answer of the decision API: an error has `code`, a decision has `decision`. */
export interface Reply {
  readonly status: number
  readonly body: {
    readonly decision?: boolean
    readonly context?: Readonly<Record<string, unknown>> & { readonly reason: string; readonly cache: string }
    readonly code?: string
  }
}

export interface Client {
  readonly port: number
  /** A text goes out as it is, anything else as JSON. */
  authorize(body: unknown): Promise<Reply>
  get(path: string): Promise<{ status: number; text: string }>
}

export interface ServeOptions {
  readonly memoryMib?: number
  readonly tenantFiles?: readonly string[]
  /** JSON Pointers of facts that explanations do not say. */
  readonly mask?: readonly string[]
}

/** Serves a bundle in this process, as `postern serve` does, on a free port for the length of `use`. */
export async function serving<T>(
  bundle: Bundle<BundleIndex>,
  use: (client: Client) => Promise<T>,
  { memoryMib = defaultSettings.evaluator.memory_mib, tenantFiles = [], mask = [] }: ServeOptions = {},
): Promise<T> {
  const settings = {
    ...defaultSettings,
    listen: { decision: '127.0.0.1:0' as never, gateway: null, gateway_grpc: null, management: null },
    evaluator: { memory_mib: memoryMib as never },
    explain: { mask },
  }
  const log = createServerLog({ sink: () => {}, terminal: false, debug: false })
  const { listeners } = await serve({ bundle, source: 'test', settings, tenantFiles, root: '.', log, version: '0.0.0' })
  const client = clientOf(Number(new URL(listeners[0]?.address as string).port))
  try {
    return await use(client)
  } finally {
    client.close()
    for (const listener of listeners) {
      listener.stop()
      listener.destroy()
      await listener.closed
    }
  }
}

/** Speaks to a decision API on loopback over a few connections that are kept. */
export function clientOf(port: number): Client & { close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const send = (method: string, path: string, body?: string) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const headers =
        body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }
      const outgoing = request({ agent, host: '127.0.0.1', port, method, path, headers }, (incoming) => {
        let text = ''
        incoming.setEncoding('utf8')
        incoming.on('data', (chunk: string) => {
          text += chunk
        })
        incoming.on('end', () => resolve({ status: incoming.statusCode as number, text }))
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  return {
    port,
    async authorize(body) {
      const { status, text } = await send('POST', '/authorize', typeof body === 'string' ? body : JSON.stringify(body))
      const parsed = JSON.parse(text)
      // The error stands below `error`, or is the body itself.
      return { status, body: parsed.error === undefined ? parsed : parsed.error }
    },
    get: (path) => send('GET', path),
    close: () => agent.destroy(),
  }
}

/** Runs `count` pieces of work, eight at a time. */
export async function eightAtATime(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}
