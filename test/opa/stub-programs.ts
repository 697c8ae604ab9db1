import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Progress } from '../../src/opa/progress.ts'

/** A folder of its own to put programs into: shell scripts that stand for `opa` and `go`. */
export interface Workshop {
  readonly folder: string
  /** `go` and `opa` are looked for here; only `sh` and what scripts call are found besides. */
  readonly bin: string
  readonly cacheDir: string
  /** Writes a program and gives its path. */
  program(path: string, script: string): string
  remove(): void
}

export function workshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'postern-toolchain-'))
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  return {
    folder,
    bin,
    cacheDir: join(folder, '.postern'),
    program(path, script) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, `#!/bin/sh\n${script}\n`)
      chmodSync(path, 0o755)
      return path
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** An `opa` that knows only its version. */
export function opaScript(version: string): string {
  return `[ "$1" = version ] && echo "Version: ${version}"`
}

/** A `go` that writes down how it was called, then puts this script where it was told to build to. */
export function goScript(workshop: Workshop, built: string, before = ''): string {
  return [
    `{ pwd; echo "$@"; echo "flags=$GOFLAGS work=$GOWORK proxy=$GOPROXY"; } > '${join(workshop.folder, 'go.log')}'`,
    before,
    'while [ "$1" != -o ]; do shift; done',
    `printf '%s\\n' '#!/bin/sh' '${built}' > "$2"`,
  ].join('\n')
}

/** A `Progress` that keeps what it was told. */
export function recordedProgress(): Progress & { readonly notes: string[]; readonly labels: string[] } {
  const notes: string[] = []
  const labels: string[] = []
  return {
    notes,
    labels,
    note: (message) => notes.push(message),
    start: (label) => labels.push(label),
    tick() {},
    done() {},
  }
}
