import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { inject, onTestFinished } from 'vitest'
import { type Directory, openDirectory } from '../../src/directory/directory.ts'
import { whenLoaded } from '../../src/pdp/awaited-pdp.ts'
import type { TenantFacts } from '../../src/pdp/facts.ts'
import type { TenantDocument } from '../../src/pdp/tenant-document.ts'
import { createDatabase } from './postgres.ts'

/** A path for a directory's file in a folder that goes with the test. */
export function directoryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-directory-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'postern.db')
}

/** A directory that holds the documents and goes with the test. */
export type DirectoryOf = (...documents: readonly TenantDocument[]) => Promise<Directory>

/** A directory in a file of its own. */
export const directoryOf = filledFrom(() => openDirectory(directoryFile()))

export interface Backend {
  readonly name: string
  readonly directoryOf: DirectoryOf
  /** So many random tenants are compared in some seconds. */
  readonly cases: number
}

/** Every kind of store that a directory may have; what is said of a directory is said of each. */
export const backends: readonly Backend[] = [
  { name: 'SQLite', directoryOf, cases: 600 },
  // test/directory/postgres.test.ts says so where it is missing.
  ...(inject('postgres') === null ? [] : [{ name: 'PostgreSQL', directoryOf: filledFrom(openInDatabase), cases: 60 }]),
]

/** Databases of this worker that are empty again, for making one takes longer than emptying it. */
const free: string[] = []

/** The URL of an empty database, which is given back after the test. */
export async function emptyDatabase(): Promise<string> {
  const url = free.pop() ?? (await createDatabase(inject('postgres') as number))
  onTestFinished(async () => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query('drop schema if exists postern cascade')
    await client.end()
    free.push(url)
  })
  return url
}

async function openInDatabase(): Promise<Directory> {
  const follow = { listenUrl: undefined, maxAgeMs: 10_000, log: { warn: () => {} } }
  return openDirectory(await emptyDatabase(), { follow })
}

/** The facts of a tenant that is there. */
export async function factsOf({ tenants }: Pick<Directory, 'tenants'>, tenant: string): Promise<TenantFacts> {
  const facts = await whenLoaded(() => tenants.find(tenant))
  if (facts === undefined) throw new Error(`no tenant \`${tenant}\``)
  return facts
}

/** `open` gives an empty directory. */
function filledFrom(open: () => Promise<Directory>): DirectoryOf {
  return async (...documents) => {
    const directory = await open()
    onTestFinished(() => directory.close())
    if (documents.length > 0) await directory.put(documents)
    // Its feed begins behind them, also where it follows a database.
    await directory.freshness.reach({ full: true })
    return directory
  }
}
