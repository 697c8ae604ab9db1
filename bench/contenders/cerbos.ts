import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type Contender, parsed } from '../contender.ts'
import { repository } from '../paths.ts'
import type { Workload } from '../workload.ts'
import { post } from './authzen.ts'

const peers = join(repository, 'bench/peers')

/**
 * Cerbos, one resource policy per type, one rule per permission. The binary itself is run, not the npm package
 * `cerbos`: that one is a Node wrapper, which leaves the server behind when it is killed.
 */
export const cerbos = (workload: Workload): Contender => {
  let binary = ''
  return {
    name: 'Cerbos',
    note:
      'Resource policies on disk, `POST /api/check/resources`. It keeps no members: the request brings role and ' +
      'status, a look-up that the others do. It gives no reason and is not asked for one. Telemetry, audit and ' +
      'access log off, `GOMAXPROCS=1`.',
    prepare: () => {
      binary = process.env.BENCH_CERBOS ?? join(peers, packagePath())
      if (existsSync(binary)) return undefined
      if (process.env.BENCH_CERBOS) return `BENCH_CERBOS names \`${binary}\`, which does not exist`
      const failure = install()
      if (existsSync(binary)) return undefined
      return `no Cerbos: \`npm ci\` in bench/peers gave no ${packagePath()}${failure}; set BENCH_CERBOS to a cerbos binary`
    },
    version: () => execFileSync(binary, ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? 'unknown',
    start: async (host) => {
      const [port, grpcPort, folder] = [await host.freePort(), await host.freePort(), host.folder()]
      const policies = join(folder, 'policies')
      mkdirSync(policies)
      for (const [type, policy] of policiesOf(workload))
        writeFileSync(join(policies, `${type}.yaml`), stringify(policy))
      const config = join(folder, 'cerbos.yaml')
      writeFileSync(
        config,
        stringify({
          server: { httpListenAddr: `127.0.0.1:${port}`, grpcListenAddr: `127.0.0.1:${grpcPort}` },
          telemetry: { disabled: true },
          audit: { enabled: false },
          storage: { driver: 'disk', disk: { directory: policies, watchForChanges: false } },
        }),
      )
      return host.serve({
        command: binary,
        args: ['server', '--log-level=error', `--config=${config}`],
        env: { GOMAXPROCS: '1', CERBOS_NO_TELEMETRY: '1' },
        cwd: folder,
        port,
        readyPath: '/_cerbos/health',
      })
    },
    request: (i) => {
      const question = workload.questions[i % workload.questions.length]
      if (question === undefined) throw new Error('the workload has no questions')
      const member = workload.byUser.get(question.user)
      return post('/api/check/resources', {
        principal: {
          id: question.user,
          roles: [member?.role ?? 'stranger'],
          attr: { status: member?.status ?? 'none' },
        },
        resources: [{ resource: { kind: question.type, id: '-' }, actions: [question.action] }],
      })
    },
    check: (i, status, body) => {
      const question = workload.questions[i % workload.questions.length]
      const answer = parsed(body) as { results?: { actions?: Record<string, unknown> }[] } | undefined
      const effect = answer?.results?.[0]?.actions?.[question?.action ?? '']
      return status === 200 && effect === (question?.expected.decision ? 'EFFECT_ALLOW' : 'EFFECT_DENY')
    },
  }
}

const packagePath = (): string => {
  const platform = `cerbos-${process.platform}-${process.arch}`
  return `node_modules/@cerbos/${platform}/${platform}`
}

/** Installs what `bench/peers/package-lock.json` pins; answers with what went wrong, or with nothing. */
const install = (): string => {
  console.error('installing the peers of bench/peers/package-lock.json (100 MB, once) …')
  try {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: peers, stdio: ['ignore', 'ignore', 'pipe'] })
    return ''
  } catch (error) {
    return ` (${error instanceof Error ? error.message.trim().split('\n').slice(0, 2).join(' ') : error})`
  }
}

const policiesOf = ({ roles, permissions, matrix }: Workload): [string, object][] => {
  const types = [...new Set(permissions.map((permission) => permission.split(':')[0] ?? ''))]
  return types.map((type) => [
    type,
    {
      apiVersion: 'api.cerbos.dev/v1',
      resourcePolicy: {
        resource: type,
        version: 'default',
        rules: permissions
          .filter((permission) => permission.startsWith(`${type}:`))
          .map((permission) => ({
            actions: [permission.slice(type.length + 1)],
            effect: 'EFFECT_ALLOW',
            roles: roles.filter((role) => matrix[role]?.[permission]),
            condition: { match: { expr: 'P.attr.status == "active"' } },
          })),
      },
    },
  ])
}
