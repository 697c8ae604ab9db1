import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What `manifest.json` holds beside the figures of the files. `T` is what the sidecar keeps for itself. */
export interface Manifest<T> {
  /** SHA-256 over the digests of WASM and data: what an answer names as its policy. */
  readonly policy: string
  readonly wasm_sha256: string
  readonly data_sha256: string
  /** Git commit of the sources, or null; a label and no more. */
  readonly commit: string | null
  /** Digest of everything the bundle was built from. */
  readonly sources: string
  readonly opa: string
  readonly index: T
}

export interface Bundle<T> {
  readonly wasm: Uint8Array<ArrayBuffer>
  /** JSON text of the data document. */
  readonly data: string
  readonly manifest: Manifest<T>
}

/** A bundle that cannot be loaded. The message is one line and says what to do. */
export class BundleError extends Error {
  override readonly name = 'BundleError'
}

export function makeBundle<T>(
  parts: Pick<Bundle<T>, 'wasm' | 'data'> & Pick<Manifest<T>, 'commit' | 'sources' | 'opa' | 'index'>,
): Bundle<T> {
  const { wasm, data, ...rest } = parts
  const wasmDigest = sha256(wasm)
  const dataDigest = sha256(data)
  return {
    wasm,
    data,
    manifest: { policy: sha256(wasmDigest + dataDigest), wasm_sha256: wasmDigest, data_sha256: dataDigest, ...rest },
  }
}

/**
 * Writes `policy.wasm`, `data.json` and `manifest.json`. Each appears whole, the manifest last, and it names the digests
 * of the other two: a reader that meets half of a bundle sees it.
 */
export function writeBundle<T>(folder: string, bundle: Bundle<T>): void {
  mkdirSync(folder, { recursive: true })
  writeWhole(join(folder, 'policy.wasm'), bundle.wasm)
  writeWhole(join(folder, 'data.json'), bundle.data)
  writeWhole(join(folder, 'manifest.json'), `${JSON.stringify(bundle.manifest, null, 1)}\n`)
}

/** To be raised with every change of what a build makes of the same sources: older bundles are built anew, or refused. */
export const bundleFormat = 10

/** The parts as one bundle. Throws a `BundleError` where they are not those that the manifest names. */
export function joinBundle<T>(manifest: Manifest<T>, wasm: Uint8Array<ArrayBuffer>, data: string): Bundle<T> {
  // Only what the digests are not: they are to be computed afresh.
  const { commit, sources, opa, index } = manifest
  const made = makeBundle({ wasm, data, commit, sources, opa, index })
  if (made.manifest.policy === manifest.policy && made.manifest.data_sha256 === manifest.data_sha256)
    return { wasm, data, manifest }
  throw new BundleError('its files do not belong together')
}

/** Throws `BundleError` where a file is missing or does not belong to the manifest. */
export function readBundle<T>(folder: string): Bundle<T> {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest<T>
    const wasm = new Uint8Array(readFileSync(join(folder, 'policy.wasm')))
    return joinBundle(manifest, wasm, readFileSync(join(folder, 'data.json'), 'utf8'))
  } catch (error) {
    throw new BundleError(
      `no bundle can be read from \`${folder}\`: ${(error as Error).message}; run \`postern build\``,
      { cause: error },
    )
  }
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** A reader sees the old file or the new one, never a part. */
export function writeWhole(file: string, content: string | Uint8Array): void {
  const partial = `${file}.${randomUUID()}.partial`
  try {
    writeFileSync(partial, content)
    renameSync(partial, file)
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  }
}
