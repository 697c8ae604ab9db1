import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Contender, parsed } from '../contender.ts'
import { repository } from '../paths.ts'
import type { Host, Running } from '../server-process.ts'
import type { Workload } from '../workload.ts'
import { authzenBody, post } from './authzen.ts'

export interface PosternMode {
  /** `warm`: the 2,000 decisions are cached after the warm-up. `new`: every request is decided afresh. */
  readonly mode: 'warm' | 'new'
  /** Every decision is written to a file. */
  readonly decisionLog?: true
  /** Asked over a Unix socket instead of TCP on loopback. */
  readonly socket?: true
}

const main = join(repository, 'dist/src/main.js')

/**
 * Postern itself, as it is shipped: metrics on, the core policy of this repository, the common workload as a system of
 * its own in generated folders.
 */
export const postern = (workload: Workload, { mode, decisionLog, socket }: PosternMode): Contender => {
  return {
    name: `${mode === 'warm' ? 'Postern, cached' : 'Postern, every request new'}${decisionLog ? ', decision log' : ''}${socket ? ', Unix socket' : ''}`,
    note: decisionLog
      ? 'The same, and an event of every decision is written to a file; one that is dropped ends the run.'
      : socket
        ? 'The same as cached, asked over a Unix socket instead of TCP on loopback.'
        : mode === 'warm'
          ? 'Members from a tenant document, metrics on; all decisions cached after the warm-up.'
          : 'The same, and every request differs in something that the policy reads: no decision comes from the cache.',
    ...(mode === 'new' ? { everyRequestNew: true as const } : {}),
    ...installed,
    start: async (host) => {
      if (socket) return startPostern(host, workload, mode, {}, join(host.folder(), 'decision.sock'))
      const log = join(host.folder(), 'decisions.jsonl')
      const env = { POSTERN_DECISION_LOG_SINK: 'file', POSTERN_DECISION_LOG_PATH: log }
      const running = await startPostern(host, workload, mode, decisionLog ? env : {})
      if (!decisionLog) return running
      return {
        ...running,
        stop: async () => {
          await refuseDrops(running.port)
          await running.stop()
        },
      }
    },
    request: (i) => {
      const body = authzenBody(workload, i)
      if (mode === 'warm') return post('/authorize', body)
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

/** A log that drops events under load would look cheap. */
const refuseDrops = async (port: number): Promise<void> => {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const [, dropped] = /^authz_decision_log_dropped_total (\d+)$/m.exec(metrics) ?? []
  if (dropped !== '0') throw new Error(`the decision log dropped ${dropped ?? 'an unknown number of'} events`)
}

/** Postern as this repository compiles it. */
export const installed: Pick<Contender, 'prepare' | 'version'> = {
  prepare: () => (existsSync(main) ? undefined : 'no dist/src/main.js: run `npm run compile`'),
  version: () => JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')).version,
}

/** Serves the workload's tenant on the workload's policy, by TCP or on the Unix socket at this path. */
export const startPostern = async (
  host: Host,
  workload: Workload,
  mode: PosternMode['mode'],
  env: Readonly<Record<string, string>> = {},
  socket?: string,
): Promise<Running> => {
  const [port, folder] = [await host.freePort(), host.folder()]
  writeProject(folder, workload, mode)
  const tenant = join(folder, 'tenant.json')
  writeFileSync(tenant, JSON.stringify(tenantOf(workload)))
  const listen = socket === undefined ? `127.0.0.1:${port}` : `unix:${socket}`
  return host.serve({
    command: process.execPath,
    args: [main, 'serve', '--project', folder],
    env: { POSTERN_LISTEN_DECISION: listen, POSTERN_TENANTS: tenant, ...env },
    cwd: repository,
    port,
    ...(socket === undefined ? {} : { socket }),
    readyPath: '/readyz',
  })
}

/**
 * A policy project: this repository's core, and the workload as the one system. Where every request is to be new, a gate
 * reads a property that each request sets to another value, so that it is part of the cache key.
 */
const writeProject = (folder: string, workload: Workload, mode: PosternMode['mode']): void => {
  const system = join(folder, 'config/systems/bench')
  mkdirSync(system, { recursive: true })
  cpSync(join(repository, 'policies/authz'), join(folder, 'policies/authz'), { recursive: true })
  cpSync(join(repository, 'config/reasons.yaml'), join(folder, 'config/reasons.yaml'))
  const roles = workload.roles.map((role) => `  ${role}: { about: a role }`)
  writeFileSync(join(system, 'roles.yaml'), `roles:\n${roles.join('\n')}\n`)
  writeFileSync(join(system, 'plans.yaml'), 'plans: none\n')
  writeFileSync(join(system, 'matrix.yaml'), matrixText(workload))
  if (mode === 'warm') {
    writeFileSync(join(system, 'lifecycle.yaml'), 'checks: {}\npermissions: {}\n')
    return
  }
  const lifecycle =
    'checks: { nonce_is_text: [missing_field] }\ngates: { relation: [{ check: nonce_is_text }] }\npermissions: {}\n'
  writeFileSync(join(system, 'lifecycle.yaml'), lifecycle)
  mkdirSync(join(folder, 'policies/systems/bench'), { recursive: true })
  writeFileSync(
    join(folder, 'policies/systems/bench/nonce.rego'),
    'package systems.bench\n\ndefault checks["nonce_is_text"] := "missing_field"\n\n' +
      'checks["nonce_is_text"] := "ok" if is_string(input.request.resource.properties.nonce)\n',
  )
}

const matrixText = (workload: Workload): string => {
  const types = new Set(workload.permissions.map((permission) => permission.slice(0, permission.indexOf(':'))))
  const lines = [...types].flatMap((type) => [
    `  ${type}:`,
    ...workload.permissions
      .filter((permission) => permission.startsWith(`${type}:`))
      .map((permission) => {
        const cells = workload.roles
          .filter((role) => workload.matrix[role]?.[permission])
          .map((role) => `${role}: allow`)
        return `    ${permission.slice(type.length + 1)}: { ${cells.join(', ')} }`
      }),
  ])
  return `matrix:\n${lines.join('\n')}\n`
}

const tenantOf = ({ tenant, members }: Workload) => ({ tenant, system: 'bench', members })
