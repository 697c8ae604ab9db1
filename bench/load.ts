import autocannon, { type LoadRequest } from 'autocannon'
import type { Place } from './ask.ts'
import type { BenchRequest, Contender } from './contender.ts'

export interface LoadPlan {
  readonly place: Place
  readonly connections: number
  /** Seconds of load before the window opens. */
  readonly ramp: number
  /** Seconds of the window. */
  readonly seconds: number
  /** Called at the very moments between which requests are counted. */
  readonly opened?: () => void
  readonly closed?: () => void
}

export interface LoadWindow {
  readonly requests: number
  /** Answers other than 2xx, connection errors and time-outs; the latter two over the whole run. */
  readonly failures: number
  readonly seconds: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** CPU seconds that this process, the load generator, used in the window. */
  readonly generatorCpu: number
}

export type Requests = (connection: number, connections: number) => LoadRequest[]

/**
 * What each connection sends: the first `count` requests in turn. Connections start at different places of the list, so
 * that they do not ask the same question at the same time. Where every request must be new, numbers start at `fresh`.
 */
export const requestsOf = (contender: Contender, count: number, fresh: number): Requests => {
  if (contender.everyRequestNew) {
    let next = fresh
    return () => [
      { ...onWire(contender.request(0)), setupRequest: (sent) => ({ ...sent, ...onWire(contender.request(next++)) }) },
    ]
  }
  const list = Array.from({ length: count }, (_, i) => onWire(contender.request(i)))
  return (connection, connections) => {
    const start = Math.floor((connection * count) / connections)
    return [...list.slice(start), ...list.slice(0, start)]
  }
}

const onWire = ({ method, path, headers, body }: BenchRequest): LoadRequest => ({
  method,
  path,
  headers: { ...headers },
  body,
})

/** Loads the server and counts what is answered within one window of steady state. */
export const load = (requests: Requests, plan: LoadPlan): Promise<LoadWindow> =>
  new Promise((resolve, reject) => {
    let latencies = new Float64Array(1 << 18)
    let answered = 0
    let wrong = 0
    let open = false
    let openedAt = 0
    let seconds = 0
    let cpu = process.cpuUsage()
    let connection = 0

    const run = autocannon(
      {
        url: `http://127.0.0.1:${plan.place.port}`,
        // Where there is a socket the URL only gives the Host header.
        ...(plan.place.socket === undefined ? {} : { socketPath: plan.place.socket }),
        connections: plan.connections,
        // Ended by `close` below: autocannon counts from before its requests are built.
        duration: 3600,
        sampleInt: 100,
        setupClient: (client) => client.setRequests(requests(connection++, plan.connections)),
      },
      (error, result) => {
        if (error) return reject(error)
        const sorted = latencies.subarray(0, answered).sort()
        const at = (share: number) => sorted[Math.min(answered - 1, Math.floor(answered * share))] ?? Number.NaN
        const failures = wrong + result.errors + result.timeouts
        const generatorCpu = (cpu.user + cpu.system) / 1e6
        resolve({ requests: answered, failures, seconds, p50: at(0.5), p99: at(0.99), generatorCpu })
      },
    )

    run.on('response', (_client: unknown, status: number, _bytes: number, milliseconds: number) => {
      if (!open) return
      if (status < 200 || status > 299) wrong++
      if (answered === latencies.length) {
        const larger = new Float64Array(latencies.length * 2)
        larger.set(latencies)
        latencies = larger
      }
      latencies[answered++] = milliseconds
    })

    const close = () => {
      open = false
      seconds = (performance.now() - openedAt) / 1000
      cpu = process.cpuUsage(cpu)
      plan.closed?.()
      run.stop()
    }
    setTimeout(() => {
      plan.opened?.()
      cpu = process.cpuUsage()
      openedAt = performance.now()
      open = true
      setTimeout(close, plan.seconds * 1000)
    }, plan.ramp * 1000)
  })
