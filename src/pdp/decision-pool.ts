import { LRUCache } from 'lru-cache'
import type { Decision } from './decision.ts'

/** Gives the object that an equal decision has already. */
export type DecisionPool = (decision: Decision) => Decision

/** Enough for every cell of a hundred systems; what is rarer than that may have an object of its own. */
const mostDecisions = 8192

/**
 * Thousands of inputs lead to the same few answers: one role, one permission, one reason. Sharing one object among
 * them keeps a full cache small (its keys then are most of it), and an answer is rendered once for all of them.
 * Decisions with a limit or with obligations say something about one request and are left as they are.
 */
export function createDecisionPool(): DecisionPool {
  const pool = new LRUCache<string, Decision>({ max: mostDecisions })
  return (decision) => {
    if (!isShared(decision)) return decision
    const { stage, reason, rule, message } = decision
    // INVARIANT: no two decisions have one key. Only the message can hold a line break, and it comes last.
    const key = `${decision.decision}\n${stage}\n${reason}\n${rule}\n${message}`
    const known = pool.get(key)
    if (known !== undefined) return known
    pool.set(key, decision)
    return decision
  }
}

/** Whether a pool keeps one object for all decisions that are equal to this one. */
export function isShared({ limit, obligations }: Decision): boolean {
  return limit === undefined && obligations.length === 0
}
