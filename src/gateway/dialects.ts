import { certificateUri } from './certificate-uri.ts'
import { headerOnce, type RawHeaders } from './raw-headers.ts'
import { Refusal } from './refusals.ts'

/** The request that a gateway asks about. */
export interface Asked {
  readonly method: string
  /** Path and query as the client sent them. */
  readonly target: string
  /** Lower case, without a port; undefined when the gateway did not say it or it is no host. */
  readonly host: string | undefined
  /** The URI in the client's certificate, which the gateway has verified; undefined when there is none. */
  readonly certificate?: () => string | undefined
}

/** The paths that gateways call, for messages and labels. Matched on the raw target; there is no router. */
export const extAuthz = '/v1/ext-authz'
export const authRequest = '/v1/auth-request'
export const forwardAuth = '/v1/forward-auth'

/**
 * What a gateway asks, by the dialect that its path names: undefined for no dialect's path, `method` where the path
 * takes GET alone. A dialect never reads the headers of another: a client can send those through.
 *
 * @throws Refusal when a needed header is missing, repeated or malformed
 */
export function askedBy(method: string, target: string, headers: RawHeaders): Asked | 'method' | undefined {
  if (target === extAuthz || target.startsWith(`${extAuthz}/`))
    return {
      method,
      target: target.slice(extAuthz.length),
      host: hostOf(headerOnce(headers, 'Host')),
      certificate: () => certificateUri(headerOnce(headers, 'X-Forwarded-Client-Cert')),
    }
  if (target === authRequest) return method === 'GET' ? original(headers, 'X-Original-', 'URI') : 'method'
  // Caddy appends the client's query to the path it was told to ask; the client's target is in the header.
  if (target === forwardAuth || target.startsWith(`${forwardAuth}?`))
    return method === 'GET' ? original(headers, 'X-Forwarded-', 'Uri') : 'method'
  return undefined
}

function original(headers: RawHeaders, prefix: string, uri: string): Asked {
  return {
    method: needed(headers, `${prefix}Method`),
    target: needed(headers, `${prefix}${uri}`),
    host: hostOf(headerOnce(headers, `${prefix}Host`)),
  }
}

function needed(headers: RawHeaders, name: string): string {
  const value = headerOnce(headers, name)
  if (value === undefined || value === '') throw new Refusal('header_missing', `\`${name}\` was not sent`)
  return value
}

export function hostOf(authority: string | undefined): string | undefined {
  return /^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.exec(authority ?? '')?.[1]?.toLowerCase()
}
