import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signJws } from '../../src/access/jws.ts'
import { openArchive } from '../../src/app/http-source.ts'
import { bundleFiles, packFiles, unpackFiles } from '../../src/opa/bundle-archive.ts'
import { type BundleFiles, signatureFile, signFiles, verifyFiles } from '../../src/opa/bundle-signature.ts'
import { commandRun } from '../support/command-run.ts'
import { opa } from '../support/opa-deps.ts'
import { builtBundle } from '../support/policy.ts'
import { keyOf, signingKeys } from './signing-keys.ts'

const bundle = builtBundle()
const files = bundleFiles(bundle, '[]')
const algorithms = Object.keys(signingKeys)
const max_bytes = 10_000_000

let folder: string
let program: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-sign-'))
  program = (await opa()).path
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (error: Error) => `${error.name}: ${error.message}`,
  )

/** A key as OPA takes it: the path of a PEM, or the secret itself. */
function forOpa(algorithm: string, side: 'publicKey' | 'privateKey'): string {
  const { text } = keyOf(algorithm, side)
  if (algorithm.startsWith('HS')) return text
  const file = join(folder, `${algorithm}-${side}.pem`)
  writeFileSync(file, text)
  return file
}

const opaTakes = (archive: string, algorithm: string) => {
  const key = ['--verification-key', forOpa(algorithm, 'publicKey'), '--verification-key-id', 'postern']
  const output = join(folder, 'out.tar.gz')
  return spawnSync(program, ['build', '-b', archive, ...key, '--signing-alg', algorithm, '-o', output], {
    encoding: 'utf8',
  })
}

describe.each(algorithms)('a signature with %s', (algorithm) => {
  const [secret, open] = [keyOf(algorithm, 'privateKey'), keyOf(algorithm, 'publicKey')]

  it('of `postern sign` is taken by OPA and by us, and by neither once a byte is another', async () => {
    const archive = join(folder, `${algorithm}.tar.gz`)
    const key = join(folder, `${algorithm}.key`)
    writeFileSync(archive, await packFiles(files))
    writeFileSync(key, `${secret.text}\n`)
    expect(await commandRun('sign', archive, '--key', key, '--algorithm', algorithm)).toEqual({
      code: 0,
      stdout: `signed: ${archive}\npolicy ${bundle.manifest.policy}\n`,
      stderr: '',
    })
    expect(opaTakes(archive, algorithm)).toMatchObject({ status: 0, stderr: '' })
    const signed = readFileSync(archive)
    expect((await openArchive(signed, { max_bytes, key: open })).manifest).toEqual(bundle.manifest)

    const altered = await unpackFiles(signed, max_bytes)
    const data = Buffer.from(altered.get('data.json') as Uint8Array).toString('utf8')
    altered.set('data.json', Buffer.from(data.replace('"model":{', '"model":{"x":1,')))
    const forged = await packFiles(altered)
    writeFileSync(archive, forged)
    expect(opaTakes(archive, algorithm)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('digest mismatch'),
    })
    expect(await refusal(openArchive(forged, { max_bytes, key: open }))).toBe(
      'BundleError: `data.json` is not the file that was signed',
    )
  })

  it('of `opa sign` is taken', async () => {
    const unpacked = join(folder, `opa-${algorithm}`)
    mkdirSync(unpacked)
    for (const [name, bytes] of files) writeFileSync(join(unpacked, name), bytes)
    const key = ['--signing-key', forOpa(algorithm, 'privateKey'), '--signing-alg', algorithm]
    execFileSync(program, ['sign', '--bundle', '.', ...key, '-o', '.'], { cwd: unpacked })
    execFileSync('tar', ['czf', '../opa.tar.gz', '.'], { cwd: unpacked })
    const archive = readFileSync(join(folder, 'opa.tar.gz'))
    expect((await openArchive(archive, { max_bytes, key: open })).manifest).toEqual(bundle.manifest)
  })

  it('of another key, or of another algorithm, is refused', async () => {
    for (const other of algorithms.filter((name) => name !== algorithm)) {
      const signature = await signFiles(files, keyOf(other, 'privateKey'), 'postern')
      expect(await refusal(verifyFiles(files, signature, open))).toMatch(/^BundleError: the signature does not verify/)
    }
  })
})

describe('verification', () => {
  const [secret, open] = [keyOf('RS256', 'privateKey'), keyOf('RS256', 'publicKey')]
  const text = (value: unknown) => Buffer.from(JSON.stringify(value))
  const signedPayload = async (payload: unknown) => text({ signatures: [await signJws(payload, secret, 'postern')] })

  it('refuses a bundle without a signature', async () => {
    expect(await refusal(openArchive(await packFiles(files), { max_bytes, key: open }))).toBe(
      'BundleError: the bundle is not signed; sign it with `postern sign`',
    )
    expect(await refusal(openArchive(await packFiles(files), { max_bytes, key: undefined }))).toBe('accepted')
  })

  it('takes a public key for no secret', async () => {
    const confused = { text: open.text, algorithm: 'HS256' }
    const signature = await signFiles(files, secret, 'postern')
    expect(await refusal(verifyFiles(files, signature, confused))).toBe(
      'BundleError: HS256 takes a secret, and the key is a PEM',
    )
  })

  it('refuses a signature that covers less or more than the bundle has, or is for another scope', async () => {
    const without = (name: string): BundleFiles => new Map([...files].filter(([file]) => file !== name))
    const less = await signFiles(without('policy.wasm'), secret, 'postern')
    expect(await refusal(verifyFiles(files, less, open))).toBe(
      'BundleError: the signature does not cover `policy.wasm`',
    )
    const all = await signFiles(files, secret, 'postern')
    expect(await refusal(verifyFiles(without('data.json'), all, open))).toBe(
      'BundleError: `data.json` was signed and is missing',
    )
    expect(await refusal(verifyFiles(files, await signedPayload({ files: [], scope: 'read' }), open))).toBe(
      'BundleError: the signature is for another scope',
    )
  })

  it.each([
    ['no JSON', Buffer.from('{'), 'is not JSON'],
    ['no signature', text({ signatures: [] }), 'does not hold exactly one signature'],
    ['two signatures', text({ signatures: ['a.b.c', 'a.b.c'] }), 'does not hold exactly one signature'],
    ['no token', text({ signatures: [1] }), 'does not hold exactly one signature'],
  ])('refuses a signature file with %s', async (_, signature, message) => {
    expect(await refusal(verifyFiles(files, signature, open))).toBe(`BundleError: \`${signatureFile}\` ${message}`)
  })

  it('refuses a token without an algorithm, which anybody can write', async () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const token = `${part({ alg: 'none' })}.${part({ files: [] })}.`
    expect(await refusal(verifyFiles(files, text({ signatures: [token] }), open))).toMatch(
      /^BundleError: the signature does not verify/,
    )
  })
})

describe('postern sign', () => {
  it('says what is wrong with its arguments', async () => {
    const archive = join(folder, 'plain.tar.gz')
    writeFileSync(archive, await packFiles(files))
    const key = join(folder, 'wrong.key')
    writeFileSync(key, 'no PEM')
    const said = async (...argv: string[]) => {
      const { code, stderr } = await commandRun('sign', ...argv)
      return [code, stderr.split('\n')[0]]
    }
    expect(await said(archive)).toEqual([2, 'postern: `--key` is missing'])
    expect(await said(archive, '--key', key)).toEqual([2, 'postern: the key is not a PEM that can be read'])
    expect(await said(join(folder, 'none'), '--key', key)).toEqual([
      2,
      `postern: \`${join(folder, 'none')}\` cannot be read: ENOENT`,
    ])
    expect(await said(key, '--key', key)).toEqual([
      2,
      'postern: the archive cannot be read: it is not a whole gzip file',
    ])
  })
})
