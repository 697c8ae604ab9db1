import type { Context } from 'hono'
import { malformed } from './authzen-question.ts'
import type { Bindings } from './body.ts'
import { type Reply, reply } from './reply.ts'

/** Knows whether a write has come to every server that shares the directory. */
export interface Fleet {
  /** Waits until no server decides upon facts from before the revision; false where that cannot be said. */
  everywhere(revision: string): Promise<boolean>
}

type Call = Context<{ Bindings: Bindings }>

/** Throws `malformed_request` where `wait` is asked for something else than `fleet`. To be called before the write. */
export function waitsForFleet(c: Call): boolean {
  const wait = c.req.query('wait')
  if (wait !== undefined && wait !== 'fleet') throw malformed('', '`wait` can only be `fleet`')
  return wait === 'fleet'
}

/** Undefined for a request that is carried out as often as it is sent. */
export function idempotencyKey(c: Call): string | undefined {
  return c.req.header('idempotency-key')
}

/**
 * The answer to a write that is done: 200, and where the caller waits for the fleet, 202 as long as it cannot be said that
 * every server knows of it.
 */
export async function written(
  fleet: Fleet,
  waits: boolean,
  revision: string,
  body: string,
  id: string,
): Promise<Reply> {
  if (!waits) return reply(200, body, id)
  const confirmed = await fleet.everywhere(revision)
  return reply(confirmed ? 200 : 202, body, id, { 'X-Postern-Fleet': confirmed ? 'confirmed' : 'unconfirmed' })
}
