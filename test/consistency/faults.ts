import type pg from 'pg'
import type { Pool } from './pgbouncer.ts'
import type { Sidecar } from './sidecar.ts'
import type { WireProxy } from './wire-proxy.ts'

/** A sidecar with all between it and the database that can fail. */
export interface Exposed {
  readonly sidecar: Sidecar
  readonly network: WireProxy
  /** What PostgreSQL calls its connections. */
  readonly name: string
  readonly pool: Pool | undefined
  /** Connected to PostgreSQL itself, which no fault touches. */
  readonly admin: pg.Client
}

export interface Fault {
  readonly name: string
  /** The sidecar itself answers nothing meanwhile. */
  readonly silent?: true
  /** Gives what ends it. */
  strike(exposed: Exposed): Promise<Heal> | Heal
}

type Heal = () => Promise<unknown> | unknown

/** A process that has ended meanwhile needs no signal. */
function signal(pids: readonly number[], which: 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of pids)
    try {
      process.kill(pid, which)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
}

const inNetwork = (name: string, strike: (network: WireProxy) => void): Fault => ({
  name,
  strike({ network }) {
    strike(network)
    return () => network.heal()
  },
})

export const faults: readonly Fault[] = [
  {
    name: 'its connections are terminated',
    async strike({ admin, name }) {
      await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [name])
      return () => {}
    },
  },
  inNetwork('its network holds back everything', (network) => network.hold()),
  {
    name: 'the processes of its connections stand still',
    async strike({ admin, name }) {
      const { rows } = await admin.query<{ pid: number }>(
        'select pid from pg_stat_activity where application_name = $1',
        [name],
      )
      const pids = rows.map(({ pid }) => pid)
      signal(pids, 'SIGSTOP')
      return () => signal(pids, 'SIGCONT')
    },
  },
  {
    name: 'it stands still',
    silent: true,
    strike({ sidecar }) {
      sidecar.freeze()
      return sidecar.resume
    },
  },
  inNetwork('its network is cut', (network) => network.cut()),
  inNetwork('its network is slow', (network) => network.delay(90)),
  inNetwork('its network is slower than its patience', (network) => network.delay(400)),
  {
    name: 'it is killed',
    silent: true,
    async strike({ sidecar }) {
      await sidecar.kill()
      return sidecar.startAnew
    },
  },
]

/** Of a sidecar whose questions go through a pool. */
export const poolFault: Fault = {
  name: 'its pool stands still',
  strike({ pool }) {
    pool?.freeze()
    return () => pool?.resume()
  },
}
