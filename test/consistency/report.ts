/** Figures of a run, for whoever reads its output; nothing is asserted of them. */
export function report(line: string): void {
  process.stdout.write(`consistency: ${line}\n`)
}

/** Times in milliseconds in one line: the median, the 99th of a hundred, the longest. */
export function spread(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]?.toFixed(1)
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms of ${sorted.length}`
}
