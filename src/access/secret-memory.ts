import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'

/** Secrets that are remembered, as digests. */
const most = 1_000

/** How long one is believed, in milliseconds: another process that shares the store may have revoked it. */
const believedMs = 1_000

export interface SecretMemory<T> {
  /** At once where the secret was found a moment ago. */
  find(secret: string): T | undefined | Promise<T | undefined>
  /** Nothing that was found, or is being looked for, is believed any longer. */
  forget(): void
}

/**
 * Remembers what secrets that are good were found to be good for. Those that are not are looked up each time: remembered
 * they would push out the good ones.
 */
export function rememberSecrets<T extends object>(
  find: (secret: string) => Promise<T | undefined>,
  now: () => number = () => performance.now(),
): SecretMemory<T> {
  const known = new LRUCache<string, { readonly found: T; readonly until: number }>({ max: most })
  let generation = 0
  return {
    find(secret) {
      const digest = hash('sha256', secret, 'base64')
      const remembered = known.get(digest)
      if (remembered !== undefined && now() < remembered.until) return remembered.found
      const begun = { generation, until: now() + believedMs }
      return find(secret).then((found) => {
        // INVARIANT: what was revoked while it was looked for is not kept.
        if (found !== undefined && begun.generation === generation) known.set(digest, { found, until: begun.until })
        return found
      })
    },
    forget() {
      generation += 1
      known.clear()
    },
  }
}
