import { readFileSync } from 'node:fs'
import { defaultSettings } from '../document/settings.ts'
import { writeWhole } from '../opa/bundle.ts'
import { bundleOf, packFiles, unpackFiles } from '../opa/bundle-archive.ts'
import { signatureFile, signFiles } from '../opa/bundle-signature.ts'
import { CommandError, defineCommand } from './command.ts'
import { reportingErrors } from './project-errors.ts'

export const sign = defineCommand({
  name: 'sign',
  summary: 'sign a bundle, so that servers can refuse any other',
  usage: '[options] <bundle.tar.gz>',
  positionals: { least: 1, most: 1 },
  options: {
    key: { type: 'string', value: 'file', description: 'the private key as PEM, or the secret of an HS algorithm' },
    algorithm: { type: 'string', value: 'name', description: 'RS256, ES256, HS256, … (default: RS256)' },
    'key-id': { type: 'string', value: 'id', description: 'what verifiers call the key (default: postern)' },
  },
  examples: [
    { line: 'postern sign bundle.tar.gz --key private.pem', does: 'put a signature into the bundle, or replace it' },
    { line: 'postern sign bundle.tar.gz --key ec.pem --algorithm ES256', does: 'the same with an elliptic curve' },
  ],
  exits: { 0: 'the bundle is signed' },
  async run({ values, positionals }, io) {
    const [bundle] = positionals as [string]
    if (values.key === undefined) throw new CommandError('`--key` is missing', 'name the file of the private key')
    const key = { text: read(values.key).toString('utf8'), algorithm: values.algorithm ?? 'RS256' }
    await reportingErrors(async () => {
      const files = await unpackFiles(read(bundle), defaultSettings.bundle.max_bytes)
      files.delete(signatureFile)
      // What no server of this version would take is not signed.
      const { policy } = bundleOf(files).manifest
      const signature = await signFiles(files, key, values['key-id'] ?? 'postern')
      writeWhole(bundle, await packFiles(new Map([...files, [signatureFile, signature]])))
      io.stdout.write(`signed: ${bundle}\npolicy ${policy}\n`)
    })
    return 0
  },
})

function read(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new CommandError(`\`${file}\` cannot be read: ${(cause as NodeJS.ErrnoException).code}`)
  }
}
