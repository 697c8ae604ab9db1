/** Runs what it is given, so many at a time; the rest waits in the order it came. */
export type Limit = <T>(work: () => Promise<T>) => Promise<T>

export function createLimit(atOnce: number): Limit {
  const waiting: (() => void)[] = []
  let running = 0

  return async (work) => {
    // The one that ends hands its place over, so that nobody who comes later gets in between.
    if (running === atOnce) await new Promise<void>((turn) => waiting.push(turn))
    else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
