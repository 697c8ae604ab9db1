import { createHash } from 'node:crypto'
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { packageRoot } from '../../src/document/package-root.ts'
import { opaVersion } from '../../src/opa/opa-version.ts'
import { releaseAsset } from '../../src/opa/release.ts'
import { type ResolveOptions, resolveOpa, runOpa, ToolchainError } from '../../src/opa/toolchain.ts'
import { goScript, opaScript, recordedProgress, type Workshop, workshop } from './stub-programs.ts'

let shop: Workshop
let progress: ReturnType<typeof recordedProgress>
let cached: string
let server: Server | undefined

beforeEach(() => {
  shop = workshop()
  progress = recordedProgress()
  cached = join(shop.cacheDir, 'toolchain', '1.22.2', 'opa')
})
afterEach(() => {
  server?.close()
  server = undefined
  shop.remove()
})

/** Offline unless told otherwise, with a PATH where no real `go` or `opa` is. */
function resolve(env: NodeJS.ProcessEnv = {}, options: Partial<ResolveOptions> = {}) {
  const PATH = `${shop.bin}:/usr/bin:/bin`
  return resolveOpa({ env: { PATH, ...env }, cacheDir: shop.cacheDir, progress, offline: true, ...options })
}

const leftovers = () => (existsSync(shop.cacheDir) ? readdirSync(join(shop.cacheDir, 'toolchain', '1.22.2')) : [])

it('pins the version that go.mod pins', () => {
  const pinned = readFileSync(join(packageRoot(), 'src/opa/toolchain/go.mod'), 'utf8')
  expect(pinned).toContain(`github.com/open-policy-agent/opa v${opaVersion} `)
  expect(pinned).toContain('tool github.com/open-policy-agent/opa\n')
})

describe('POSTERN_OPA', () => {
  it.each(['1.22.2', '1.22.3', '1.22.17'])('takes OPA %s', async (version) => {
    const path = shop.program(join(shop.folder, 'mine'), opaScript(version))
    expect(await resolve({ POSTERN_OPA: path })).toEqual({ path, version, source: 'env' })
  })

  it.each(['1.22.1', '1.21.9', '1.23.0', '2.22.2', '0.22.2', '1.22.2-dev', '1.22.2+x'])(
    'refuses OPA %s',
    async (version) => {
      shop.program(join(shop.bin, 'opa'), opaScript('1.22.2'))
      const path = shop.program(join(shop.folder, 'mine'), opaScript(version))
      await expect(resolve({ POSTERN_OPA: path })).rejects.toThrow(
        new ToolchainError(`POSTERN_OPA is \`${path}\`, which is OPA ${version}; it must be 1.22.2 or a later 1.22.x`),
      )
    },
  )

  it('is final: a path that is no program is an error though PATH has an OPA', async () => {
    shop.program(join(shop.bin, 'opa'), opaScript('1.22.2'))
    const absent = join(shop.folder, 'absent')
    const plain = join(shop.folder, 'plain')
    writeFileSync(plain, 'text')
    for (const path of [absent, plain, shop.folder]) {
      await expect(resolve({ POSTERN_OPA: path })).rejects.toThrow(
        new ToolchainError(`POSTERN_OPA is \`${path}\`, which is not a program`),
      )
    }
  })

  it('refuses a program that is not OPA', async () => {
    const path = shop.program(join(shop.folder, 'mine'), 'echo hello')
    await expect(resolve({ POSTERN_OPA: path })).rejects.toThrow('does not answer like OPA')
  })
})

describe('PATH', () => {
  it('gives the first opa', async () => {
    const path = shop.program(join(shop.bin, 'opa'), opaScript('1.22.4'))
    expect(await resolve()).toEqual({ path, version: '1.22.4', source: 'path' })
    expect(progress.notes).toEqual([])
  })

  it('is passed over, and that is said, where its opa has another version', async () => {
    const other = shop.program(join(shop.bin, 'opa'), opaScript('0.70.0'))
    shop.program(cached, opaScript('1.22.2'))
    expect(await resolve()).toEqual({ path: cached, version: '1.22.2', source: 'cache' })
    expect(progress.notes).toEqual([`passing over an opa: \`${other}\` is OPA 0.70.0, not 1.22.2 or a later 1.22.x`])
  })

  it('is not searched in relative folders', async () => {
    shop.program(join(shop.folder, 'here', 'opa'), opaScript('1.22.2'))
    const before = process.cwd()
    process.chdir(shop.folder)
    try {
      await expect(resolve({ PATH: 'here::.' })).rejects.toThrow('no `opa` is on PATH')
    } finally {
      process.chdir(before)
    }
  })
})

describe('go build', () => {
  it('builds exactly what go.sum lists, and the next resolution finds it in the cache', async () => {
    shop.program(join(shop.bin, 'go'), goScript(shop, opaScript('1.22.2')))
    const found = await resolve({ GOFLAGS: '-mod=mod', GOWORK: '/somewhere' }, { offline: false })
    expect(found).toEqual({ path: cached, version: '1.22.2', source: 'go' })
    const [folder, args = '', settings] = readFileSync(join(shop.folder, 'go.log'), 'utf8').trim().split('\n')
    expect(folder).toBe(join(packageRoot(), 'src/opa/toolchain'))
    expect(args).toMatch(/^build -trimpath -buildvcs=false -o \S+\/opa github\.com\/open-policy-agent\/opa$/)
    expect(settings).toBe('flags=-mod=readonly work=off proxy=')
    expect(progress.labels).toEqual(['building OPA 1.22.2 with go (about two minutes the first time)'])
    expect(leftovers()).toEqual(['opa'])
    expect(await resolve()).toEqual({ path: cached, version: '1.22.2', source: 'cache' })
  })

  it('fetches nothing offline', async () => {
    shop.program(join(shop.bin, 'go'), goScript(shop, opaScript('1.22.2')))
    await resolve()
    expect(readFileSync(join(shop.folder, 'go.log'), 'utf8')).toContain('proxy=off')
  })

  it('replaces a cached build that does not run', async () => {
    shop.program(cached, 'exit 1')
    shop.program(join(shop.bin, 'go'), goScript(shop, opaScript('1.22.2')))
    expect((await resolve()).source).toBe('go')
    expect(progress.notes).toEqual([
      `passing over the cached build: the cached \`${cached}\` does not run as OPA 1.22.2`,
    ])
  })

  it('leaves nothing behind when it fails half way', async () => {
    shop.program(join(shop.bin, 'go'), `${goScript(shop, 'half')}\necho 'go: no such module' >&2\nexit 1`)
    await expect(resolve()).rejects.toThrow('`go build` failed: go: no such module')
    expect(leftovers()).toEqual([])
  })

  it('does not install what does not run as OPA', async () => {
    shop.program(join(shop.bin, 'go'), goScript(shop, opaScript('1.20.0')))
    await expect(resolve()).rejects.toThrow('what was fetched is OPA 1.20.0')
    expect(leftovers()).toEqual([])
  })

  it('runs twice at once without a clash', async () => {
    shop.program(join(shop.bin, 'go'), goScript(shop, opaScript('1.22.2'), 'sleep 0.2'))
    const both = await Promise.all([resolve(), resolve()])
    expect(both.map(({ source }) => source)).toEqual(['go', 'go'])
    expect(leftovers()).toEqual(['opa'])
  })
})

describe('the official release', () => {
  const asset = releaseAsset(process.platform, process.arch) ?? 'none'
  const binary = `#!/bin/sh\n${opaScript('1.22.2')}\n`
  const digestOf = (text: string) => createHash('sha256').update(text).digest('hex')

  /** Serves these texts by path and gives the base URL. */
  async function serve(files: Record<string, string>): Promise<{ releaseBaseUrl: string; offline: false }> {
    const listening = createServer((request, response) => {
      const text = files[request.url ?? '']
      response.writeHead(text === undefined ? 404 : 200).end(text)
    })
    server = listening
    await new Promise<void>((ready) => listening.listen(0, '127.0.0.1', ready))
    return { releaseBaseUrl: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, offline: false }
  }

  it('is installed when its SHA-256 is the published one', async () => {
    const options = await serve({
      [`/v1.22.2/${asset}`]: binary,
      [`/v1.22.2/${asset}.sha256`]: `${digestOf(binary).toUpperCase()}  ${asset}\n`,
    })
    expect(await resolve({}, options)).toEqual({ path: cached, version: '1.22.2', source: 'release' })
    expect(leftovers()).toEqual(['opa'])
    expect(progress.labels).toEqual(['downloading OPA 1.22.2'])
  })

  it('is refused, unrun, with another SHA-256', async () => {
    const trace = join(shop.folder, 'ran')
    const options = await serve({
      [`/v1.22.2/${asset}`]: `${binary}\ntouch ${trace}\n`,
      [`/v1.22.2/${asset}.sha256`]: `${digestOf(binary)}  ${asset}\n`,
    })
    await expect(resolve({}, options)).rejects.toThrow(`published is ${digestOf(binary)}: refused`)
    expect(leftovers()).toEqual([])
    expect(existsSync(trace)).toBe(false)
  })

  it('is refused when no SHA-256 is published', async () => {
    await expect(resolve({}, await serve({ [`/v1.22.2/${asset}`]: binary }))).rejects.toThrow('.sha256 answers 404')
    const page = { [`/v1.22.2/${asset}`]: binary, [`/v1.22.2/${asset}.sha256`]: '<html>' }
    await expect(resolve({}, await serve(page))).rejects.toThrow('.sha256 is not a SHA-256')
    expect(leftovers()).toEqual([])
  })

  it('is fetched over HTTPS only', async () => {
    const options = { releaseBaseUrl: 'http://releases.example', offline: false }
    await expect(resolve({}, options)).rejects.toThrow('is not HTTPS')
  })

  it.each([
    ['linux', 'x64', 'opa_linux_amd64_static'],
    ['linux', 'arm64', 'opa_linux_arm64_static'],
    ['darwin', 'x64', 'opa_darwin_amd64'],
    ['darwin', 'arm64', 'opa_darwin_arm64_static'],
    ['win32', 'x64', 'opa_windows_amd64.exe'],
    ['win32', 'arm64', 'opa_windows_amd64.exe'],
    ['sunos', 'x64', undefined],
  ])('for %s on %s is %s', (platform, arch, name) => {
    expect(releaseAsset(platform, arch)).toBe(name)
  })
})

it('names the four ways where none works', async () => {
  const error = await resolve().catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ToolchainError)
  expect((error as Error).message.split('\n')).toEqual([
    'no OPA 1.22.2 or a later 1.22.x to compile policies with: no `opa` is on PATH; ' +
      `no build is cached as \`${cached}\`; no \`go\` is on PATH to build it with; no release is downloaded offline.`,
    'Do one of:',
    '  1. set POSTERN_OPA to the path of an `opa` of that version',
    '  2. put an `opa` of that version on PATH',
    '  3. put `go` on PATH (1.21 or later) with access to a Go module proxy: OPA is then built once, in about two minutes',
    '  4. allow HTTPS to https://github.com/open-policy-agent/opa/releases/download: the release is then downloaded and checked',
  ])
})

describe('running OPA', () => {
  const stub = (script: string) => ({
    path: shop.program(join(shop.folder, 'opa'), script),
    version: '1.22.2',
    source: 'env' as const,
  })

  it('gives the exit code and both outputs, arguments as they stand', async () => {
    const result = await runOpa(stub('echo "$1"; cat; pwd >&2; exit 3'), ['$(touch x) *'], {
      cwd: shop.bin,
      stdin: 'in é\n',
    })
    expect(result).toEqual({ code: 3, stdout: '$(touch x) *\nin é\n', stderr: `${shop.bin}\n` })
  })

  it('kills a run that takes too long', async () => {
    const started = Date.now()
    const run = runOpa(stub('exec sleep 30'), ['eval'], { timeoutMs: 200 })
    await expect(run).rejects.toThrow(ToolchainError)
    await expect(run).rejects.toThrow('was killed: it did not finish within 200 ms')
    expect(Date.now() - started).toBeLessThan(10_000)
  })

  it('survives a program that does not read its input', async () => {
    expect((await runOpa(stub('exit 0'), [], { stdin: 'x'.repeat(2 ** 20) })).code).toBe(0)
  })

  it('fails as a toolchain error where there is nothing to run', async () => {
    const gone = stub('exit 0')
    chmodSync(gone.path, 0o644)
    await expect(runOpa(gone, [])).rejects.toThrow(ToolchainError)
  })

  it('hides the variables that would set flags of OPA', async () => {
    process.env.OPA_EVAL_PROFILE = 'true'
    try {
      expect((await runOpa(stub('env'), [])).stdout).not.toContain('OPA_EVAL_PROFILE')
    } finally {
      delete process.env.OPA_EVAL_PROFILE
    }
  })
})
