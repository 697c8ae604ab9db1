import type { Change, ChangeFeed } from '../pdp/change-feed.ts'

/** Server-sent events of the change feed (HTML Standard, section 9.2). */
export interface EventStreams {
  /**
   * A stream that goes on after the event `lastId`, or begins now. It reads only when its caller takes what is there, so
   * a slow caller costs no memory.
   */
  open(tenant: string | undefined, lastId: string | null): Promise<ReadableStream<Uint8Array>>
  /** Ends every stream, and each that is opened later. */
  close(): void
}

export interface EventStreamOptions {
  /** A comment is sent after this time without a change, so that nobody on the way takes the stream for dead. */
  readonly heartbeatMs?: number
}

/** Changes in one piece of a stream. */
const batch = 100

export function createEventStreams(feed: ChangeFeed, { heartbeatMs = 15_000 }: EventStreamOptions = {}): EventStreams {
  const waiting = new Set<() => void>()
  /** Counts what was told, so that nobody waits for what came while they read. */
  let told = 0
  const wakeAll = () => {
    told += 1
    for (const wake of waiting) wake()
  }
  let closed = false
  feed.watch(wakeAll)
  const untilToldMore = (known: number, milliseconds: number) =>
    new Promise<void>((resolve) => {
      if (told !== known) return resolve()
      const wake = () => {
        clearTimeout(timer)
        waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, milliseconds)
      waiting.add(wake)
    })

  return {
    async open(tenant, lastId) {
      let { position, text } = await begin(feed, lastId)
      let cancelled = false
      // Also where nothing is new for this caller its place moves on, so that it is not too old one day.
      const next = async (): Promise<string> => {
        const head = await feed.head()
        const changes = await feed.after(position, batch, tenant)
        position = changes.at(-1)?.position ?? head.position
        return changes.map(eventOf).join('')
      }
      const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
        const until = performance.now() + heartbeatMs
        for (;;) {
          const known = told
          if (text === '' && !closed) text = await next()
          if (text !== '' || closed || cancelled || performance.now() >= until) break
          await untilToldMore(known, until - performance.now())
        }
        if (cancelled) return
        if (closed) return controller.close()
        if (text === '') text = `: nothing new\nid: ${(await feed.head()).revision}\n\n`
        controller.enqueue(Buffer.from(text))
        text = ''
      }
      const cancel = () => {
        cancelled = true
        wakeAll()
      }
      return new ReadableStream({ pull, cancel }, { highWaterMark: 0 })
    },
    close() {
      closed = true
      wakeAll()
    },
  }
}

/** An id is set without an event, so that a caller who is cut off at once knows where it was. */
async function begin(
  feed: ChangeFeed,
  lastId: string | null,
): Promise<{ readonly position: number; readonly text: string }> {
  const { position, revision } = await feed.head()
  if (lastId === null) return { position, text: `retry: 1000\nid: ${revision}\n\n` }
  const known = await feed.positionOf(lastId)
  if (known !== undefined) return { position: known, text: 'retry: 1000\n\n' }
  return { position, text: `retry: 1000\nevent: reset\nid: ${revision}\ndata: ${JSON.stringify({ revision })}\n\n` }
}

function eventOf({ position: _, ...change }: Change): string {
  return `event: change\nid: ${change.revision}\ndata: ${JSON.stringify(change)}\n\n`
}
