import { gunzipSync, gzipSync } from 'node:zlib'
import { Header } from 'tar'
import { describe, expect, it } from 'vitest'
import { makeBundle } from '../../src/opa/bundle.ts'
import { bundleFiles, bundleOf, packFiles, unpackFiles } from '../../src/opa/bundle-archive.ts'

const bundle = makeBundle({
  wasm: new Uint8Array([0, 97, 115, 109]),
  data: '{"model":{}}',
  commit: 'c0ffee',
  sources: 's',
  opa: '1.22.2',
  index: { systems: {} },
})
const files = bundleFiles(bundle)

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (error: Error) => `${error.name}: ${error.message}`,
  )

/** An archive with one entry after those of a bundle. */
async function archiveWith(fields: ConstructorParameters<typeof Header>[0], content = '') {
  const header = new Header({ mode: 0o644, size: content.length, mtime: new Date(0), ...(fields as object) })
  header.encode()
  const padded = Buffer.alloc(Math.ceil(content.length / 512) * 512)
  padded.write(content)
  const whole = gunzipSync(await packFiles(files))
  return gzipSync(Buffer.concat([whole.subarray(0, -1024), header.block as Buffer, padded, Buffer.alloc(1024)]))
}

describe('an archive', () => {
  it('of a bundle gives that bundle back, and the same bytes each time', async () => {
    const packed = await packFiles(files)
    expect(await packFiles(bundleFiles(bundleOf(await unpackFiles(packed, 100_000))))).toEqual(packed)
    expect(bundleOf(await unpackFiles(packed, 100_000))).toEqual(bundle)
  })

  it.each([
    [
      'another file',
      { path: '../../etc/passwd', type: 'File' },
      'holds `../../etc/passwd`, which is no part of a bundle',
    ],
    [
      'a link',
      { path: 'data.json', type: 'SymbolicLink', linkpath: '/etc/passwd' },
      'holds `data.json`, which is no file',
    ],
    ['a hard link', { path: 'x', type: 'Link', linkpath: 'data.json' }, 'holds `x`, which is no file'],
    ['a device', { path: 'x', type: 'CharacterDevice' }, 'holds `x`, which is no file'],
    ['a file twice', { path: './data.json', type: 'File' }, 'holds `data.json` twice'],
  ] as const)('with %s is refused', async (_, fields, message) => {
    expect(await refusal(unpackFiles(await archiveWith(fields), 100_000))).toBe(`BundleError: the archive ${message}`)
  })

  it('that breaks off anywhere is refused', async () => {
    const packed = await packFiles(files)
    const plain = gunzipSync(packed)
    for (let length = 0; length < packed.length; length += 7)
      expect(await refusal(unpackFiles(packed.subarray(0, length), 100_000)), `${length}`).toMatch(
        /^BundleError: the archive cannot be read: it is not a whole gzip file/,
      )
    for (let length = 1; length < plain.length - 1024; length += 97)
      expect(await refusal(unpackFiles(gzipSync(plain.subarray(0, length)), 100_000)), `${length}`).toMatch(
        /^BundleError: the archive cannot be read: it breaks off/,
      )
  })

  it('that unpacks to more than it may is refused without being unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    expect(bomb.length).toBeLessThan(60_000)
    expect(await refusal(unpackFiles(bomb, 100_000))).toBe(
      'BundleError: the archive cannot be read: it is more than 100000 bytes unpacked',
    )
  })

  it('of parts that do not belong together, or of another version, is refused', () => {
    const changed = (name: string, from: string, to: string) => {
      const text = Buffer.from(files.get(name) as Uint8Array).toString('latin1')
      return new Map([...files, [name, Buffer.from(text.replace(from, to), 'latin1')]])
    }
    expect(() => bundleOf(changed('data.json', '{}', '{"a":1}'))).toThrow('its files do not belong together')
    expect(() => bundleOf(changed('policy.wasm', 'asm', 'bsm'))).toThrow('its files do not belong together')
    expect(() => bundleOf(changed('.manifest', '"format":', '"format":9'))).toThrow(/has format 9\d* and this version/)
    expect(() => bundleOf(changed('.manifest', 'postern', 'other'))).toThrow('has format unknown')
    expect(() => bundleOf(new Map())).toThrow('the archive has no `.manifest`')
  })
})
