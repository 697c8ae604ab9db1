import { access, constants, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { goBuild } from './go-build.ts'
import { isSupported, opaVersion, supportedVersions, versionOf } from './opa-version.ts'
import type { Progress } from './progress.ts'
import { downloadRelease, officialReleases } from './release.ts'
import { type ProcessOptions, type ProcessResult, runProcess } from './run-process.ts'

/** The OPA that compiles and checks policies; never on the path of a request. */
export interface OpaToolchain {
  /** Absolute path of the program. */
  readonly path: string
  readonly version: string
  /** Which of the ways found it; what `go` or `release` brought is found in the `cache` the next time. */
  readonly source: 'env' | 'path' | 'cache' | 'go' | 'release'
}

export interface ResolveOptions {
  /** Read for `POSTERN_OPA` and `PATH`, and handed to `go`. */
  readonly env: NodeJS.ProcessEnv
  /** The `.postern` folder: the cached build is `toolchain/<version>/opa` below it. */
  readonly cacheDir: string
  readonly progress: Progress
  /** Fetch nothing: build only from Go's own module cache, download no release. Default: false. */
  readonly offline?: boolean
  /** Where releases are downloaded from. Default: OPA's own. */
  readonly releaseBaseUrl?: string
}

/** No usable OPA, or OPA could not be run. */
export class ToolchainError extends Error {
  override readonly name = 'ToolchainError'
}

/**
 * Finds or makes the OPA to use: `POSTERN_OPA`, then an `opa` on PATH, the cached build, `go build`, the official
 * release. `POSTERN_OPA` is final: where it is set and unusable nothing else is tried. Rejects with a `ToolchainError`.
 */
export async function resolveOpa(options: ResolveOptions): Promise<OpaToolchain> {
  const named = options.env.POSTERN_OPA
  if (named !== undefined && named !== '') return fromEnvironment(named)

  const refusals: string[] = []
  for (const way of [onPath, inCache, builtByGo, fromRelease]) {
    const found = await way(options)
    if ('path' in found) return Object.freeze(found)
    refusals.push(found.refusal)
  }
  throw new ToolchainError(fourWays(refusals))
}

/**
 * Runs OPA with these arguments; any exit code is a result. Rejects with a `ToolchainError` when OPA cannot be started
 * or is killed, by us when `timeoutMs` (default 60,000) is over.
 */
export async function runOpa(
  toolchain: OpaToolchain,
  args: readonly string[],
  options: Omit<ProcessOptions, 'env'> = {},
): Promise<ProcessResult> {
  // Each of OPA's flags can also be set by an `OPA_` variable: a build must not depend on the shell it runs in.
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OPA_')))
  try {
    return await runProcess(toolchain.path, args, { ...options, env: { ...uncollected, ...inherited } })
  } catch (error) {
    throw new ToolchainError(messageOf(error), { cause: error })
  }
}

/** Each run ends soon: without Go's collector, which starts again near the limit, it takes little more than half the CPU. */
const uncollected = { GOGC: 'off', GOMEMLIMIT: '512MiB' }

/** What one way came to: OPA, or the reason why not. */
type Found = OpaToolchain | { readonly refusal: string }

async function fromEnvironment(named: string): Promise<OpaToolchain> {
  const path = resolve(named)
  if (!(await isExecutable(path))) throw new ToolchainError(`POSTERN_OPA is \`${named}\`, which is not a program`)
  const version = await versionOf(path).catch((error: unknown) => {
    throw new ToolchainError(`POSTERN_OPA is \`${named}\`, which cannot be used: ${messageOf(error)}`, { cause: error })
  })
  if (!isSupported(version)) {
    throw new ToolchainError(`POSTERN_OPA is \`${named}\`, which is OPA ${version}; it must be ${supportedVersions}`)
  }
  return Object.freeze({ path, version, source: 'env' })
}

async function onPath({ env, progress }: ResolveOptions): Promise<Found> {
  const path = await search('opa', env)
  if (path === undefined) return { refusal: 'no `opa` is on PATH' }
  const version = await versionOf(path).catch(() => undefined)
  if (version !== undefined && isSupported(version)) return { path, version, source: 'path' }
  const refusal = `\`${path}\` is ${version === undefined ? 'not OPA' : `OPA ${version}`}, not ${supportedVersions}`
  progress.note(`passing over an opa: ${refusal}`)
  return { refusal }
}

async function inCache({ cacheDir, progress }: ResolveOptions): Promise<Found> {
  const path = cachedPath(cacheDir)
  if (!(await isExecutable(path))) return { refusal: `no build is cached as \`${path}\`` }
  const version = await versionOf(path).catch(() => undefined)
  if (version !== undefined && isSupported(version)) return { path, version, source: 'cache' }
  const refusal = `the cached \`${path}\` does not run as OPA ${opaVersion}`
  progress.note(`passing over the cached build: ${refusal}`)
  return { refusal }
}

async function builtByGo({ env, cacheDir, progress, offline = false }: ResolveOptions): Promise<Found> {
  const go = await search('go', env)
  if (go === undefined) return { refusal: 'no `go` is on PATH to build it with' }
  const target = cachedPath(cacheDir)
  try {
    await goBuild({ go, target, env, offline, progress })
    return { path: target, version: await versionOf(target), source: 'go' }
  } catch (error) {
    return { refusal: messageOf(error) }
  }
}

async function fromRelease(options: ResolveOptions): Promise<Found> {
  if (options.offline) return { refusal: 'no release is downloaded offline' }
  const target = cachedPath(options.cacheDir)
  try {
    await downloadRelease({ baseUrl: options.releaseBaseUrl ?? officialReleases, target, progress: options.progress })
    return { path: target, version: await versionOf(target), source: 'release' }
  } catch (error) {
    return { refusal: messageOf(error) }
  }
}

function cachedPath(cacheDir: string): string {
  return resolve(cacheDir, 'toolchain', opaVersion, process.platform === 'win32' ? 'opa.exe' : 'opa')
}

/** The first executable of that name on PATH. Relative entries are not searched: a checkout must not bring its own `opa`. */
async function search(program: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const file = process.platform === 'win32' ? `${program}.exe` : program
  for (const folder of (env.PATH ?? env.Path ?? '').split(delimiter)) {
    const path = join(folder, file)
    if (isAbsolute(folder) && (await isExecutable(path))) return path
  }
  return undefined
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

function fourWays(refusals: readonly string[]): string {
  return [
    `no OPA ${supportedVersions} to compile policies with: ${refusals.join('; ')}.`,
    'Do one of:',
    '  1. set POSTERN_OPA to the path of an `opa` of that version',
    '  2. put an `opa` of that version on PATH',
    '  3. put `go` on PATH (1.21 or later) with access to a Go module proxy: OPA is then built once, in about two minutes',
    `  4. allow HTTPS to ${officialReleases}: the release is then downloaded and checked`,
  ].join('\n')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
