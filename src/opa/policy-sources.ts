import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Problem } from '../document/problem.ts'
import { sha256 } from './bundle.ts'
import { checkPolicies, parsePolicy } from './inspect-policy.ts'
import { indexRego, type RegoRule } from './rego-index.ts'
import type { OpaToolchain } from './toolchain.ts'

/** The Rego of a project without its tests: files relative to the root, sorted. */
export interface PolicySources {
  readonly files: readonly string[]
}

/** Names with a leading dot are passed over: a mounted ConfigMap keeps each version of its files in such a folder. */
export function findPolicies(root: string): PolicySources {
  const folder = join(root, 'policies')
  const files = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego') && !/(?:^|[\\/])\./.test(name))
        .map((name) => `policies/${name.replaceAll('\\', '/')}`)
        .sort()
    : []
  return { files }
}

/** Policy tests, relative to the root, sorted. */
export function findTests(root: string): readonly string[] {
  const folder = join(root, 'policies')
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('_test.rego'))
    .map((name) => `policies/${name.replaceAll('\\', '/')}`)
    .sort()
}

/** The texts of these files, relative to the root, and their names. */
export function digestOf(root: string, files: readonly string[]): string {
  return sha256(files.map((file) => `${file}\n${readFileSync(join(root, file))}`).join('\n'))
}

/** Answers of OPA that depend on the text of files alone, kept from one build to the next. */
export interface OpaMemory {
  /**
   * `keyOf` names the text that is asked about. Whoever asks while another's question of the same is open gets the same
   * answer.
   */
  recall<T>(keyOf: () => string, ask: () => Promise<T>): Promise<T>
  /** Writes what was asked for since the last time and forgets the rest. */
  save(): void
}

export function openMemory(file: string): OpaMemory {
  let known: Map<string, unknown> | undefined
  let used = new Map<string, unknown>()
  const open = new Map<string, Promise<unknown>>()
  return {
    async recall<T>(keyOf: () => string, ask: () => Promise<T>): Promise<T> {
      known ??= read(file)
      const key = keyOf()
      const answers = [used, known].find((some) => some.has(key))
      const answer = answers === undefined ? (open.get(key) ?? ask()) : Promise.resolve(answers.get(key))
      open.set(key, answer)
      try {
        const value = (await answer) as T
        // INVARIANT: of a file that changed meanwhile an answer may be of its new text, and is not kept under the old.
        if (keyOf() === key) used.set(key, value)
        return value
      } finally {
        open.delete(key)
      }
    },
    save() {
      const before = known ?? new Map()
      if (used.size !== before.size || [...used.keys()].some((key) => !before.has(key))) write(file, used)
      known = used
      used = new Map()
    },
  }
}

function write(file: string, answers: ReadonlyMap<string, unknown>): void {
  mkdirSync(dirname(file), { recursive: true })
  const partial = `${file}.${process.pid}.partial`
  writeFileSync(partial, JSON.stringify(Object.fromEntries(answers)))
  renameSync(partial, file)
}

function read(file: string): Map<string, unknown> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8'))))
  } catch {
    // A missing or damaged memory costs time, nothing else.
    return new Map()
  }
}

/** To be raised with every change of what `indexRego` gives: older answers are asked anew. */
const indexFormat = 5

/** Every rule clause of the files; what does not parse is added to `problems`. */
export async function indexPolicies(
  toolchain: OpaToolchain,
  root: string,
  { files }: PolicySources,
  memory: OpaMemory,
  problems: Problem[],
): Promise<readonly RegoRule[]> {
  const indexed = await Promise.all(
    files.map((file) =>
      memory.recall(indexKey(root, file), async () => {
        const parsed = await parsePolicy(toolchain, file, { cwd: root })
        return parsed.ok ? { rules: indexRego(parsed.ast) } : { problems: parsed.problems }
      }),
    ),
  )
  return indexed.flatMap((found) => {
    if ('rules' in found) return found.rules
    problems.push(...found.problems)
    return []
  })
}

function indexKey(root: string, file: string): () => string {
  return () => `index ${indexFormat} ${file} ${sha256(readFileSync(join(root, file)))}`
}

/** As `checkPolicies`, asked of the same files once. */
export function checkSources(
  toolchain: OpaToolchain,
  root: string,
  files: readonly string[],
  capabilities: string | undefined,
  memory: OpaMemory,
): Promise<readonly Problem[]> {
  const allowed = capabilities === undefined ? 'all' : sha256(readFileSync(capabilities))
  const keyOf = () => `strict ${toolchain.version} ${allowed} ${digestOf(root, files)}`
  return memory.recall(keyOf, () => checkPolicies(toolchain, files, capabilities, { cwd: root }))
}
