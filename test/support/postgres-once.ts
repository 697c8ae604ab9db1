import type { TestProject } from 'vitest/node'
import { hasPostgres, startPostgres } from './postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The port of the run's PostgreSQL; null where there is none on this machine. */
    readonly postgres: number | null
  }
}

/** One PostgreSQL for all tests of a run, each of which has databases of its own. What it acknowledges need not last. */
export async function setup(project: TestProject): Promise<(() => void) | undefined> {
  if (!hasPostgres) {
    project.provide('postgres', null)
    return undefined
  }
  const server = await startPostgres(['fsync=off', 'max_connections=300'])
  project.provide('postgres', server.port)
  return () => server.stop()
}
