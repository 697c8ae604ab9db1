import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { DocumentError, type Problem } from '../document/problem.ts'
import { toPointer, type Validator, validateJson } from '../document/schema.ts'
import { readYaml } from '../document/yaml-document.ts'
import type { TenantFacts, TenantSource } from '../pdp/facts.ts'
import { factsOfDocument, type TenantDocument } from '../pdp/tenant-document.ts'
import { repeatedUsers } from './tenant-schema.ts'

export interface DocumentTenants extends TenantSource {
  readonly ids: readonly string[]
}

/**
 * Tenants that are read once, from documents on disk, and never change. Throws one `DocumentError` with everything that
 * is wrong with any of them. `systems` are those that the policy has.
 */
export function readTenants(...from: Parameters<typeof readDocuments>): DocumentTenants {
  const documents = readDocuments(...from)
  const tenants = new Map<string, TenantFacts>(
    documents.map((document) => [document.tenant, factsOfDocument(document)]),
  )
  return { ids: [...tenants.keys()], find: (tenant) => tenants.get(tenant) }
}

/** The documents of the files, checked. Throws as `readTenants` does. */
export function readDocuments(
  files: readonly string[],
  root: string,
  validator: Validator<TenantDocument>,
  systems: ReadonlySet<string>,
): readonly TenantDocument[] {
  const problems: Problem[] = []
  const documents = new Map<string, TenantDocument>()
  for (const path of files) {
    const file = relative(root, path).replaceAll('\\', '/')
    const found = collect(problems, () =>
      path.endsWith('.json') ? readJson(path, file, validator) : fromYaml(path, root, validator),
    )
    if (found === undefined) continue
    const { document, at } = found
    const refuse = (path: readonly (string | number)[], said: string, remedy?: string) => {
      const place = at(path)
      const pointer = toPointer(path)
      const message = place.line === 0 ? `${pointer}: ${said}` : said
      problems.push({ file, ...place, message, pointer, ...(remedy === undefined ? {} : { remedy }) })
    }
    for (const index of repeatedUsers(document))
      refuse(['members', index, 'user'], `a second record of \`${document.members?.[index]?.user}\``)
    if (!systems.has(document.system))
      refuse(
        ['system'],
        `unknown system \`${document.system}\``,
        `known: ${[...systems].map((name) => `\`${name}\``).join(', ')}`,
      )
    if (documents.has(document.tenant)) refuse(['tenant'], `a second document of tenant \`${document.tenant}\``)
    documents.set(document.tenant, document)
  }
  if (problems.length > 0) throw new DocumentError(problems)
  return [...documents.values()]
}

/** The documents below a path: the file itself, or the YAML and JSON files of a folder, sorted. */
export function tenantFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort()
    .map((name) => join(path, name))
}

type At = (pointer: readonly (string | number)[]) => { line: number; column: number }

function fromYaml(
  path: string,
  root: string,
  validator: Validator<TenantDocument>,
): { document: TenantDocument; at: At } {
  const yaml = readYaml(path, validator, { root })
  return { document: yaml.value, at: (pointer) => yaml.place(pointer) }
}

/** JSON documents may be large, so they take the engine's own parser and are reported by JSON Pointer. */
function readJson(
  path: string,
  file: string,
  validator: Validator<TenantDocument>,
): { document: TenantDocument; at: At } {
  const at: At = () => ({ line: 0, column: 0 })
  let document: unknown
  try {
    document = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new DocumentError([{ file, line: 0, column: 0, message: `this is no JSON: ${(error as Error).message}` }])
  }
  if (validator.accepts(document)) return { document, at }
  throw new DocumentError(
    validateJson(document, validator).map(({ pointer, message }) => ({
      file,
      line: 0,
      column: 0,
      message: `${pointer || '/'}: ${message}`,
      pointer,
    })),
  )
}

function collect<T>(problems: Problem[], read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    problems.push(...error.problems)
    return undefined
  }
}
