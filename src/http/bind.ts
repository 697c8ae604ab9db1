import { lookup } from 'node:dns/promises'
import { lstat, unlink } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { type Address, isLoopbackAddress, parseAddress } from './address.ts'

/** Why a listener could not be opened, in one line. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/**
 * The address that `text` names, for a listener that lets in whoever reaches it.
 *
 * @throws ListenError when it is malformed or not loopback
 */
export async function loopbackOnly(text: string): Promise<Address> {
  const address = await loopbackAddress(text)
  if (address !== undefined) return address
  throw new ListenError(
    `cannot listen on \`${text}\`: it is not loopback, and callers would need no credential; ` +
      'use 127.0.0.1, [::1], localhost or unix:/path, or have them known (README, "Who may call")',
  )
}

/** The loopback address or Unix socket that `text` names; undefined where it names any other. Throws as `addressOf`. */
export async function loopbackAddress(text: string): Promise<Address | undefined> {
  const address = addressOf(text)
  if ('path' in address || isLoopbackAddress(address.host)) return address
  if (address.host.toLowerCase() !== 'localhost') return undefined
  const resolved = await lookup('localhost')
  return isLoopbackAddress(resolved.address) ? { host: resolved.address, port: address.port } : undefined
}

/** The same wherever it is, for listeners whose callers are known. Throws a `ListenError` when malformed. */
export function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address !== undefined) return address
  throw new ListenError(`cannot listen on \`${text}\`: write \`host:port\`, \`[v6]:port\` or \`unix:/path\``)
}

/** Whether what is sent to the listener of an address, as `bind` answers it, leaves the machine without TLS. */
export function isInTheClear(address: string): boolean {
  if (!address.startsWith('http://')) return false
  return !isLoopbackAddress(new URL(address).hostname.replace(/^\[|\]$/g, ''))
}

/**
 * Makes `server` listen, and answers with the address it took, as a URL. A socket file whose process is gone is
 * replaced; one that somebody serves is not.
 *
 * @throws ListenError when the address is in use or not permitted
 */
export async function bind(server: Server, target: Address, text: string): Promise<string> {
  try {
    await startListening(server, target)
  } catch (error) {
    if (!('path' in target) || errorCode(error) !== 'EADDRINUSE' || !(await isStale(target.path))) {
      throw listenError(text, error)
    }
    try {
      await unlink(target.path)
      await startListening(server, target)
    } catch (second) {
      throw listenError(text, second)
    }
  }
  server.on('error', () => {}) // an accept that failed; the connection is gone, the server is not
  return describe(server, target)
}

function startListening(server: Server, target: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const onListening = () => {
      server.off('error', reject)
      resolve()
    }
    if (!('path' in target)) {
      server.listen(target.port, target.host, onListening)
      return
    }
    // Node binds inside this call, so the file is born with mode 0660; a chmod afterwards would leave a gap.
    const before = process.umask(0o117)
    try {
      server.listen(target.path, onListening)
    } finally {
      process.umask(before)
    }
  })
}

/** True when the path is a socket file whose process is gone. */
async function isStale(path: string): Promise<boolean> {
  const file = await lstat(path).catch(() => undefined)
  if (file?.isSocket() !== true) return false
  return new Promise((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(false)
    })
    probe.once('error', (error) => resolve(errorCode(error) === 'ECONNREFUSED'))
  })
}

const causes: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is in use',
  EACCES: 'it is not permitted',
  EPERM: 'it is not permitted',
  EADDRNOTAVAIL: 'this machine does not have that address',
}

function listenError(text: string, error: unknown): ListenError {
  const code = errorCode(error) ?? 'unknown error'
  // libuv reports a missing directory of a socket file as EACCES.
  if (code === 'EACCES' && text.startsWith('unix:')) {
    return new ListenError(`cannot listen on \`${text}\`: it is not permitted, or its directory does not exist`, {
      cause: error,
    })
  }
  return new ListenError(`cannot listen on \`${text}\`: ${causes[code] ?? code}`, { cause: error })
}

function describe(server: Server, target: Address): string {
  if ('path' in target) return `unix:${target.path}`
  const taken = server.address()
  const port = taken !== null && typeof taken === 'object' ? taken.port : target.port
  const scheme = 'setSecureContext' in server ? 'https' : 'http'
  return `${scheme}://${target.host.includes(':') ? `[${target.host}]` : target.host}:${port}`
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
}
