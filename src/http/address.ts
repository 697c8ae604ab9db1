import { isIPv4, isIPv6 } from 'node:net'

/** Where a listener listens. A Unix socket counts as loopback. */
export type Address = { readonly path: string } | { readonly host: string; readonly port: number }

/** Reads `host:port`, `[v6]:port` or `unix:/path`; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length)
    return path.startsWith('/') ? { path } : undefined
  }
  const parts = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  if (parts === null) return undefined
  const host = parts[1] ?? (parts[2] as string)
  const port = Number(parts[3])
  if (port > 65_535 || (parts[1] !== undefined && !isIPv6(host))) return undefined
  return { host, port }
}

/** True for 127.0.0.0/8 and ::1. A name is not an address: resolve it first. */
export function isLoopbackAddress(host: string): boolean {
  return isIPv4(host) ? host.startsWith('127.') : isIPv6(host) && new URL(`http://[${host}]`).hostname === '[::1]'
}
