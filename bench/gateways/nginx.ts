import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../paths.ts'
import { has } from '../server-process.ts'
import type { Authorization, GatewayUnderLoad, Ports } from './gateway.ts'

/**
 * nginx and its auth_request. It can ask OPA, for this measurement: it sends a body that it has written itself to
 * `/v0/data`, which answers 404 where the policy says nothing. Nobody should run that: nginx does not escape what it
 * writes into the body, so a quote in a path would say something else to the policy, and every denial is a 500.
 */
export const nginx: GatewayUnderLoad = {
  name: 'nginx',
  authorizations: ['nobody', 'Postern', 'OPA'],
  prepare: () => (has('nginx') ? undefined : 'no `nginx` on PATH (Debian: apt-get install nginx)'),
  version: () => /nginx\/(\S+)/.exec(spawnSync('nginx', ['-v'], { encoding: 'utf8' }).stderr)?.[1] ?? 'unknown',
  start: async (host, ports, authorization) => {
    const folder = host.folder()
    writeFileSync(join(folder, 'nginx.conf'), configured(ports, authorization))
    const running = await host.serve({
      command: 'nginx',
      // One process, so that its pid is the one whose CPU time is read.
      args: ['-p', folder, '-c', 'nginx.conf', '-g', 'daemon off; master_process off;'],
      port: ports.service,
      readyPath: '/',
    })
    return { ...running, port: ports.clients }
  },
}

function configured(ports: Ports, authorization: Authorization): string {
  const shipped = readFileSync(join(repository, 'config/gateways/nginx/nginx.conf'), 'utf8')
  const placed = shipped
    .replace('127.0.0.1:8182', `127.0.0.1:${authorization === 'OPA' ? ports.opa : ports.gateway}`)
    .replace('127.0.0.1:9000', `127.0.0.1:${ports.service}`)
    .replace('127.0.0.1:8080', `127.0.0.1:${ports.clients}`)
  if (authorization === 'nobody') return placed.replace(/^.*(?:auth_request|X-Postern-).*\n/gm, '')
  if (authorization === 'Postern') return placed
  const body = `{"method":"$request_method","path":"$request_uri","authorization":"$http_authorization"}`
  return placed
    .replace('/v1/auth-request;', '/v0/data/gateways/allow;\n      proxy_method POST;')
    .replace('proxy_pass_request_body off;', `proxy_set_body '${body}';`)
    .replace('proxy_set_header Content-Length "";', 'proxy_set_header Content-Type application/json;')
}
