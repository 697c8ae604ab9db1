/** A write of one member's right by the only writer. Times are of one clock, in milliseconds. */
export interface Written {
  /** The number of the sidecar that it was sent to. */
  readonly by: number
  readonly allows: boolean
  readonly sent: number
  readonly answered: number
  /** The tenant's revision after it. */
  readonly rev: number
  /** It was answered only when every sidecar knew of it. */
  readonly everywhere: boolean
}

/** A decision that was given. */
export interface Checked {
  readonly by: number
  readonly sent: number
  readonly answered: number
  readonly allowed: boolean
  readonly rev: number
  /** The revision that it asked for. */
  readonly atLeast?: number | undefined
  /** It asked for the present state. */
  readonly full?: boolean | undefined
}

/**
 * P1: a sidecar knows of what it wrote. P2: a decision is not older than the revision that it asks for. P3: it is no more
 * than `maxAgeMs` old. P4: no sidecar is behind a write that waited for all of them. P6: it is of one revision. `now`:
 * with `consistency: full` it is of the present state.
 */
export type Promised = 'P1' | 'P2' | 'P3' | 'P4' | 'P6' | 'now'

export interface Violation {
  readonly promise: Promised
  readonly check: Checked
}

/** What the decisions on one right, whose writes are in order, did not keep. */
export function violations(
  writes: readonly Written[],
  checks: readonly Checked[],
  maxAgeMs: number,
): readonly Violation[] {
  const places = new Map(writes.map(({ rev }, index) => [rev, index]))
  const sent = writes.map((write) => write.sent)
  const answered = writes.map((write) => write.answered)
  const lastOf = (kept: (write: Written) => boolean) => {
    let last = -1
    return writes.map((write, index) => {
      if (kept(write)) last = index
      return last
    })
  }
  const everywhere = lastOf((write) => write.everywhere)
  const by = new Map(
    [...new Set(checks.map((check) => check.by))].map((id) => [id, lastOf((write) => write.by === id)]),
  )

  return checks.flatMap((check) => {
    const place = places.get(check.rev)
    const known = lastBelow(answered, check.sent)
    const begun = lastBelow(sent, check.answered)
    const least: Record<Exclude<Promised, 'P6'>, number> = {
      P1: by.get(check.by)?.[known] ?? -1,
      P2: check.atLeast === undefined ? -1 : (places.get(check.atLeast) ?? -1),
      P3: lastBelow(answered, check.sent - maxAgeMs),
      P4: everywhere[known] ?? -1,
      now: check.full === true ? known : -1,
    }
    // By what it says it is of, and by what it says.
    const isBehind = (index: number) =>
      (place ?? -1) < index ||
      !writes.slice(Math.max(0, index), begun + 1).some(({ allows }) => allows === check.allowed)
    const broken = Object.entries(least).flatMap(([promise, index]) =>
      index >= 0 && isBehind(index) ? [promise as Promised] : [],
    )
    const isOne = place !== undefined && writes[place]?.allows === check.allowed
    return [...broken, ...(isOne ? [] : ['P6' as const])].map((promise) => ({ promise, check }))
  })
}

/** How often each promise was broken. */
export function tally(found: readonly Violation[]): Partial<Record<Promised, number>> {
  const count: Partial<Record<Promised, number>> = {}
  for (const { promise } of found) count[promise] = (count[promise] ?? 0) + 1
  return count
}

/** After each write that nobody waited for, how long it took each sidecar until it gave a decision that knew of it. */
export function propagation(writes: readonly Written[], checks: readonly Checked[]): readonly number[] {
  const sidecars = new Set(checks.map((check) => check.by))
  return [...sidecars].flatMap((by) => {
    const inOrder = checks.filter((check) => check.by === by).sort((a, b) => a.answered - b.answered)
    let next = 0
    return writes.flatMap((write) => {
      while (next < inOrder.length && (inOrder[next] as Checked).rev < write.rev) next++
      const first = write.everywhere ? undefined : inOrder[next]
      return first === undefined ? [] : [Math.max(0, first.answered - write.answered)]
    })
  })
}

/** The index of the last of the times, which ascend, that is below this one; -1 where none is. */
function lastBelow(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] as number) < time) low = middle + 1
    else high = middle
  }
  return low - 1
}
