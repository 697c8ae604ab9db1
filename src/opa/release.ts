import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { installBinary } from './install-binary.ts'
import { opaVersion } from './opa-version.ts'
import type { Progress } from './progress.ts'

export const officialReleases = 'https://github.com/open-policy-agent/opa/releases/download'

/** Names as upstream publishes them; Windows on arm64 runs the amd64 program, the only one there is. */
const assets: Readonly<Record<string, string>> = {
  'linux-x64': 'opa_linux_amd64_static',
  'linux-arm64': 'opa_linux_arm64_static',
  'darwin-x64': 'opa_darwin_amd64',
  'darwin-arm64': 'opa_darwin_arm64_static',
  'win32-x64': 'opa_windows_amd64.exe',
  'win32-arm64': 'opa_windows_amd64.exe',
}

/** The name of the release file for a platform and architecture as Node names them, if upstream has one. */
export function releaseAsset(platform: string, arch: string): string | undefined {
  return assets[`${platform}-${arch}`]
}

/**
 * Downloads the official release for this platform and installs it as `target`, if its SHA-256 is the published one.
 * Rejects with an `Error`; then nothing is left behind and `target` is as it was before.
 */
export async function downloadRelease(options: {
  baseUrl: string
  target: string
  progress: Progress
  platform?: string
  arch?: string
}): Promise<void> {
  const { platform = process.platform, arch = process.arch, progress } = options
  const asset = releaseAsset(platform, arch)
  if (asset === undefined) throw new Error(`there is no release for ${platform} on ${arch}`)
  const url = `${options.baseUrl}/v${opaVersion}/${asset}`
  await mkdir(dirname(options.target), { recursive: true })
  const folder = await mkdtemp(join(dirname(options.target), 'download-'))
  progress.start(`downloading OPA ${opaVersion}`)
  try {
    const published = await publishedDigest(`${url}.sha256`)
    const file = join(folder, basename(options.target))
    const digest = await download(url, file, progress)
    if (digest !== published) {
      throw new Error(`${url} has the SHA-256 ${digest}, published is ${published}: refused`)
    }
    await installBinary(file, options.target)
  } finally {
    progress.done()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The file has the form of `shasum`: the digest, spaces, the name. */
async function publishedDigest(url: string): Promise<string> {
  const text = await (await get(url, 30_000)).text()
  const digest = /^([0-9a-f]{64})(\s|$)/i.exec(text)?.[1]
  if (digest === undefined) throw new Error(`${url} is not a SHA-256`)
  return digest.toLowerCase()
}

async function download(url: string, file: string, progress: Progress): Promise<string> {
  const response = await get(url, 15 * 60_000)
  if (response.body === null) throw new Error(`${url} is empty`)
  const hash = createHash('sha256')
  let bytes = 0
  await pipeline(
    Readable.fromWeb(response.body),
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk)
        bytes += chunk.length
        progress.tick(`${Math.floor(bytes / 2 ** 20)} MiB`)
        yield chunk
      }
    },
    createWriteStream(file, { mode: 0o600 }),
  )
  return hash.digest('hex')
}

async function get(url: string, timeoutMs: number): Promise<Response> {
  requireHttps(url)
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) }).catch((error: unknown) => {
    throw new Error(`${url} cannot be reached: ${reasonOf(error)}`, { cause: error })
  })
  // The release host redirects to its storage: that must not lead out of HTTPS.
  requireHttps(response.url)
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  return response
}

/** The digest stands beside the file it vouches for, so HTTPS is what makes it worth anything; loopback is for tests. */
function requireHttps(url: string): void {
  const { protocol, hostname } = new URL(url)
  const loopback = hostname === '127.0.0.1' || hostname === '[::1]' || hostname === 'localhost'
  if (protocol !== 'https:' && !loopback) throw new Error(`${url} is not HTTPS`)
}

/** `fetch` fails with a bare `fetch failed`; what went wrong is its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
