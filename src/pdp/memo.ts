import { LRUCache } from 'lru-cache'
import type { Decision } from './decision.ts'

export interface MemoLimits {
  readonly entries: number
  readonly bytes: number
  /** Longer inputs are decided afresh each time. */
  readonly largestInput: number
}

/** Decisions of one bundle by the exact input text. */
export interface Memo {
  get(input: string): Decision | undefined
  /** False where the input is too large to be kept. */
  set(input: string, decision: Decision): boolean
  readonly entries: number
  readonly evictions: number
}

/**
 * A decision is a pure function of the bundle and the input text, so a memo belongs to one bundle and is thrown away
 * with it, and its key is the whole text, compared in full: nothing is invalidated, nothing can be confused.
 */
export function createMemo(limits: MemoLimits): Memo {
  let evictions = 0
  const cache = new LRUCache<string, Decision>({
    max: limits.entries,
    maxSize: limits.bytes,
    dispose: (_value, _key, reason) => {
      if (reason === 'evict') evictions += 1
    },
  })
  return {
    get: (input) => cache.get(input),
    set: (input, decision) => {
      if (input.length > limits.largestInput) return false
      // Two bytes a character at most, and about as much again for the entry and its share of the decision.
      cache.set(input, decision, { size: input.length * 2 + 512 })
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
