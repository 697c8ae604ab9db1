import { LRUCache } from 'lru-cache'
import type { Decision } from './decision.ts'

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

/** About what a decision takes beside its key. */
const decisionBytes = 512

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
      const size = Buffer.byteLength(input)
      if (size > largestInput || size + decisionBytes > bytes) return false
      cache.set(input, decision, { size: size + decisionBytes })
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
