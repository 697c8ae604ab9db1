import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { Header } from 'tar'
import { type Bundle, BundleError, bundleFormat, joinBundle, type Manifest } from './bundle.ts'
import { type BundleFiles, signatureFile } from './bundle-signature.ts'

const block = 512

/** The name of the file that holds the decision rows. */
export const decisionsFile = 'decisions.json'

/** In the order in which they stand in an archive. */
const names = ['.manifest', 'data.json', decisionsFile, 'policy.wasm', signatureFile] as const

/**
 * The files of a bundle in OPA's format. What the sidecar keeps for itself is metadata of the manifest; `decisions` are the
 * decision rows that go with it, a file that OPA passes over.
 */
export function bundleFiles<T>({ wasm, data, manifest }: Bundle<T>, decisions?: string): BundleFiles {
  const wasmEntries = ['authz/decision', 'authz/verdicts'].map((entrypoint) => ({ entrypoint, module: '/policy.wasm' }))
  const written = {
    revision: manifest.policy,
    roots: [''],
    wasm: wasmEntries,
    metadata: { postern: { format: bundleFormat, manifest } },
  }
  const encoder = new TextEncoder()
  return new Map([
    ['.manifest', encoder.encode(JSON.stringify(written))],
    ['data.json', encoder.encode(data)],
    ...(decisions === undefined ? [] : [[decisionsFile, encoder.encode(decisions)] as const]),
    ['policy.wasm', wasm],
  ])
}

/** The same files give the same bytes. */
export async function packFiles(files: BundleFiles): Promise<Uint8Array> {
  const blocks = [...files].flatMap(([path, content]) => {
    const header = new Header({ path: `/${path}`, mode: 0o644, size: content.length, type: 'File', mtime: new Date(0) })
    header.encode()
    const padding = Buffer.alloc((block - (content.length % block)) % block)
    return [header.block as Buffer, content, padding]
  })
  return promisify(gzip)(Buffer.concat([...blocks, Buffer.alloc(2 * block)]))
}

/**
 * The files of an archive, read in memory: nothing is written anywhere. Rejects with a `BundleError` for what is no
 * archive, has more than `maxBytes` unpacked, or holds anything but the files of a bundle, each once.
 */
export async function unpackFiles(archive: Uint8Array, maxBytes: number): Promise<Map<string, Uint8Array>> {
  const bytes = await promisify(gunzip)(archive, { maxOutputLength: maxBytes }).catch(
    (cause: NodeJS.ErrnoException) => {
      const tooLarge = cause.code === 'ERR_BUFFER_TOO_LARGE'
      const what = tooLarge ? `it is more than ${maxBytes} bytes unpacked` : 'it is not a whole gzip file'
      throw new BundleError(`the archive cannot be read: ${what}`, { cause })
    },
  )
  const files = new Map<string, Uint8Array>()
  for (let at = 0; ; ) {
    const header = at + block <= bytes.length ? new Header(bytes, at) : undefined
    if (header?.nullBlock === true) return files
    if (header?.cksumValid !== true) throw new BundleError('the archive cannot be read: it breaks off, or is no tar')
    const size = Math.max(0, header.size ?? 0)
    const start = at + block
    at = start + Math.ceil(size / block) * block
    const name = (header.path ?? '').replace(/^\.?\//, '')
    if (header.type === 'Directory' && size === 0 && name === '') continue
    if (header.type !== 'File' && header.type !== 'OldFile')
      throw new BundleError(`the archive holds \`${name}\`, which is no file`)
    if (!(names as readonly string[]).includes(name))
      throw new BundleError(`the archive holds \`${name}\`, which is no part of a bundle`)
    if (files.has(name)) throw new BundleError(`the archive holds \`${name}\` twice`)
    if (start + size > bytes.length) throw new BundleError('the archive cannot be read: it breaks off')
    files.set(name, new Uint8Array(bytes.subarray(start, start + size)))
  }
}

/** The bundle that the files of an archive are. Throws a `BundleError` where they are none of this version's. */
export function bundleOf<T>(files: BundleFiles): Bundle<T> {
  const text = (name: string) => {
    const bytes = files.get(name)
    if (bytes === undefined) throw new BundleError(`the archive has no \`${name}\``)
    return Buffer.from(bytes).toString('utf8')
  }
  const { format, manifest } = metadataIn<T>(text('.manifest'))
  if (format !== bundleFormat)
    throw new BundleError(
      `the bundle has format ${format ?? 'unknown'} and this version reads ${bundleFormat}; build it with this version`,
    )
  const data = text('data.json')
  text('policy.wasm')
  return joinBundle(manifest as Manifest<T>, new Uint8Array(files.get('policy.wasm') as Uint8Array), data)
}

function metadataIn<T>(text: string): { readonly format?: unknown; readonly manifest?: Manifest<T> } {
  try {
    return JSON.parse(text)?.metadata?.postern ?? {}
  } catch {
    throw new BundleError('`.manifest` is not JSON')
  }
}
