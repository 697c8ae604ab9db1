/** Something that was done to a shared state: it happened at one moment between `called` and `returned`. */
export interface Operation<Step> {
  readonly called: number
  readonly returned: number
  readonly step: Step
}

/**
 * Whether there is an order of the operations in which each one's answer is right and none is before another one that had
 * returned when it was called. `next` gives the state after a step, undefined where the step cannot have been answered so.
 */
export function isLinearizable<State, Step>(
  operations: readonly Operation<Step>[],
  initial: State,
  next: (state: State, step: Step) => State | undefined,
): boolean {
  const all = operations.map((operation, index) => ({ ...operation, bit: 1n << BigInt(index) }))
  const every = (1n << BigInt(all.length)) - 1n
  const seen = new Set<string>()
  const search = (done: bigint, state: State): boolean => {
    if (done === every) return true
    const key = `${done} ${JSON.stringify(state)}`
    if (seen.has(key)) return false
    seen.add(key)
    const left = all.filter(({ bit }) => (done & bit) === 0n)
    const firstReturn = Math.min(...left.map(({ returned }) => returned))
    return left.some(({ called, step, bit }) => {
      if (called > firstReturn) return false
      const after = next(state, step)
      return after !== undefined && search(done | bit, after)
    })
  }
  return search(0n, initial)
}
