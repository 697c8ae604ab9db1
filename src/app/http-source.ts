import type { JwsKey } from '../access/jws.ts'
import { type Bundle, BundleError, sha256 } from '../opa/bundle.ts'
import { bundleOf, decisionsFile, unpackFiles } from '../opa/bundle-archive.ts'
import { type BundleFiles, signatureFile, verifyFiles } from '../opa/bundle-signature.ts'
import type { BundleIndex } from './build.ts'
import type { Delivery, PolicySource } from './policy-source.ts'
import { decideRowsApart } from './rows-apart.ts'

export interface HttpSourceOptions {
  readonly url: string
  /** Sent as a bearer token. */
  readonly token: string | null
  readonly poll_seconds: number
  readonly timeout_ms: number
  /** Of the archive, and of what is in it. */
  readonly max_bytes: number
  /** Without it nothing is verified. */
  readonly key: JwsKey | undefined
  /** Whether the decision rows that a bundle carries must come out as they say. */
  readonly decision_rows: 'required' | 'ignored'
  /** What the policy may use while it decides them, in MiB. */
  readonly memory_mib: number
}

const firstRetryMs = 1000

/**
 * Bundles from a web server. A server is asked with `If-None-Match`; one without ETags costs a download at each look.
 * Redirects are not followed: what is configured is where policies come from.
 */
export function httpSource(
  options: HttpSourceOptions,
  random = Math.random,
  now = () => performance.now(),
): PolicySource {
  const { origin, pathname } = new URL(options.url)
  const from = origin + pathname
  const pollMs = options.poll_seconds * 1000
  let failures = 0
  let due = Number.NEGATIVE_INFINITY
  return {
    name: from,
    async look(known) {
      if (now() < due) return 'not_due'
      // Spread, so that a fleet that was started together, or lost its server together, does not ask together.
      const backOff = Math.min(pollMs, firstRetryMs * 2 ** failures) * (0.5 + random() / 2)
      due = now() + backOff
      failures += 1
      const found = await download(options, known)
      failures = 0
      due = now() + pollMs * (0.9 + random() * 0.2)
      if (found === undefined) return 'unchanged'
      const { tag, archive } = found
      return { tag, from, deliver: () => delivered(archive, options) }
    },
  }
}

/** Undefined while the server holds what `known` names. */
async function download({ url, token, timeout_ms, max_bytes }: HttpSourceOptions, known: string) {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(timeout_ms),
    headers: {
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      ...(isEtag(known) ? { 'If-None-Match': known } : {}),
    },
  }).catch((cause: Error) => {
    throw new BundleError(`no answer from the server: ${reasonOf(cause)}`, { cause })
  })
  if (response.status === 304 && isEtag(known)) return undefined
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new BundleError(`the server answered ${response.status}`)
  }
  const archive = await bounded(response, max_bytes)
  const tag = response.headers.get('etag') ?? sha256(archive)
  return tag === known ? undefined : { tag, archive }
}

/** The bundle in an archive, its signature verified where there is a key. Rejects with a `BundleError`. */
export async function openArchive(
  archive: Uint8Array,
  { max_bytes, key }: Pick<HttpSourceOptions, 'max_bytes' | 'key'>,
): Promise<Bundle<BundleIndex>> {
  return bundleOf<BundleIndex>(await verifiedFiles(archive, { max_bytes, key }))
}

async function delivered(archive: Uint8Array, options: HttpSourceOptions): Promise<Delivery> {
  const files = await verifiedFiles(archive, options)
  const bundle = bundleOf<BundleIndex>(files)
  if (options.decision_rows === 'required')
    await decideRowsApart({ bundle, decisions: files.get(decisionsFile), memoryMib: options.memory_mib })
  return { bundle, archive }
}

async function verifiedFiles(
  archive: Uint8Array,
  { max_bytes, key }: Pick<HttpSourceOptions, 'max_bytes' | 'key'>,
): Promise<BundleFiles> {
  const files = await unpackFiles(archive, max_bytes)
  const signature = files.get(signatureFile)
  files.delete(signatureFile)
  // Before anything in them is read.
  if (key !== undefined) await verifyFiles(files, signature, key)
  return files
}

function isEtag(tag: string): boolean {
  return tag.endsWith('"')
}

async function bounded(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of response.body ?? []) {
      length += chunk.byteLength
      if (length > maxBytes) throw new BundleError(`the bundle is more than ${maxBytes} bytes`)
      chunks.push(chunk)
    }
  } catch (cause) {
    if (cause instanceof BundleError) throw cause
    throw new BundleError(`the download broke off: ${reasonOf(cause as Error)}`, { cause })
  }
  return Buffer.concat(chunks)
}

/** What fetch says itself is that it failed. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}
