import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { packageRoot } from '../document/package-root.ts'
import { installBinary } from './install-binary.ts'
import { opaVersion } from './opa-version.ts'
import type { Progress } from './progress.ts'
import { runProcess } from './run-process.ts'

/**
 * Builds the OPA that `toolchain/go.mod` pins with the `go` at the given path and installs it as `target`. Rejects with
 * an `Error` that ends in what `go` said; `target` is then as it was before.
 */
export async function goBuild(options: {
  go: string
  target: string
  env: NodeJS.ProcessEnv
  offline: boolean
  progress: Progress
}): Promise<void> {
  await mkdir(dirname(options.target), { recursive: true })
  // A folder of its own, so that builds at the same time do not meet; beside the target, so that a rename is one step.
  const folder = await mkdtemp(join(dirname(options.target), 'build-'))
  options.progress.start(`building OPA ${opaVersion} with go (about two minutes the first time)`)
  try {
    const built = join(folder, basename(options.target))
    const args = ['build', '-trimpath', '-buildvcs=false', '-o', built, 'github.com/open-policy-agent/opa']
    const { code, stderr } = await runProcess(options.go, args, {
      cwd: join(packageRoot(), 'src/opa/toolchain'),
      env: { ...options.env, ...goSettings(options.offline) },
      timeoutMs: 30 * 60_000,
    })
    if (code !== 0) throw new Error(`\`go build\` failed: ${lastLine(stderr)}`)
    await installBinary(built, options.target)
  } finally {
    options.progress.done()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The caller's own Go settings must not change what is built: exactly what go.sum lists, for this machine. */
function goSettings(offline: boolean): NodeJS.ProcessEnv {
  return {
    GOFLAGS: '-mod=readonly',
    GOWORK: 'off',
    GOOS: '',
    GOARCH: '',
    CGO_ENABLED: '0',
    ...(offline ? { GOPROXY: 'off' } : {}),
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) || 'it said nothing'
}
