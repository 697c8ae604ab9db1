/** One thing that decision rows can show. */
export interface CoverageItem {
  readonly kind: 'cell' | 'check' | 'reason' | 'transition'
  /**
   * As reports name it: `member:list billing denied`, `conditions.assigned_key refuses`, the reason, or
   * `member:revoke active → inactive`.
   */
  readonly name: string
  /** `file:line` of everything that says it. */
  readonly places: readonly string[]
  readonly reached: boolean
}

/** A cell, for the map of the matrix. */
export interface CoveredCell {
  readonly permission: string
  readonly role: string
  readonly says: 'allowed' | 'on condition' | 'denied'
  readonly reached: boolean
}

/** What a lifecycle row does to a target in one state. Without `from` the row asks for none; without `to` it stays. */
export interface CoveredTransition {
  readonly permission: string
  readonly from?: string
  readonly to?: string
  readonly reached: boolean
}

export interface SystemCoverage {
  readonly system: string
  readonly rows: number
  readonly items: readonly CoverageItem[]
  readonly cells: readonly CoveredCell[]
  readonly transitions: readonly CoveredTransition[]
}

/** How many of the items are reached. */
export function reachedOf(items: readonly CoverageItem[]): number {
  return items.filter(({ reached }) => reached).length
}

/** Whole percent, rounded down: 100 means all. Of no items all are reached. */
export function percentOf(items: readonly CoverageItem[]): number {
  return items.length === 0 ? 100 : Math.floor((100 * reachedOf(items)) / items.length)
}
