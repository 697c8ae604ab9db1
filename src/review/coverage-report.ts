/** One thing that decision rows can show. */
export interface CoverageItem {
  readonly kind: 'cell' | 'check' | 'reason'
  /** As reports name it: `member:list billing denied`, `conditions.assigned_key refuses`, or the reason. */
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

export interface SystemCoverage {
  readonly system: string
  readonly rows: number
  readonly items: readonly CoverageItem[]
  readonly cells: readonly CoveredCell[]
}

/** How many of the items are reached. */
export function reachedOf(items: readonly CoverageItem[]): number {
  return items.filter(({ reached }) => reached).length
}

/** Whole percent, rounded down: 100 means all. Of no items all are reached. */
export function percentOf(items: readonly CoverageItem[]): number {
  return items.length === 0 ? 100 : Math.floor((100 * reachedOf(items)) / items.length)
}
