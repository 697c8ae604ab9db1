import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Contender, parsed } from '../contender.ts'
import { repository } from '../paths.ts'
import type { Workload } from '../workload.ts'
import { authzenBody, post } from './authzen.ts'

export interface PosternMode {
  /** `warm`: the 2,000 decisions are cached after the warm-up. `new`: every request is decided afresh. */
  readonly mode: 'warm' | 'new'
}

/**
 * Postern itself, as it is shipped: log and metrics on, the common workload as a system of its own in generated folders.
 *
 * TODO(format): three places wait for the formats of `config/systems/<system>/` and the settings; each is marked
 * TODO(format) below. Nothing else here should need a change.
 */
export const postern = (workload: Workload, { mode }: PosternMode): Contender => {
  const main = join(repository, 'dist/src/main.js')
  return {
    name: mode === 'warm' ? 'Postern, cached' : 'Postern, every request new',
    note:
      mode === 'warm'
        ? 'Members from its directory, decision log and metrics on; all decisions cached after the warm-up.'
        : 'The same, and every request differs in something that the policy reads: no decision comes from the cache.',
    ...(mode === 'new' ? { everyRequestNew: true as const } : {}),
    prepare: () => (existsSync(main) ? undefined : 'no dist/src/main.js: run `npm run compile`'),
    version: () => JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')).version,
    start: async (host) => {
      const [port, folder] = [await host.freePort(), host.folder()]
      writeSystem(folder, workload)
      const tenants = join(folder, 'tenants.json')
      writeFileSync(tenants, JSON.stringify([tenantOf(workload)]))
      return host.serve({
        command: process.execPath,
        args: [main, 'serve'],
        // TODO(format): whatever points the process at `folder` for systems, policies, bundle cache and directory.
        env: { POSTERN_LISTEN_DECISION: `127.0.0.1:${port}`, POSTERN_TENANTS: tenants },
        cwd: repository,
        port,
        readyPath: '/readyz',
      })
    },
    request: (i) => {
      const body = authzenBody(workload, i)
      if (mode === 'warm') return post('/authorize', body)
      // TODO(format): a property that a rule of the generated system reads, so that it is part of the cache key.
      return post('/authorize', { ...body, resource: { ...body.resource, properties: { nonce: `n${i}` } } })
    },
    check: (i, status, body) => {
      const expected = workload.questions[i % workload.questions.length]?.expected
      const answer = (parsed(body) ?? {}) as { decision?: unknown; context?: { reason?: unknown; cache?: unknown } }
      // The harness checks 0 … 1,999 before timing and 2,000 … 3,999 after it: by then a warm decision must be a hit.
      const { cache } = answer.context ?? {}
      const asCached = mode === 'new' ? cache !== 'hit' : cache === 'hit' || i < workload.questions.length
      return (
        status === 200 &&
        asCached &&
        answer.decision === expected?.decision &&
        answer.context?.reason === expected?.reason
      )
    },
  }
}

/** TODO(format): roles.yaml, matrix.yaml (one line per permission), plans.yaml … of the system `bench`. */
const writeSystem = (folder: string, workload: Workload): void => {
  mkdirSync(join(folder, 'config/systems/bench'), { recursive: true })
  const matrix = workload.permissions.map((permission) => {
    const cells = workload.roles.filter((role) => workload.matrix[role]?.[permission]).map((role) => `${role}: allow`)
    return `${permission}: { ${cells.join(', ')} }`
  })
  writeFileSync(join(folder, 'config/systems/bench/matrix.yaml'), `${matrix.join('\n')}\n`)
}

const tenantOf = ({ tenant, members }: Workload) => ({ tenant, system: 'bench', plan: 'any', members })
