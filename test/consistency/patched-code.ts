import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { project } from '../support/policy.ts'

type Edit = readonly [file: string, from: string, to: string]

const following = 'directory/postgres-following.js'
const loading = 'directory/loading-reader.js'

/** What each safeguard is in the compiled code, and what stands there without it. */
const without = {
  /** Whoever has not confirmed for long that it knows of every write decides all the same. */
  lease: [
    [following, 'return Math.max(passed, passedByWall) <= maxAgeMs && passedByWall >= -maxAgeMs;', 'return true;'],
  ],
  /** A write that waits for the fleet does not. */
  fleet: [[following, 'if (rows[0]?.behind === 0)', 'if (rows.length > 0)']],
  /** A revision or the present state that a request asks for is not waited for. */
  token: [[following, 'async reach({ atLeast, full }) {', 'async reach({ atLeast, full }) {\n        return;']],
  /** The database is not asked unless it tells of a write. */
  poll: [[following, 'setInterval(() => void this.#soon(), pollMs)', 'setInterval(() => undefined, pollMs)']],
  /** Where revs are missing the changes that are left are believed to be all. */
  gap: [[following, ' || changes.length !== newest.rev - known.rev)', ')']],
  /** A change is known by its rev. */
  mark: [
    [following, 'newest.mark !== known.mark', 'newest.rev !== known.rev'],
    [following, 'if (last !== known.mark || ', 'if ('],
  ],
  /** The epoch is the same for ever. */
  epoch: [
    [
      'directory/postgres-store.js',
      "select epoch || '-' || 'postern.meta'::regclass::oid as epoch",
      "select 'e' as epoch",
    ],
  ],
  /** Rows answer also whoever asks at an earlier revision of their tenant. */
  rows: [
    [loading, 'if (known?.revision === revision)', 'if (known?.revision >= revision)'],
    [loading, 'if (loaded.revision !== revision)', 'if (loaded.revision < revision)'],
  ],
} as const satisfies Readonly<Record<string, readonly Edit[]>>

export type Safeguard = keyof typeof without

/** The root of a copy of the compiled program that lacks the safeguards; it goes with the test. */
export function codeWithout(...safeguards: readonly Safeguard[]): string {
  const root = mkdtempSync(join(tmpdir(), 'postern-patched-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const name of ['package.json', 'config', 'policies', 'node_modules', '.postern'])
    symlinkSync(join(project.root, name), join(root, name))
  cpSync(join(project.root, 'dist/src'), join(root, 'dist/src'), { recursive: true })
  for (const [file, from, to] of safeguards.flatMap((safeguard): readonly Edit[] => without[safeguard])) {
    const path = join(root, 'dist/src', file)
    const parts = readFileSync(path, 'utf8').split(from)
    if (parts.length !== 2) throw new Error(`${parts.length - 1} times in ${file}: ${from}`)
    writeFileSync(path, parts.join(to))
  }
  return root
}
