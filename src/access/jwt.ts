import { readFileSync } from 'node:fs'
import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose'

export interface JwtOptions {
  /** A JSON Web Key Set: an https or http URL, or a file. */
  readonly keys: string
  /** The setting that names it, for messages. */
  readonly setting: string
  readonly issuer: string
  readonly audience: string
  /** The one signature algorithm that is taken, whatever the token's header says. */
  readonly algorithm: string
}

/** What a valid token says of its bearer. Never a role: roles are the tenant's. */
export interface TokenClaims {
  /** The claim `sub`. */
  readonly subject: string
  /** The claim `iat`, RFC 3339 in UTC. */
  readonly issuedAt: string
  /** The claim `token_scopes`: the tenants that the token is for; undefined for one without it. */
  readonly scopes?: readonly string[]
}

/** Undefined for a token that is not valid. Rejects when that cannot be told, as when the keys cannot be fetched. */
export type VerifyJwt = (token: string) => Promise<TokenClaims | undefined>

/** The keys cannot be used, in one line. */
export class KeySetError extends Error {
  override readonly name = 'KeySetError'
}

/** Faults of a token. Everything else, such as an unreachable key set, says nothing about the token. */
const tokenFaults = [
  errors.JWTExpired,
  errors.JWTClaimValidationFailed,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
] as const

/** How far the issuer's clock may be off, in seconds. */
const clockTolerance = 30

/**
 * Verifies tokens against a key set. A file is read once, here; the keys of a URL are fetched when first needed, kept
 * for ten minutes, and fetched again for a key id that is not among them, at most twice a minute.
 *
 * @throws KeySetError when the file holds no usable key set
 */
export function createJwtVerifier({ keys, setting, issuer, audience, algorithm }: JwtOptions): VerifyJwt {
  const keyOf = keySource(keys, setting)
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keyOf, {
        issuer,
        audience,
        algorithms: [algorithm],
        clockTolerance,
        requiredClaims: ['sub', 'iat', 'exp'],
      })
      const { sub, iat, token_scopes: scopes } = payload
      if (typeof sub !== 'string' || sub === '' || /\p{Cs}/u.test(sub) || typeof iat !== 'number') return undefined
      // A token of the future would outlive every end of its bearer's sessions.
      if (!Number.isFinite(iat) || iat < 0 || iat > Date.now() / 1000 + clockTolerance) return undefined
      // A claim that cannot be read would leave a narrow token without its bounds.
      if (scopes !== undefined && !isListOfTexts(scopes)) return undefined
      const claims = { subject: sub, issuedAt: new Date(iat * 1000).toISOString() }
      return scopes === undefined ? claims : { ...claims, scopes }
    } catch (error) {
      if (tokenFaults.some((fault) => error instanceof fault)) return undefined
      throw error
    }
  }
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string' && !/\p{Cs}/u.test(text))
}

function keySource(keys: string, setting: string): JWTVerifyGetKey {
  if (/^https?:\/\//.test(keys))
    return createRemoteJWKSet(new URL(keys), { timeoutDuration: 2_000, cooldownDuration: 30_000, cacheMaxAge: 600_000 })
  try {
    return createLocalJWKSet(JSON.parse(readFileSync(keys, 'utf8')))
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'the file does not exist' : 'no JSON Web Key Set'
    throw new KeySetError(`cannot read the keys \`${keys}\` of \`${setting}\`: ${why}`, { cause: error })
  }
}
