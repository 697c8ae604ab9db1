/**
 * `npm run bench:gateways`: what each gateway here loses in latency and throughput when it asks Postern before each
 * request, or OPA's server where it can, against asking nobody. All in one run, in rounds with the order rotated.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender } from './contender.ts'
import { findOpa } from './contenders/opa.ts'
import { caddy } from './gateways/caddy.ts'
import { envoy } from './gateways/envoy.ts'
import type { Authorization, GatewayUnderLoad } from './gateways/gateway.ts'
import { haproxy } from './gateways/haproxy.ts'
import { nginx } from './gateways/nginx.ts'
import { type Parties, startParties } from './gateways/parties.ts'
import { traefik } from './gateways/traefik.ts'
import { describeMachine, pin } from './machine.ts'
import { type Measured, measure } from './measure.ts'
import { type Options, readOptions } from './options.ts'
import { cleanUpOnExit, makeHost, type Running } from './server-process.ts'
import { doubts, median } from './summary.ts'

const gateways: readonly GatewayUnderLoad[] = [nginx, envoy('http'), envoy('grpc'), traefik, caddy, haproxy]

/** Distinct requests; they differ in their query. */
const questions = 100

const say = (line: string) => process.stderr.write(`${line}\n`)

/** A gateway with one authorization, as something to measure. */
function contenderOf(gateway: GatewayUnderLoad, authorization: Authorization, parties: Parties): Contender {
  const headers = { Authorization: parties.authorization }
  return {
    name: `${gateway.name}, asking ${authorization}`,
    note: '',
    prepare: gateway.prepare,
    version: gateway.version,
    start: async (host) => {
      const ports = { ...parties.ports, clients: await host.freePort() }
      const running = await gateway.start(host, ports, authorization)
      await untilServed(running, headers)
      if (authorization !== 'nobody') await refusesStrangers(running, gateway.name)
      return running
    },
    request: (i) => ({ method: 'POST', path: `/v1/keys/key-site/uses?n=${i % questions}`, headers, body: '' }),
    check: (_, status, body) => status === 200 && body === 'served',
  }
}

async function untilServed({ port }: Running, headers: Record<string, string>): Promise<void> {
  let last: unknown = 'nothing'
  for (let tries = 0; tries < 100; tries++) {
    last = await fetch(`http://127.0.0.1:${port}/v1/keys/key-site/uses`, { method: 'POST', headers }).then(
      ({ status }) => status,
      () => 'no connection',
    )
    if (last === 200) return
    await sleep(100)
  }
  throw new Error(`the gateway does not let an allowed request through: ${last}`)
}

/** A figure for an authorization that lets everybody through would be worth nothing. */
async function refusesStrangers({ port }: Running, name: string): Promise<void> {
  const { status } = await fetch(`http://127.0.0.1:${port}/v1/keys/key-site/uses`, { method: 'POST' })
  if (status < 400) throw new Error(`${name} let a request without a token through`)
}

interface Line {
  readonly gateway: GatewayUnderLoad
  readonly authorization: Authorization
  readonly contender: Contender
}

/** One table: medians over the rounds, latency at one connection, throughput at many. */
function tableOf(lines: readonly Line[], alone: Measured, together: Measured, connections: number): string {
  const of = ({ contender }: Line, { rounds }: Measured, pick: (round: Measured['rounds'][number]) => number) =>
    median(rounds.filter((round) => round.contender === contender.name).map(pick))
  const rows = lines.map((line) => {
    const bare = lines.find(({ gateway, authorization }) => gateway === line.gateway && authorization === 'nobody')
    const p50 = of(line, alone, (round) => round.p50)
    const throughput = of(line, together, (round) => round.throughput)
    const base = bare ?? line
    const cells = [
      `${line.gateway.name} ${line.gateway.version()}`,
      line.authorization,
      p50.toFixed(3),
      (p50 - of(base, alone, (round) => round.p50)).toFixed(3),
      of(line, alone, (round) => round.p99).toFixed(3),
      Math.round(throughput).toString(),
      (throughput / of(base, together, (round) => round.throughput)).toFixed(2),
    ]
    return `| ${cells.join(' | ')} |`
  })
  return `| gateway | asks | p50, ms | added, ms | p99, ms | requests/s at ${connections} | of asking nobody |
|---|---|---|---|---|---|---|
${rows.join('\n')}`
}

async function run(options: Options): Promise<void> {
  const pinning = pin(options.serverCore, options.loadCore)
  const host = makeHost(pinning.serverCore)
  const wanted = ({ name }: GatewayUnderLoad) =>
    options.only.length === 0 || options.only.some((word) => name.toLowerCase().includes(word.toLowerCase()))
  const present = gateways.filter(wanted).filter((gateway) => {
    const missing = gateway.prepare()
    if (missing !== undefined) say(`left out: ${gateway.name}: ${missing}`)
    return missing === undefined
  })
  if (present.length === 0) throw new Error('there is no gateway to measure')
  const opa = findOpa()
  if (opa === undefined) say('left out: OPA: set POSTERN_OPA or put `opa` on PATH')

  const parties = await startParties(host, opa)
  const lines = present.flatMap((gateway) =>
    gateway.authorizations
      .filter((authorization) => authorization !== 'OPA' || opa !== undefined)
      .map((authorization) => ({ gateway, authorization, contender: contenderOf(gateway, authorization, parties) })),
  )
  const contenders = lines.map(({ contender }) => contender)
  const plan = { ...options, ...pinning, questions }
  const alone = await measure(contenders, host, { ...plan, connections: 1 }, say)
  const together = await measure(contenders, host, plan, say)

  const doubtful = [...doubts(alone, []), ...doubts(together, [pinning.serverCore, pinning.loadCore])]
    // All parties share a core on purpose, and the gateway's own part of it says nothing here.
    .filter((line) => !line.includes("shared the server's core") && !line.includes('nine tenths'))
  const text = `# Gateways that ask before each request

${describeMachine()}. ${pinning.statement} The gateway, the service, Postern and OPA share that core. ${options.rounds} rounds of
${options.seconds} s; medians. Every request carries a token that is verified each time (RS256) and is allowed; Postern
answers from its cache. \`${options.commandLine}\`

${tableOf(lines, alone, together, options.connections)}

Latency is that of one connection alone. Envoy, Traefik and Caddy cannot ask OPA's server, nginx only with a body
that it does not escape, HAProxy with one that its Lua writes: see the files in \`bench/gateways\`.
${doubtful.map((line) => `\nDoubt: ${line}.`).join('')}`
  mkdirSync(options.out, { recursive: true })
  writeFileSync(join(options.out, `${options.name}.md`), text)
  process.stdout.write(text)
}

cleanUpOnExit()
try {
  await run(readOptions('bench:gateways', 'gateways'))
  process.exit(0)
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
