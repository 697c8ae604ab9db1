import { PosternError } from '../pdp/errors.ts'
import type { Freshness } from '../pdp/freshness.ts'
import type { Store } from './store.ts'

/** What a server knows of the state that its facts are of. */
export interface Following extends Freshness {
  /** Changed by whatever makes revisions mean another state, such as a restore. */
  readonly epoch: string
  /** The rev of the last change that this process knows of. */
  newest(): Promise<number>
  /** Whether facts were confirmed to be the present ones, and not too long ago. */
  isFresh(): boolean
  /** Waits until no process decides upon facts from before this rev any more; false where that cannot be said. */
  everywhere(rev: number): Promise<boolean>
  /** This process wrote. */
  wrote(): void
  /** The state was replaced by another one. */
  renew(): Promise<void>
  close(): Promise<void>
}

/** `v1.<epoch>.<rev>`: opaque to callers. */
export function revisionText(epoch: string, rev: number): string {
  return `v1.${epoch}.${rev}`
}

/** Undefined for a text that is no revision of this epoch. */
export function revOf(epoch: string, revision: string): number | undefined {
  const rev = Number(/\.(\d{1,15})$/.exec(revision)?.[1])
  return revision === revisionText(epoch, rev) ? rev : undefined
}

/** For a database that this process alone writes, so that what it reads is the present state; `wrote` is told of each write. */
export async function ownState(store: Pick<Store, 'position'>, wrote: () => void): Promise<Following> {
  let { epoch } = await store.position()
  const newest = async () => (await store.position()).rev
  return {
    get epoch() {
      return epoch
    },
    newest,
    isFresh: () => true,
    async reach({ atLeast }) {
      if (atLeast === undefined) return
      const rev = revOf(epoch, atLeast)
      if (rev === undefined || rev > (await newest())) throw new PosternError('revision_not_reached')
    },
    everywhere: async () => true,
    wrote,
    async renew() {
      epoch = (await store.position()).epoch
    },
    async close() {},
  }
}

/** For who writes into a database that others write too, and decides nothing. */
export async function notFollowed(store: Pick<Store, 'position'>): Promise<Following> {
  const state = await ownState(store, () => {})
  return Object.assign(state, { isFresh: () => false })
}
