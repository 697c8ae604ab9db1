import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Contender, parsed } from '../contender.ts'
import { repository } from '../paths.ts'
import { has } from '../server-process.ts'
import type { Workload } from '../workload.ts'
import { authzenBody, post } from './authzen.ts'

const policy = join(repository, 'bench/contenders/opa-policy.rego')

/** OPA's own server, with roles, members and matrix as data, and every switch that makes it faster. */
export const opa = (workload: Workload): Contender => {
  let binary = 'opa'
  return {
    name: 'OPA server',
    note:
      'Rego as data look-ups, `POST /v1/data/bench/decision`; members and matrix in its memory; no decision log, ' +
      'no access log, `--optimize-store-for-read-speed`, `GOMAXPROCS=1`.',
    prepare: () => {
      const found = findOpa()
      if (found === undefined) {
        return 'no `opa` (1.x): set POSTERN_OPA to the binary, put it on PATH, or let `npm start` build the pinned one'
      }
      binary = found
      return undefined
    },
    version: () => /^Version: (.*)$/m.exec(execFileSync(binary, ['version'], { encoding: 'utf8' }))?.[1] ?? 'unknown',
    start: async (host) => {
      const port = await host.freePort()
      const data = join(host.folder(), 'data.json')
      const members = Object.fromEntries(workload.members.map(({ user, role, status }) => [user, { role, status }]))
      writeFileSync(data, JSON.stringify({ tables: { members, matrix: grantedCells(workload) } }))
      return host.serve({
        command: binary,
        args: [
          ...['run', '--server', '--addr', `127.0.0.1:${port}`, '--log-level', 'error', '--skip-version-check'],
          ...['--optimize-store-for-read-speed', policy, data],
        ],
        env: { GOMAXPROCS: '1' },
        port,
        readyPath: '/health',
      })
    },
    request: (i) => post('/v1/data/bench/decision', { input: authzenBody(workload, i) }),
    check: (i, status, body) => {
      const expected = workload.questions[i % workload.questions.length]?.expected
      const { result } = (parsed(body) ?? {}) as { result?: { decision?: unknown; reason?: unknown } }
      return status === 200 && result?.decision === expected?.decision && result?.reason === expected?.reason
    },
  }
}

/** Where Postern itself looks for OPA, short of building it. */
export const findOpa = (): string | undefined => {
  const named = process.env.POSTERN_OPA
  if (named) return existsSync(named) ? named : undefined
  if (has('opa')) return 'opa'
  const cache = join(repository, '.postern')
  if (!existsSync(cache)) return undefined
  const built = readdirSync(cache, { recursive: true, withFileTypes: true }).find(
    (entry) => entry.isFile() && basename(entry.name) === 'opa',
  )
  return built && join(built.parentPath, built.name)
}

/** The matrix without its refusals, as a policy author would store it. */
const grantedCells = ({ matrix }: Workload) =>
  Object.fromEntries(
    Object.entries(matrix).map(([role, cells]) => [
      role,
      Object.fromEntries(Object.entries(cells).filter(([, granted]) => granted)),
    ]),
  )
