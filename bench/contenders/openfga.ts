import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type Contender, parsed } from '../contender.ts'
import { has } from '../server-process.ts'
import type { Workload } from '../workload.ts'
import { post } from './authzen.ts'

/** OpenFGA with its in-memory store: one relation per role and one per permission. Optional: `--with openfga`. */
export const openfga = (workload: Workload): Contender => {
  const binary = process.env.BENCH_OPENFGA ?? 'openfga'
  let store = ''
  let model = ''
  return {
    name: 'OpenFGA',
    note:
      'Relations generated from the matrix, `POST /stores/{id}/check`, in-memory store, its caches off as by default, ' +
      'access log and metrics off, `GOMAXPROCS=1`. Only active members have a tuple, and it gives no reason and is ' +
      'not asked for one.',
    prepare: () => {
      if (process.env.BENCH_OPENFGA ? existsSync(binary) : has(binary)) return undefined
      return (
        'no `openfga`: `go install github.com/openfga/openfga/cmd/openfga@v1.22.1` (about four minutes), then put it ' +
        'on PATH or set BENCH_OPENFGA to it'
      )
    },
    version: () => {
      // A release knows its own version; what `go install` built knows only its module's.
      const script = '"$0" version 2>&1; go version -m "$(command -v "$0")" 2>&1 || true'
      const printed = execFileSync('sh', ['-c', script, binary], { encoding: 'utf8' })
      return /(?:version `|\tgithub\.com\/openfga\/openfga\t)(v?\d[\d.]*)/.exec(printed)?.[1] ?? 'unknown'
    },
    start: async (host) => {
      const [port, grpcPort] = [await host.freePort(), await host.freePort()]
      const running = await host.serve({
        command: binary,
        args: [
          ...['run', '--datastore-engine', 'memory', '--log-level', 'error', '--playground-enabled=false'],
          ...['--metrics-enabled=false', '--http-addr', `127.0.0.1:${port}`, '--grpc-addr', `127.0.0.1:${grpcPort}`],
        ],
        env: { GOMAXPROCS: '1' },
        cwd: host.folder(),
        port,
        readyPath: '/healthz',
      })
      const call = async (path: string, body: unknown): Promise<Record<string, string>> => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: JSON.stringify(body) })
        const text = await response.text()
        if (!response.ok) throw new Error(`OpenFGA refused ${path}: ${response.status} ${text}`)
        return text === '' ? {} : JSON.parse(text)
      }
      store = (await call('/stores', { name: workload.tenant })).id ?? ''
      model = (await call(`/stores/${store}/authorization-models`, modelOf(workload))).authorization_model_id ?? ''
      const tuples = workload.members
        .filter((member) => member.status === 'active')
        .map(({ user, role }) => ({ user: `user:${user}`, relation: role, object: `tenant:${workload.tenant}` }))
      for (let from = 0; from < tuples.length; from += 50) {
        const writes = { tuple_keys: tuples.slice(from, from + 50) }
        await call(`/stores/${store}/write`, { authorization_model_id: model, writes })
      }
      return running
    },
    request: (i) => {
      const question = workload.questions[i % workload.questions.length]
      return post(`/stores/${store}/check`, {
        authorization_model_id: model,
        tuple_key: {
          user: `user:${question?.user}`,
          relation: `can_${question?.type}_${question?.action}`,
          object: `tenant:${workload.tenant}`,
        },
      })
    },
    check: (i, status, body) => {
      const expected = workload.questions[i % workload.questions.length]?.expected.decision
      return status === 200 && (parsed(body) as { allowed?: unknown } | undefined)?.allowed === expected
    },
  }
}

const modelOf = ({ roles, permissions, matrix }: Workload) => {
  const direct = roles.map((role) => [role, { this: {} }] as const)
  const computed = permissions.map((permission) => {
    const child = roles
      .filter((role) => matrix[role]?.[permission])
      .map((role) => ({ computedUserset: { relation: role } }))
    return [`can_${permission.replace(':', '_')}`, { union: { child } }] as const
  })
  return {
    schema_version: '1.1',
    type_definitions: [
      { type: 'user' },
      {
        type: 'tenant',
        relations: Object.fromEntries([...direct, ...computed]),
        metadata: {
          relations: Object.fromEntries(
            roles.map((role) => [role, { directly_related_user_types: [{ type: 'user' }] }]),
          ),
        },
      },
    ],
  }
}
