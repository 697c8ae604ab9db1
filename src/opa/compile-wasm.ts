import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { list } from 'tar'
import { type OpaToolchain, runOpa } from './toolchain.ts'

/**
 * Compiles Rego to one WASM module with the entrypoints `authz/decision` and `authz/verdicts`. `files` are relative to
 * `root`: the module holds their names, so the same names give the same bytes. Optimisation stays off: with it, OPA
 * folds away what reads data that is supplied later. Rejects with an `Error` that holds OPA's words.
 */
export async function compileWasm(
  toolchain: OpaToolchain,
  root: string,
  files: readonly string[],
  capabilities: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-build-'))
  try {
    const output = join(folder, 'bundle.tar.gz')
    const entrypoints = ['-e', 'authz/decision', '-e', 'authz/verdicts']
    const flags = ['-t', 'wasm', '-O', '0', '--capabilities', capabilities, ...entrypoints, '-o', output]
    const { code, stderr } = await runOpa(toolchain, ['build', ...flags, ...files], { cwd: root })
    if (code !== 0) throw new Error(stderr.trim())
    return await extract(output, '/policy.wasm')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function extract(archive: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = []
  await list({
    file: archive,
    onReadEntry: (entry) => {
      if (entry.path === name || `/${entry.path}` === name) entry.on('data', (chunk: Buffer) => chunks.push(chunk))
      else entry.resume()
    },
  })
  if (chunks.length === 0)
    throw new Error(`OPA wrote no ${name} into ${await readFile(archive).then((bytes) => bytes.length)} bytes`)
  return new Uint8Array(Buffer.concat(chunks))
}
