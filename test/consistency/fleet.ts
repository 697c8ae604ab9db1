import { inject } from 'vitest'
import { createDatabase } from '../support/postgres.ts'
import { type Sidecar, type SidecarOptions, startSidecar } from './sidecar.ts'

/** Sidecars on an empty database of their own; they go with the test. */
export async function startFleet(
  count: number,
  options: Omit<SidecarOptions, 'directory'> = {},
): Promise<{ readonly url: string; readonly sidecars: readonly Sidecar[] }> {
  const url = await createDatabase(inject('postgres') as number)
  const starting = Array.from({ length: count }, () => startSidecar({ directory: url, ...options }))
  return { url, sidecars: await Promise.all(starting) }
}
