import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Problem } from '../document/problem.ts'
import { sha256 } from './bundle.ts'
import { parsePolicy } from './inspect-policy.ts'
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
      memory.recall(`index ${indexFormat} ${file} ${sha256(readFileSync(join(root, file)))}`, async () => {
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
