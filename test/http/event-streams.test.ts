import { expect, it } from 'vitest'
import { createEventStreams } from '../../src/http/event-streams.ts'
import type { Change } from '../../src/pdp/change-feed.ts'

it('a stream tells at once of a change that came while it read', { timeout: 5_000 }, async () => {
  const change: Change = { position: 1, revision: 'v1.a.1', tenant: 't', kind: 'put', ended: [] }
  const feed = { position: 0, changed: () => {} }
  const streams = createEventStreams(
    {
      head: async () => ({ position: feed.position, revision: `v1.a.${feed.position}` }),
      positionOf: async () => undefined,
      async after(position) {
        const found = feed.position > position ? [change] : []
        // What is read by now is of before the change; the change is told of before this is over.
        if (feed.position === 0) {
          feed.position = 1
          feed.changed()
        }
        return found
      },
      watch(changed) {
        feed.changed = changed
        return () => {}
      },
    },
    { heartbeatMs: 3_600_000 },
  )
  const reader = (await streams.open(undefined, null)).getReader()
  const read = async () => Buffer.from((await reader.read()).value ?? []).toString()
  expect(await read()).toBe('retry: 1000\nid: v1.a.0\n\n')
  expect(await read()).toMatch(/^event: change\nid: v1\.a\.1\n/)
  await reader.cancel()
})
