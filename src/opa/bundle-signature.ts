import { type JwsKey, signJws, verifyJws } from '../access/jws.ts'
import { BundleError, sha256 } from './bundle.ts'

/** The files of a bundle by their name, without the signature. */
export type BundleFiles = ReadonlyMap<string, Uint8Array>

/** The name of the file that holds the signature. */
export const signatureFile = '.signatures.json'

/** The `.signatures.json` of a bundle, as OPA writes it: one JWT over the digests of all files. */
export async function signFiles(files: BundleFiles, key: JwsKey, keyId: string): Promise<Uint8Array> {
  const listed = [...files].map(([name, bytes]) => ({ name, hash: digestOf(name, bytes), algorithm: 'SHA-256' }))
  const token = await signJws({ files: listed }, key, keyId)
  return new TextEncoder().encode(`${JSON.stringify({ signatures: [token] })}\n`)
}

/**
 * Rejects with a `BundleError` unless the signature is one of this key and covers exactly these files. As in OPA a
 * signature with a scope is one for something else, and the algorithm is the one that is configured.
 */
export async function verifyFiles(files: BundleFiles, signature: Uint8Array | undefined, key: JwsKey): Promise<void> {
  if (signature === undefined) throw new BundleError('the bundle is not signed; sign it with `postern sign`')
  const payload = await verifyJws(tokenIn(signature), key).catch((cause: Error) => {
    throw new BundleError(cause.message, { cause })
  })
  const signed = signedDigests(payload)
  for (const [name, bytes] of files) {
    const digest = signed.get(name)
    if (digest === undefined) throw new BundleError(`the signature does not cover \`${name}\``)
    if (digest !== digestOf(name, bytes)) throw new BundleError(`\`${name}\` is not the file that was signed`)
  }
  for (const name of signed.keys()) if (!files.has(name)) throw new BundleError(`\`${name}\` was signed and is missing`)
}

function tokenIn(signature: Uint8Array): string {
  let signatures: unknown
  try {
    signatures = JSON.parse(Buffer.from(signature).toString('utf8')).signatures
  } catch {
    throw new BundleError(`\`${signatureFile}\` is not JSON`)
  }
  const [token, ...more] = Array.isArray(signatures) ? signatures : []
  if (typeof token !== 'string' || more.length > 0)
    throw new BundleError(`\`${signatureFile}\` does not hold exactly one signature`)
  return token
}

/** Digests by name. */
function signedDigests(payload: unknown): ReadonlyMap<string, string> {
  const { files, scope } = (payload ?? {}) as { files?: unknown; scope?: unknown }
  if (scope !== undefined && scope !== '') throw new BundleError('the signature is for another scope')
  if (!Array.isArray(files)) throw new BundleError('the signature covers no files')
  const digests = new Map<string, string>()
  for (const file of files) {
    const { name, hash, algorithm } = (file ?? {}) as Readonly<Record<string, unknown>>
    if (typeof name !== 'string' || typeof hash !== 'string' || algorithm !== 'SHA-256')
      throw new BundleError('the signature lists a file without a name or a SHA-256 digest')
    digests.set(name, hash.toLowerCase())
  }
  return digests
}

function digestOf(name: string, bytes: Uint8Array): string {
  if (name !== '.manifest' && name !== 'data.json') return sha256(bytes)
  return sha256(canonical(parse(name, bytes)))
}

function parse(name: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new BundleError(`\`${name}\` is not JSON`)
  }
}

/**
 * What OPA hashes of a structured file: its value with sorted keys, so that blanks do not count. A number that is
 * written in another way than JSON.stringify writes it, such as 1.0, has another digest here and is refused.
 */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return primitive(value)
  // Go sorts by the bytes of UTF-8, which is not the order of UTF-16.
  const sorted = Object.entries(value).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return `{${sorted.map(([key, member]) => `${primitive(key)}:${canonical(member)}`).join(',')}}`
}

/** As Go's encoding/json writes it, which escapes two line separators more. */
function primitive(value: unknown): string {
  return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}
