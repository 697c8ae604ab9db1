import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

/** The network between a sidecar and its PostgreSQL, which can fail. */
export interface WireProxy {
  /** The URL of the same database through here. */
  urlOf(url: string): string
  /** What is sent arrives so much later. */
  delay(ms: number): void
  /** Nothing arrives and nobody is told, until `heal`; then all that was held does. */
  hold(): void
  /** Every connection breaks, and none can be made until `heal`. */
  cut(): void
  heal(): void
  /** Whether no NOTIFY arrives, of which nobody is told. */
  loseNotifications(lost: boolean): void
}

const notification = 'A'.charCodeAt(0)

/** To the PostgreSQL of this port; it goes with the test. */
export async function wireProxy(target: number): Promise<WireProxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let state: 'well' | 'held' | 'cut' = 'well'
  let late = 0
  let loses = false

  /** The bytes of one direction, in order whatever the delay was when they came. */
  const pipe = (from: Socket, to: Socket, filter: (chunk: Buffer) => Buffer) => {
    let passing = Promise.resolve()
    from.on('data', (chunk) => {
      const passed = filter(chunk)
      const due = performance.now() + late
      passing = passing.then(async () => {
        const left = due - performance.now()
        if (left > 0) await sleep(left)
        to.write(passed)
      })
    })
    from.on('close', () => to.destroy())
    from.on('error', () => to.destroy())
  }

  const server = createServer((client) => {
    if (state === 'cut') {
      client.on('error', () => {})
      client.destroy()
      return
    }
    const upstream = connect(target, '127.0.0.1')
    const pair = [client, upstream] as const
    pairs.add(pair)
    for (const socket of pair) socket.setNoDelay(true)
    const messages = messageFilter(() => loses)
    pipe(client, upstream, (chunk) => chunk)
    pipe(upstream, client, messages)
    client.on('close', () => pairs.delete(pair))
    if (state === 'held') for (const socket of pair) socket.pause()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const destroyAll = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
  }
  onTestFinished(() => {
    server.close()
    destroyAll()
  })
  return {
    urlOf(through) {
      const changed = new URL(through)
      changed.port = String(port)
      return String(changed)
    },
    delay(ms) {
      late = ms
    },
    hold() {
      state = 'held'
      for (const pair of pairs) for (const socket of pair) socket.pause()
    },
    cut() {
      state = 'cut'
      destroyAll()
    },
    heal() {
      late = 0
      state = 'well'
      for (const pair of pairs) for (const socket of pair) socket.resume()
    },
    loseNotifications(lost) {
      loses = lost
    },
  }
}

/** Leaves out whole messages of the server that tell of a NOTIFY, while it is to. */
function messageFilter(loses: () => boolean): (chunk: Buffer) => Buffer {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    const all = Buffer.concat([rest, chunk])
    const passed: Buffer[] = []
    let at = 0
    while (all.length - at >= 5) {
      const end = at + 1 + all.readInt32BE(at + 1)
      if (end > all.length) break
      if (all[at] !== notification || !loses()) passed.push(all.subarray(at, end))
      at = end
    }
    rest = all.subarray(at)
    return Buffer.concat(passed)
  }
}
