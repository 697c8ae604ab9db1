import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Registry } from './registry.ts'

const seconds = { micro: 1e-6, nano: 1e-9 } as const

/** Adds what the process itself costs, under the names that Prometheus client libraries use. */
export function addProcessMetrics(registry: Registry): void {
  const started = Date.now() / 1000 - process.uptime()
  const cpu = () => process.cpuUsage()
  registry.sample('process_cpu_user_seconds_total', 'User CPU time.', 'counter', () => cpu().user * seconds.micro)
  registry.sample('process_cpu_system_seconds_total', 'System CPU time.', 'counter', () => cpu().system * seconds.micro)
  registry.sample('process_resident_memory_bytes', 'Resident memory.', 'gauge', () => process.memoryUsage.rss())
  registry.sample('process_start_time_seconds', 'Start time since the Unix epoch.', 'gauge', () => started)
  registry.sample(
    'nodejs_heap_size_used_bytes',
    'JavaScript heap in use.',
    'gauge',
    () => process.memoryUsage().heapUsed,
  )

  const resolution = 20
  const delay = monitorEventLoopDelay({ resolution })
  delay.enable()
  // The monitor reports the whole interval between two of its ticks; the lag is what exceeds the interval.
  const lag = (nanoseconds: number) => Math.max(0, nanoseconds * seconds.nano - resolution / 1000) || 0
  registry.sample('nodejs_eventloop_lag_seconds', 'Mean event loop lag since the last scrape.', 'gauge', () =>
    lag(delay.mean),
  )
  registry.sample('nodejs_eventloop_lag_p99_seconds', '99th percentile of the same.', 'gauge', () => {
    const value = lag(delay.percentile(99))
    delay.reset()
    return value
  })
}
