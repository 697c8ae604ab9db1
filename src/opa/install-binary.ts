import { chmod, rename } from 'node:fs/promises'
import { isSupported, versionOf } from './opa-version.ts'

/**
 * Makes a finished file executable, checks that it runs as a supported OPA, and moves it to `target` in one step: a
 * reader of `target` finds the old file or the new one, never a part. Rejects with an `Error`, leaving `target` alone.
 */
export async function installBinary(file: string, target: string): Promise<void> {
  await chmod(file, 0o755)
  const version = await versionOf(file)
  if (!isSupported(version)) throw new Error(`what was fetched is OPA ${version}`)
  await rename(file, target)
}
