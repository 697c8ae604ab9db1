import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { DocumentError, type Problem } from '../document/problem.ts'
import { type Validator, validateJson } from '../document/schema.ts'
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
export function readTenants(
  files: readonly string[],
  root: string,
  validator: Validator<TenantDocument>,
  systems: ReadonlySet<string>,
): DocumentTenants {
  const problems: Problem[] = []
  const tenants = new Map<string, TenantFacts>()
  for (const path of files) {
    const file = relative(root, path).replaceAll('\\', '/')
    const found = collect(problems, () =>
      path.endsWith('.json') ? readJson(path, file, validator) : fromYaml(path, root, validator),
    )
    if (found === undefined) continue
    const { document, at } = found
    const refuse = (pointer: readonly (string | number)[], message: string, remedy?: string) =>
      problems.push({ file, ...at(pointer), message, ...(remedy === undefined ? {} : { remedy }) })
    for (const index of repeatedUsers(document))
      refuse(['members', index, 'user'], `a second record of \`${document.members?.[index]?.user}\``)
    if (!systems.has(document.system))
      refuse(
        ['system'],
        `unknown system \`${document.system}\``,
        `known: ${[...systems].map((name) => `\`${name}\``).join(', ')}`,
      )
    if (tenants.has(document.tenant)) refuse(['tenant'], `a second document of tenant \`${document.tenant}\``)
    tenants.set(document.tenant, factsOfDocument(document))
  }
  if (problems.length > 0) throw new DocumentError(problems)
  return { ids: [...tenants.keys()], find: (tenant) => tenants.get(tenant) }
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
