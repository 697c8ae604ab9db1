import { LRUCache } from 'lru-cache'
import type { Decision } from './decision.ts'
import { isShared } from './decision-pool.ts'

export interface MemoLimits {
  /** 0 turns the memo off. */
  readonly entries: number
  readonly bytes: number
  /** Longer inputs, in bytes, are decided afresh each time. */
  readonly largestInput: number
}

/** Decisions of one bundle by the exact input text. */
export interface Memo {
  get(input: string): Decision | undefined
  /** False where the decision is not kept. */
  set(input: string, decision: Decision): boolean
  readonly entries: number
  readonly evictions: number
}

/** About what an entry takes beside its key: the cache's own bookkeeping, and a decision that nobody shares. */
const entryBytes = 128
const decisionBytes = 1024

/**
 * A decision is a pure function of the bundle and the input text, so a memo belongs to one bundle and is thrown away
 * with it, and its key is the whole text, compared in full: nothing is invalidated, nothing can be confused.
 */
export function createMemo({ entries, bytes, largestInput }: MemoLimits): Memo {
  if (entries === 0 || bytes === 0) return { get: () => undefined, set: () => false, entries: 0, evictions: 0 }
  let evictions = 0
  const cache = new LRUCache<string, Decision>({
    max: entries,
    maxSize: bytes,
    dispose: (_value, _key, reason) => {
      if (reason === 'evict') evictions += 1
    },
  })
  return {
    get: (input) => cache.get(input),
    set(input, decision) {
      const inputBytes = Buffer.byteLength(input)
      const size = inputBytes + entryBytes + (isShared(decision) ? 0 : decisionBytes)
      if (inputBytes > largestInput || size > bytes) return false
      cache.set(input, decision, { size })
      return true
    },
    get entries() {
      return cache.size
    },
    get evictions() {
      return evictions
    },
  }
}
