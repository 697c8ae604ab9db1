import { canonicalPath } from './canonical-path.ts'
import { type Asked, hostOf } from './dialects.ts'
import type { Plugin } from './plugins.ts'
import { headerOnce, type RawHeaders } from './raw-headers.ts'
import { Refusal } from './refusals.ts'

/** The request that a plugin asks about, and the headers that its client sent. */
export interface Described {
  readonly asked: Asked
  readonly headers: RawHeaders
}

type Members = Readonly<Record<string, unknown>>

/** Both plugins tell of this many arguments or headers at most, and do not say when there were more. */
const longestMap = 100

/**
 * What a plugin's description says, by the member names of that plugin alone.
 *
 * @throws Refusal when it lacks something, has more than one reading, or may have been cut short
 */
export function describedBy(plugin: Plugin, body: unknown): Described {
  const input = members(members(body, '').input, '/input')
  const request = members(input.request, '/input/request')
  return plugin === 'kong' ? byKong(members(request.http, '/input/request/http')) : byApisix(input, request)
}

function byKong(http: Members): Described {
  const at = '/input/request/http'
  const path = text(http, 'path', at)
  if (path.includes('?')) throw new Refusal('path_ambiguous', 'the path holds `?`')
  const query = queryText(pairs(http, 'querystring', at))
  return {
    asked: {
      method: text(http, 'method', at),
      target: query === '' ? path : `${path}?${query}`,
      host: hostOf(text(http, 'host', at)),
    },
    headers: headersIn(http, at),
  }
}

/**
 * The path in APISIX's description has been decoded and cleaned, so that it does not show what the service would get.
 * The target as the client sent it is in a header that APISIX is configured to set, and must agree with that path.
 */
function byApisix(input: Members, request: Members): Described {
  const at = '/input/request'
  if (text(input, 'type', '/input') !== 'http') throw malformed('/input/type', 'not `http`')
  const path = text(request, 'path', at)
  const headers = headersIn(request, at)
  const target = headerOnce(headers, 'X-Postern-Target')
  if (target === undefined || target === '') throw new Refusal('header_missing', '`X-Postern-Target` was not set')
  const canonical = canonicalPath(target)
  if ('fault' in canonical) throw new Refusal('path_ambiguous', canonical.fault)
  if (`/${canonical.segments.join('/')}` !== path)
    throw new Refusal('path_ambiguous', `\`X-Postern-Target\` is not the path of ${at}/path`)
  return { asked: { method: text(request, 'method', at), target, host: hostOf(text(request, 'host', at)) }, headers }
}

function headersIn(described: Members, at: string): RawHeaders {
  return pairs(described, 'headers', at).flatMap(([name, value]) => {
    if (value === true) throw malformed(`${at}/headers`, 'not a map of texts')
    return [name, value]
  })
}

/**
 * A query that reads as the one which the gateway took apart. What decoding has left open there is left open here: a
 * space may have been `+`, a percent sign stands for itself or in an escape that is none, and `;` may divide.
 */
function queryText(query: readonly (readonly [string, string | true])[]): string {
  const written = query.map(([name, value]) => {
    // Refused by every route that reads a parameter.
    if (open.test(name)) return ';'
    if (value === true) return encodeURIComponent(name)
    // `+` is refused by a route that reads this one.
    return `${encodeURIComponent(name)}=${open.test(value) ? '+' : encodeURIComponent(value)}`
  })
  return written.join('&')
}

const open = /[ ;%\p{Cs}]/u

/** The names and values of a map; a name with a list of values comes once with each. */
function pairs(described: Members, name: string, at: string): readonly (readonly [string, string | true])[] {
  const place = `${at}/${name}`
  const found = Object.entries(members(described[name], place)).flatMap(([key, value]) =>
    (Array.isArray(value) ? (value as readonly unknown[]) : [value]).map((one) => {
      if (typeof one !== 'string' && one !== true) throw malformed(place, 'not a map of texts')
      return [key, one] as const
    }),
  )
  if (found.length >= longestMap) throw new Refusal('description_cut', `\`${place}\` has ${longestMap} values or more`)
  return found
}

function members(value: unknown, place: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(place, 'not an object')
  return value as Members
}

function text(described: Members, name: string, at: string): string {
  const value = described[name]
  if (typeof value !== 'string') throw malformed(`${at}/${name}`, 'not a text')
  return value
}

function malformed(place: string, fault: string): Refusal {
  return new Refusal('description_malformed', place === '' ? `the body is ${fault}` : `\`${place}\` is ${fault}`)
}
