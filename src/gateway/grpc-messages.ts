import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import { packageRoot } from '../document/package-root.ts'
import { bodyOf, clientHeaders, type GatewayAnswer, onwardHeaders } from './answer.ts'
import { type Asked, hostOf } from './dialects.ts'
import type { RawHeaders } from './raw-headers.ts'

/** What Envoy asks by gRPC, and the client's headers beside it. */
export interface Checked {
  readonly asked: Asked
  readonly headers: RawHeaders
}

export interface GrpcMessages {
  /** @throws Error when the bytes are no such message */
  readCheck(bytes: Uint8Array): Checked
  writeReply(answer: GatewayAnswer): Buffer
  /** @throws Error when the bytes are no such message */
  readHealthCheck(bytes: Uint8Array): { readonly service: string }
  writeHealth(serving: boolean): Buffer
}

interface CheckRequest {
  readonly attributes?: {
    readonly source?: { readonly principal: string } | null
    readonly request?: { readonly http?: HttpRequest | null } | null
  } | null
}

interface HttpRequest {
  readonly method: string
  readonly path: string
  readonly host: string
  readonly headers: Readonly<Record<string, string>>
  readonly header_map?: { readonly headers: readonly HeaderValue[] } | null
}

interface HeaderValue {
  readonly key: string
  readonly value: string
  readonly raw_value: Uint8Array
}

/** Codes of google.rpc.Status; every other status is PERMISSION_DENIED. */
const statusCodes: Readonly<Record<number, number>> = { 401: 16, 429: 8, 503: 14 }

/** The messages of proto/ext-authz.proto, which is read here once. */
export function grpcMessages(): GrpcMessages {
  const text = readFileSync(join(packageRoot(), 'src/gateway/proto/ext-authz.proto'), 'utf8')
  const { root } = protobuf.parse(text, { keepCase: true })
  const type = (name: string) => root.lookupType(`postern.${name}`)
  const [check, reply] = [type('CheckRequest'), type('CheckResponse')]
  const [health, healthReply] = [type('HealthCheckRequest'), type('HealthCheckResponse')]
  const encode = (as: protobuf.Type, value: Record<string, unknown>) =>
    Buffer.from(as.encode(as.fromObject(value)).finish())
  return {
    readCheck: (bytes) => checkedOf(check.decode(bytes) as CheckRequest),
    writeReply: (answer) => encode(reply, replyTo(answer)),
    readHealthCheck: (bytes) => health.decode(bytes) as unknown as { service: string },
    writeHealth: (serving) => encode(healthReply, { status: serving ? 1 : 2 }),
  }
}

function checkedOf({ attributes }: CheckRequest): Checked {
  const http = attributes?.request?.http
  const principal = attributes?.source?.principal
  return {
    // A request that says nothing has no path, and is denied for it.
    asked: {
      method: http?.method ?? '',
      target: http?.path ?? '',
      host: hostOf(http?.host),
      certificate: () => (principal === '' ? undefined : principal),
    },
    headers: http == null ? [] : headersAsked(http),
  }
}

function headersAsked({ headers, header_map }: HttpRequest): RawHeaders {
  const listed = header_map?.headers ?? []
  return [
    ...listed.flatMap(({ key, value, raw_value }) => [
      key,
      raw_value.length > 0 ? Buffer.from(raw_value).toString('latin1') : value,
    ]),
    // In the map several headers of a name have become one with commas: taken apart again, so that whoever needs the
    // one value of it sees that there is none.
    ...Object.entries(headers).flatMap(([name, value]) => value.split(',').flatMap((part) => [name, part.trim()])),
  ]
}

/**
 * The reply to a check; the one place where replies are made.
 *
 * INVARIANT: for Envoy a reply without a status, even one of no bytes at all, is an allow. So a status of 200 is the
 * one way to code 0, and whatever else stands there becomes a denial with a code and a status of its own.
 */
function replyTo(answer: GatewayAnswer): Record<string, unknown> {
  const { subject = '', decisionId = '', reason } = answer
  const said = Object.entries({ subject, decision_id: decisionId, reason })
  const dynamic_metadata = {
    fields: Object.fromEntries(said.map(([name, text]) => [name, { string_value: text }])),
  }
  if (answer.status === 200) {
    const onward = Object.entries(onwardHeaders(answer))
    return { status: { code: 0 }, ok_response: { headers: onward.map(headerSet) }, dynamic_metadata }
  }
  const shown = Object.entries(clientHeaders(answer))
  return {
    status: { code: statusCodes[answer.status] ?? 7, message: reason },
    denied_response: {
      status: { code: answer.status >= 400 ? answer.status : 403 },
      headers: shown.map(headerSet),
      body: bodyOf(answer),
    },
    dynamic_metadata,
  }
}

function headerSet([key, value]: [string, string]) {
  return { header: { key, value }, append_action: 2, keep_empty_value: true }
}
