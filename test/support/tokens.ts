import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, type JWTPayload, SignJWT } from 'jose'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const keySet = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }] }

export const issuer = 'https://issuer.example'
export const audience = 'acme-api'

/** A file that holds the key set of `tokenOf`. */
export function keySetFile(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'postern-keys-')), 'jwks.json')
  writeFileSync(file, JSON.stringify(keySet))
  return file
}

export const now = () => Math.floor(Date.now() / 1000)

/** A token of the issuer, by default a valid one; a claim that is undefined is left out. */
export function tokenOf(subject: string | undefined, claims: JWTPayload = {}, key = privateKey): Promise<string> {
  const payload = { sub: subject, iss: issuer, aud: audience, iat: now() - 60, exp: now() + 600, ...claims }
  const given = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined))
  return new SignJWT(given).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(key)
}
