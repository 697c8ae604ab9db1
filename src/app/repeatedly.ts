export interface Repeated {
  /** Begins no more of it, and waits for what is under way. */
  close(): Promise<void>
}

/**
 * Does the work at once and then every so many milliseconds, never twice at a time. `stopping` tells long work to come to
 * an end; `failed` hears why one time came to nothing.
 */
export function repeatedly(
  everyMs: number,
  work: (stopping: () => boolean) => Promise<void>,
  failed: (error: unknown) => void,
): Repeated {
  let stopped = false
  const stopping = () => stopped
  const once = async () => {
    if (!stopped) await work(stopping).catch(failed)
  }
  let underWay: Promise<void> | undefined
  const begin = () => {
    underWay ??= once().finally(() => {
      underWay = undefined
    })
  }
  begin()
  const timer = setInterval(begin, everyMs).unref()
  return {
    async close() {
      stopped = true
      clearInterval(timer)
      await underWay
    },
  }
}
