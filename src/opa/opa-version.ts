import { runProcess } from './run-process.ts'

/** The pinned OPA, as in `toolchain/go.mod`: what is built, downloaded and cached. A later patch of the same minor is taken too. */
export const opaVersion = '1.22.2'

/** Whether an OPA of this version may compile our policies: 1.22.x with x ≥ 2, and no pre-release. */
export function isSupported(version: string): boolean {
  const [major, minor, patch] = opaVersion.split('.').map(Number)
  const parts = /^(\d+)\.(\d+)\.(\d+)$/.exec(version)
  return parts !== null && Number(parts[1]) === major && Number(parts[2]) === minor && Number(parts[3]) >= Number(patch)
}

export const supportedVersions = `${opaVersion} or a later ${opaVersion.split('.').slice(0, 2).join('.')}.x`

/** The version that the program at `path` says it is. Rejects with an `Error` when it does not answer like OPA. */
export async function versionOf(path: string): Promise<string> {
  const { code, stdout } = await runProcess(path, ['version'], { timeoutMs: 20_000 })
  const version = /^Version: (\S+)/m.exec(stdout)?.[1]
  if (code !== 0 || version === undefined) throw new Error(`\`${path} version\` does not answer like OPA`)
  return version
}
