import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sha256 } from './bundle.ts'
import { indexRego, type RegoRule } from './rego-index.ts'
import { type OpaToolchain, runOpa } from './toolchain.ts'

/** The Rego of a project without its tests: files relative to the root, sorted, and what each holds. */
export interface PolicySources {
  readonly files: readonly string[]
  /** Over names and contents. */
  readonly digest: string
}

export function findPolicies(root: string): PolicySources {
  const folder = join(root, 'policies')
  const files = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego'))
        .map((name) => `policies/${name.replaceAll('\\', '/')}`)
        .sort()
    : []
  return { files, digest: sha256(files.map((file) => `${file}\0${sha256(readFileSync(join(root, file)))}\n`).join('')) }
}

/** Answers of OPA that depend on the text of files alone, kept from one build to the next. */
export interface OpaMemory {
  recall<T>(key: string, ask: () => Promise<T>): Promise<T>
  /** Writes what this build asked for and forgets the rest. */
  save(): void
}

export function openMemory(file: string): OpaMemory {
  const known = read(file)
  const used: Record<string, unknown> = {}
  return {
    async recall<T>(key: string, ask: () => Promise<T>): Promise<T> {
      const value = (Object.hasOwn(known, key) ? known[key] : await ask()) as T
      used[key] = value
      return value
    },
    save() {
      mkdirSync(dirname(file), { recursive: true })
      const partial = `${file}.${process.pid}.partial`
      writeFileSync(partial, JSON.stringify(used))
      renameSync(partial, file)
    },
  }
}

function read(file: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // A missing or damaged memory costs time, nothing else.
    return {}
  }
}

/** Every rule clause of the files. Rejects with an `Error` in OPA's words where one does not parse. */
export async function indexPolicies(
  toolchain: OpaToolchain,
  root: string,
  sources: PolicySources,
  memory: OpaMemory,
): Promise<readonly RegoRule[]> {
  const indexed = await twoAtATime(sources.files, (file) =>
    memory.recall(`index ${file} ${sha256(readFileSync(join(root, file)))}`, async () => {
      const args = ['parse', '--format', 'json', '--json-include', 'locations,-comments', file]
      const { code, stdout, stderr } = await runOpa(toolchain, args, { cwd: root })
      if (code !== 0) throw new Error(stderr.trim())
      return indexRego(JSON.parse(stdout))
    }),
  )
  return indexed.flat()
}

async function twoAtATime<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length)
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await work(items[index] as T)
    }
  }
  await Promise.all([worker(), worker()])
  return results
}
