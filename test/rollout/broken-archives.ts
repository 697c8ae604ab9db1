import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BundleIndex } from '../../src/app/build.ts'
import { type Bundle, makeBundle } from '../../src/opa/bundle.ts'
import { bundleFiles, packFiles } from '../../src/opa/bundle-archive.ts'
import { signatureFile, signFiles } from '../../src/opa/bundle-signature.ts'
import { opa } from '../support/opa-deps.ts'
import { keyOf } from './signing-keys.ts'

/** An archive of a bundle, with the signature of what may be another one. */
export async function signedArchive(
  bundle: Bundle<BundleIndex>,
  algorithm = 'RS256',
  signed = bundle,
  decisions = '[]',
): Promise<Uint8Array> {
  const files = bundleFiles(bundle, decisions)
  const signature = await signFiles(bundleFiles(signed, decisions), keyOf(algorithm, 'privateKey'), 'postern')
  return packFiles(new Map([...files, [signatureFile, signature]]))
}

/**
 * Archives and what is said of them; each is signed as it should be, unless that is what is wrong. `failing` are decision
 * rows, as a bundle carries them, that the bundle decides otherwise.
 */
export async function brokenArchives(
  bundle: Bundle<BundleIndex>,
  failing: string,
): Promise<readonly { readonly archive: Uint8Array; readonly said: RegExp }[]> {
  const { wasm, data } = bundle
  const { commit, sources, opa: version, index } = bundle.manifest
  const remade = (parts: { wasm?: Uint8Array<ArrayBuffer>; data?: string }) =>
    signedArchive(makeBundle({ wasm, data, ...parts, commit, sources, opa: version, index }))
  const whole = await signedArchive(bundle)
  const unsound = { ...bundle, data: data.replace('{', '[') }
  return [
    { said: /^`data.json` is not JSON$/, archive: await signedArchive(unsound, 'RS256', bundle) },
    { said: /CompileError|WebAssembly/, archive: await remade({ wasm: wasm.slice(0, wasm.length / 2) }) },
    { said: /^the policy has no entrypoint `authz\/decision`$/, archive: await remade({ wasm: await otherModule() }) },
    { said: /^the signature does not verify: /, archive: await signedArchive(bundle, 'ES256') },
    {
      said: /^config\/systems\/acme\/decisions\.yaml:17:13: `owner-opens`: decided `deny`, not `allow`/,
      archive: await signedArchive(bundle, 'RS256', bundle, failing),
    },
    { said: /it is not a whole gzip file$/, archive: whole.subarray(0, whole.length / 2) },
  ]
}

/** A sound module of another policy. */
async function otherModule(): Promise<Uint8Array<ArrayBuffer>> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-other-'))
  try {
    writeFileSync(join(folder, 'other.rego'), 'package other\n\nanswer := true\n')
    const { path } = await opa()
    execFileSync(path, ['build', '-t', 'wasm', '-e', 'other/answer', '-o', 'other.tar.gz', 'other.rego'], {
      cwd: folder,
    })
    return new Uint8Array(execFileSync('tar', ['xPOzf', 'other.tar.gz', '/policy.wasm'], { cwd: folder }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
