import type { FailureLimit } from '../access/failure-limit.ts'
import { createJwtVerifier } from '../access/jwt.ts'
import { secretCheck } from '../access/secret.ts'
import { PosternError } from '../pdp/errors.ts'
import { headerOnce, type RawHeaders } from './raw-headers.ts'

export interface IdentitySettings {
  readonly jwt_keys: string | null
  readonly jwt_issuer: string | null
  readonly jwt_audience: string | null
  readonly jwt_algorithm: string
  readonly trusted_header: string | null
  readonly certificate_prefix: string | null
  readonly gateway_token: string | null
}

/** Who sent the client's request. */
export interface Client {
  readonly subject: string
  /** When the session began, RFC 3339; undefined where the gateway only names the subject. */
  readonly sessionIssuedAt: string | undefined
  /** The tenants that the client's token is for; undefined where it does not say. */
  readonly tokenScopes?: readonly string[]
}

/** Who speaks: the client, by the headers that the gateway passed on, and the gateway itself. By HTTP they are the same. */
export interface Sender {
  readonly client: RawHeaders
  readonly gateway: RawHeaders
  /** The gateway's IP address; undefined on a Unix socket. */
  readonly address?: string | undefined
}

/** `no_credential` and `bad_credential` are a 401. Rejects with `too_many_failures`, and when it cannot be told. */
export type Identify = (
  sender: Sender,
  certificate?: () => string | undefined,
) => Promise<Client | 'no_credential' | 'bad_credential'>

/**
 * How clients are known: by a bearer token, by what a gateway that has proved itself says in a header or of their
 * certificate, or not at all. Where gateways have a secret, none that does not send it is listened to. Settings that are
 * half there never come so far.
 *
 * @throws KeySetError when the key file cannot be used
 */
export function createIdentify(settings: IdentitySettings, failures: FailureLimit): Identify {
  const { gateway_token } = settings
  const identify = clientsBy(settings)
  if (gateway_token === null) return identify
  const isToken = secretCheck(gateway_token)
  return async (sender, certificate) => {
    const sent = headerOnce(sender.gateway, 'X-Postern-Token')
    if (sent === undefined) return 'no_credential'
    if (isToken(sent)) return identify(sender, certificate)
    const retryAfter = failures(sender.address)
    if (retryAfter === undefined) return 'no_credential'
    throw new PosternError('too_many_failures', undefined, { retryAfter })
  }
}

function clientsBy(settings: IdentitySettings): Identify {
  const { jwt_keys, jwt_issuer, jwt_audience, jwt_algorithm, trusted_header, certificate_prefix, gateway_token } =
    settings
  if (jwt_keys !== null && jwt_issuer !== null && jwt_audience !== null)
    return byToken({
      keys: jwt_keys,
      setting: 'identity.jwt_keys',
      issuer: jwt_issuer,
      audience: jwt_audience,
      algorithm: jwt_algorithm,
    })
  // Whoever cannot be told from a gateway could name anybody.
  if (trusted_header !== null && gateway_token !== null) return byHeader(trusted_header)
  if (certificate_prefix !== null && gateway_token !== null) return byCertificate(certificate_prefix)
  return async () => 'no_credential'
}

function byToken(options: Parameters<typeof createJwtVerifier>[0]): Identify {
  const verify = createJwtVerifier(options)
  return async ({ client }) => {
    const authorization = headerOnce(client, 'Authorization')
    if (authorization === undefined || authorization === '') return 'no_credential'
    const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)?.[1]
    const claims = token === undefined ? undefined : await verify(token)
    if (claims === undefined) return 'bad_credential'
    const { subject, issuedAt, scopes } = claims
    return { subject, sessionIssuedAt: issuedAt, ...(scopes === undefined ? {} : { tokenScopes: scopes }) }
  }
}

function byHeader(name: string): Identify {
  return async ({ client }) => {
    const subject = headerOnce(client, name)
    return subject === undefined || subject === '' ? 'no_credential' : { subject, sessionIssuedAt: undefined }
  }
}

function byCertificate(prefix: string): Identify {
  return async (_, certificate) => {
    const uri = certificate?.()
    if (uri === undefined) return 'no_credential'
    const subject = uri.startsWith(prefix) ? uri.slice(prefix.length) : ''
    // One segment as it stands: with escapes or further slashes two certificates could name one subject.
    return /^[A-Za-z0-9._~@+:-]+$/.test(subject) ? { subject, sessionIssuedAt: undefined } : 'bad_credential'
  }
}
