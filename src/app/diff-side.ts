import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Bundle, readBundle } from '../opa/bundle.ts'
import { findPolicies } from '../opa/policy-sources.ts'
import type { Progress } from '../opa/progress.ts'
import { readBases } from '../review/decision-bases.ts'
import type { DiffSide } from '../review/diff-side.ts'
import type { BundleIndex } from './build.ts'
import { buildProject, type Project, projectAt } from './project.ts'
import { reviewPolicy } from './review-policy.ts'

/** What was named is no folder of a project, no bundle and no revision. The message is one line. */
export class SideError extends Error {
  override readonly name = 'SideError'
}

export interface DiffSideOptions {
  /** Whose revisions are meant; its compiler and the answers of that are used for both sides. */
  readonly project: Project
  readonly env: NodeJS.ProcessEnv
  readonly progress: Progress
}

/** The policy of a project's folder, of a bundle's folder, or of a git revision of the project; see `withPolicy`. */
export function diffSide(named: string, options: DiffSideOptions): Promise<DiffSide> {
  return withPolicy(named, options, sideOf)
}

/**
 * What `use` makes of the bundle that is named, and of the folder with its sources, which is there for so long; a bundle
 * has none. Rejects with a `SideError`, or as `buildProject` does.
 */
export async function withPolicy<T>(
  named: string,
  options: DiffSideOptions,
  use: (bundle: Bundle<BundleIndex>, root?: string) => T,
): Promise<T> {
  const folder = resolve(named)
  if (existsSync(join(folder, 'manifest.json'))) return use(readBundle<BundleIndex>(folder))
  if (existsSync(join(folder, 'config/systems'))) return use(await built(projectAt(folder), options), folder)
  const root = mkdtempSync(join(tmpdir(), 'postern-revision-'))
  try {
    checkOut(options.project.root, named, root)
    return use(await built(projectAt(root), options), root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

async function built({ root, bundle }: Project, { project, env, progress }: DiffSideOptions) {
  return (await buildProject({ root, bundle, cache: project.cache }, env, progress)).bundle
}

function sideOf(bundle: Bundle<BundleIndex>, root?: string): DiffSide {
  const reviewed = reviewPolicy(bundle)
  const { wasm_sha256: wasm, index } = bundle.manifest
  // A bundle of an older build has none.
  const rules: BundleIndex['rules'] | undefined = index.rules
  const { decisions } = index
  if (root === undefined) return { reviewed, bases: {}, decisions, rules, texts: new Map(), wasm }
  const bases = Object.keys(reviewed.model).map((system) => [system, readBases(root, system)] as const)
  const texts = findPolicies(root).files.map((file) => [file, readFileSync(join(root, file), 'utf8')] as const)
  return { reviewed, bases: Object.fromEntries(bases), decisions, rules, texts: new Map(texts), wasm }
}

/** Writes the revision's files of the project to `target`, through an index of its own: the checkout stays as it is. */
function checkOut(root: string, revision: string, target: string): void {
  const git = (...words: string[]) =>
    execFileSync('git', words, {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, GIT_INDEX_FILE: join(target, '.index') },
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim()
  try {
    const prefix = git('rev-parse', '--show-prefix')
    const commit = git('rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`)
    git('read-tree', `${commit}:${prefix}`)
    const top = git('rev-parse', '--show-toplevel')
    execFileSync('git', ['checkout-index', '--all', `--prefix=${target}/`], {
      cwd: top,
      env: { ...process.env, GIT_INDEX_FILE: join(target, '.index') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (error) {
    throw new SideError(
      `\`${revision}\` is no folder with config, no bundle, and no revision of the git checkout \`${root}\``,
      { cause: error },
    )
  }
}
