import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { CompactSign, compactVerify } from 'jose'

/** A key of one algorithm. */
export interface JwsKey {
  /** A PEM (a private key to sign, a public key or a certificate to verify), or the secret of an HMAC. */
  readonly text: string
  /** The one algorithm that is used, whatever a token's header says. */
  readonly algorithm: string
}

/** A key or a token that cannot be used, in one line. */
export class JwsError extends Error {
  override readonly name = 'JwsError'
}

/** A compact JWS over the payload. Rejects with a `JwsError` for a key that does not fit the algorithm. */
export async function signJws(payload: unknown, key: JwsKey, keyId: string): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(payload))
  const object = keyObject(key, createPrivateKey)
  try {
    return await new CompactSign(bytes).setProtectedHeader({ alg: key.algorithm, kid: keyId, typ: 'JWT' }).sign(object)
  } catch (cause) {
    throw new JwsError(`the key cannot sign with ${key.algorithm}: ${(cause as Error).message}`, { cause })
  }
}

/** The payload of a compact JWS. Rejects with a `JwsError` where the signature is not one of this key. */
export async function verifyJws(token: string, key: JwsKey): Promise<unknown> {
  const object = keyObject(key, createPublicKey)
  try {
    const { payload } = await compactVerify(token, object, { algorithms: [key.algorithm] })
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch (cause) {
    throw new JwsError(`the signature does not verify: ${(cause as Error).message}`, { cause })
  }
}

function keyObject({ text, algorithm }: JwsKey, read: (pem: string) => KeyObject): KeyObject {
  const pem = text.includes('-----BEGIN')
  const secret = algorithm.startsWith('HS')
  // A public key is no secret: whoever knows it could sign with it.
  if (pem && secret) throw new JwsError(`${algorithm} takes a secret, and the key is a PEM`)
  if (secret) return createSecretKey(text.replace(/\r?\n$/, ''), 'utf8')
  try {
    return read(text)
  } catch (cause) {
    throw new JwsError('the key is not a PEM that can be read', { cause })
  }
}
