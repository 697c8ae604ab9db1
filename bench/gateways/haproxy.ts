import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../paths.ts'
import type { Authorization, GatewayUnderLoad, Ports } from './gateway.ts'

const program = process.env.POSTERN_HAPROXY ?? 'haproxy'

/**
 * HAProxy and an action in Lua. It can ask OPA: the action writes the input itself, escaped, and lets through only what
 * `/v0/data` answers `true` to, where Postern's status is enough.
 */
export const haproxy: GatewayUnderLoad = {
  name: 'HAProxy',
  authorizations: ['nobody', 'Postern', 'OPA'],
  prepare: () =>
    spawnSync(program, ['-v']).status === 0
      ? undefined
      : 'no `haproxy`: set POSTERN_HAPROXY or put it on PATH (Debian: apt-get install haproxy)',
  version: () =>
    /version (\d+\.\d+\.\d+)/.exec(spawnSync(program, ['-v'], { encoding: 'utf8' }).stdout)?.[1] ?? 'unknown',
  start: async (host, ports, authorization) => {
    const folder = host.folder()
    writeFileSync(join(folder, 'haproxy.cfg'), configured(ports, authorization))
    writeFileSync(join(folder, 'postern.lua'), authorization === 'OPA' ? askingOpa(ports) : askingPostern(ports))
    const running = await host.serve({
      command: program,
      // One process, so that its pid is the one whose CPU time is read.
      args: ['-db', '-q', '-f', 'haproxy.cfg'],
      cwd: folder,
      port: ports.service,
      readyPath: '/',
    })
    return { ...running, port: ports.clients }
  },
}

const shipped = (file: string) => readFileSync(join(repository, 'config/gateways/haproxy', file), 'utf8')

function configured(ports: Ports, authorization: Authorization): string {
  const placed = shipped('haproxy.cfg')
    .replace('127.0.0.1:8080', `127.0.0.1:${ports.clients}`)
    .replace('127.0.0.1:9000', `127.0.0.1:${ports.service}`)
  return authorization === 'nobody' ? placed.replace(/^.*(?:lua|postern_).*\n/gm, '') : placed
}

const askingPostern = (ports: Ports) => shipped('postern.lua').replace('127.0.0.1:8182', `127.0.0.1:${ports.gateway}`)

/** Leaves the status for haproxy.cfg to judge, as postern.lua does. */
const askingOpa = (ports: Ports) => `
local function ask(txn)
  local function text(value) return '"' .. txn.c:json(value or "", "utf8s") .. '"' end
  local input = '{"method":' .. text(txn.f:method()) .. ',"path":' .. text(txn.f:url()) ..
    ',"authorization":' .. text(txn.f:req_hdr("authorization")) .. '}'
  local answer = core.httpclient():post {
    url = "http://127.0.0.1:${ports.opa}/v0/data/gateways/allow",
    headers = { ["content-type"] = { "application/json" } },
    body = input,
    timeout = 1000,
  }
  txn:set_var("txn.postern_status", answer.status == 200 and answer.body:match("^true%s*$") and 200 or 403)
end

core.register_action("postern", { "http-req" }, ask, 0)
`
