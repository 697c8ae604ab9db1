import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Directory, openDirectory } from '../../src/directory/directory.ts'
import type { TenantDocument } from '../../src/pdp/tenant-document.ts'

/** A path for a directory's file in a folder that goes with the test. */
export function directoryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-directory-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'postern.db')
}

/** A directory that holds the documents and goes with the test. */
export function directoryOf(...documents: readonly TenantDocument[]): Directory {
  const directory = openDirectory(directoryFile())
  onTestFinished(() => directory.close())
  if (documents.length > 0) directory.put(documents)
  return directory
}
