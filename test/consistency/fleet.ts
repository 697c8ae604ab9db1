import { inject } from 'vitest'
import { createDatabase } from '../support/postgres.ts'
import { type Sidecar, type SidecarOptions, startSidecar } from './sidecar.ts'
import { type WireProxy, wireProxy } from './wire-proxy.ts'

/** Sidecars that share a database and go with the test. */
export interface Fleet {
  readonly url: string
  readonly sidecars: readonly Sidecar[]
}

/** On an empty database of their own. */
export async function startFleet(count: number, options: Pick<SidecarOptions, 'code'> = {}): Promise<Fleet> {
  const url = await createDatabase(inject('postgres') as number)
  const starting = Array.from({ length: count }, () => startSidecar({ directory: url, ...options }))
  return { url, sidecars: await Promise.all(starting) }
}

export interface DistantFleet extends Fleet {
  /** Between each sidecar but the first and the database. */
  readonly networks: readonly WireProxy[]
}

/** The first one is next to its database, each other one behind a network, and of another program if need be. */
export async function startDistantFleet(count: number, code?: string): Promise<DistantFleet> {
  const port = inject('postgres') as number
  const url = await createDatabase(port)
  const networks = await Promise.all(Array.from({ length: count - 1 }, () => wireProxy(port)))
  const distant = networks.map((network) => startSidecar({ directory: network.urlOf(url), code }))
  return { url, networks, sidecars: await Promise.all([startSidecar({ directory: url }), ...distant]) }
}
