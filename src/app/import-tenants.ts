import { openDirectory } from '../directory/directory.ts'
import { readDocuments } from '../directory/document-tenants.ts'
import { unstorable } from '../directory/storable.ts'
import { tenantValidator } from '../directory/tenant-schema.ts'
import { type TenantWarning, tenantWarnings } from '../directory/tenant-warnings.ts'
import { DocumentError } from '../document/problem.ts'
import { toPointer } from '../document/schema.ts'
import { defaultSettings } from '../document/settings.ts'
import type { Bundle } from '../opa/bundle.ts'
import { loadPolicy } from './activate.ts'
import type { BundleIndex } from './build.ts'

export interface ImportOptions {
  readonly bundle: Bundle<BundleIndex>
  /** The directory's file. */
  readonly directory: string
  /** Tenant documents, and the folder that messages name them from. */
  readonly files: readonly string[]
  readonly root: string
}

export interface Imported {
  readonly tenants: readonly {
    readonly id: string
    readonly members: number
    readonly warnings: readonly TenantWarning[]
  }[]
  readonly revision: string
}

/**
 * Stores the documents, all of them or, where one is wrong, none. Rejects with a `DocumentError` with everything that is wrong
 * with any of them, a `DirectoryError` where the directory cannot be opened, `directory_unavailable` where it fails then.
 */
export async function importTenants({ bundle, directory: file, files, root }: ImportOptions): Promise<Imported> {
  const { systems } = loadPolicy(bundle, defaultSettings.evaluator.memory_mib)
  const documents = readDocuments(files, root, tenantValidator(), new Set(systems.keys()))
  const problems = documents.flatMap((document) =>
    unstorable(document).map((path) => ({
      file: `tenant \`${document.tenant}\``,
      line: 0,
      column: 0,
      message: `${toPointer(path)}: a text with U+0000 or a lone surrogate cannot be stored`,
      pointer: toPointer(path),
    })),
  )
  if (problems.length > 0) throw new DocumentError(problems)
  const directory = await openDirectory(file)
  try {
    const revision = await directory.put(documents)
    const tenants = documents.map((document) => {
      const system = systems.get(document.system)
      const warnings = system === undefined ? [] : tenantWarnings(document, system)
      return { id: document.tenant, members: document.members?.length ?? 0, warnings }
    })
    return { tenants, revision }
  } finally {
    await directory.close()
  }
}
