import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { JwsKey } from '../access/jws.ts'
import { DocumentError } from '../document/problem.ts'
import type { Settings } from '../document/settings.ts'
import type { ServerLog } from '../log/server-log.ts'
import { type Bundle, BundleError } from '../opa/bundle.ts'
import type { Progress } from '../opa/progress.ts'
import { loadPolicy } from './activate.ts'
import type { BundleIndex } from './build.ts'
import { buildApart } from './build-apart.ts'
import { type BundleStore, keepOrTell, projectStore } from './bundle-store.ts'
import { folderSource, stateOf } from './folder-source.ts'
import { httpSource } from './http-source.ts'
import { openFile, pinnedSource } from './pinned-source.ts'
import { problemLines } from './policy-refused.ts'
import type { Delivery, PolicySource } from './policy-source.ts'
import { buildProject, type Project } from './project.ts'

export interface StartingPolicy {
  readonly bundle: Bundle<BundleIndex>
  /** The folder, the file or the URL that it came from. */
  readonly from: string
  /** Where newer ones come from. */
  readonly source: PolicySource
  /** What the source held when the bundle was taken from it. */
  readonly tag: string
  readonly store: BundleStore
}

export interface StartingPolicyParts {
  readonly project: Project
  readonly settings: Settings
  readonly env: NodeJS.ProcessEnv
  readonly progress: Progress
  readonly log: Pick<ServerLog, 'error' | 'warn'>
}

/**
 * The policy to start with: the pinned one, else that of `bundle.url` or of the project's sources, else, where the server
 * has none to give, the last good one. Rejects as `buildProject` does, or with a `BundleError`.
 */
export async function startingPolicy(parts: StartingPolicyParts): Promise<StartingPolicy> {
  const { project, settings } = parts
  const store = projectStore(project, settings.bundle)
  const key = verifyKey(project.root, settings.bundle)
  const options = { ...settings.bundle, key, memory_mib: settings.evaluator.memory_mib }
  const { url } = options
  const origin = url === null ? projectSource(project, settings) : httpSource({ ...options, url })
  const source = pinnedSource(origin, store, options)
  const pin = store.pin()
  if (pin !== undefined) {
    const { bundle } = await openFile(store.pinned, options)
    return { bundle, from: store.pinned, source, tag: pin, store }
  }
  if (url === null) {
    // Taken before the build: what changes during it is seen afterwards.
    const tag = stateOf(project.root)
    const { bundle } = await buildProject(project, parts.env, parts.progress)
    await keepGood({ bundle }, store, parts)
    return { bundle, from: project.root, source, tag, store }
  }
  return { ...(await fromServer(origin, store, parts, options)), source, store }
}

/** Throws an `Error` for what cannot be evaluated, which must not become the last good one. */
async function keepGood(delivery: Delivery, store: BundleStore, { settings, log }: StartingPolicyParts): Promise<void> {
  loadPolicy(delivery.bundle, settings.evaluator.memory_mib)
  await keepOrTell(delivery, store, log)
}

async function fromServer(
  origin: PolicySource,
  store: BundleStore,
  parts: StartingPolicyParts,
  options: Parameters<typeof openFile>[1],
): Promise<Pick<StartingPolicy, 'bundle' | 'from' | 'tag'>> {
  try {
    const offer = await origin.look('')
    if (typeof offer !== 'object') throw new Error('the server was not asked')
    const delivery = await offer.deliver()
    await keepGood(delivery, store, parts)
    return { bundle: delivery.bundle, from: offer.from, tag: offer.tag }
  } catch (error) {
    if (!existsSync(store.current)) throw new BundleError(`${origin.name}: ${problemLines(error)[0]}`, { cause: error })
    parts.log.error('policy refused', { source: origin.name, problems: problemLines(error) })
    const { bundle } = await openFile(store.current, options)
    return { bundle, from: store.current, tag: '' }
  }
}

function projectSource(project: Project, settings: Settings): PolicySource {
  const output = join(project.cache, 'next')
  const rows = settings.bundle.decision_rows === 'required'
  return folderSource({ root: project.root, build: () => buildApart({ project, output, rows }) })
}

function verifyKey(root: string, { verify_key, verify_algorithm }: Settings['bundle']): JwsKey | undefined {
  if (verify_key === null) return undefined
  const file = resolve(root, verify_key)
  try {
    return { text: readFileSync(file, 'utf8'), algorithm: verify_algorithm }
  } catch (error) {
    const message = `the key cannot be read: ${(error as NodeJS.ErrnoException).code}`
    throw new DocumentError([{ file, line: 0, column: 0, message, remedy: 'correct `bundle.verify_key`' }])
  }
}
