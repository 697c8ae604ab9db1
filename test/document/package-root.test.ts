import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { packageRoot } from '../../src/document/package-root.ts'

test('from src it is the folder of the package.json named postern', () => {
  expect(JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')).name).toBe('postern')
  expect(packageRoot()).toBe(join(import.meta.dirname, '../..'))
})

test('from dist/src it is the same folder, past a package.json of another name', () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'postern-root-')))
  const folder = join(root, 'dist/src/document')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(root, 'package.json'), '{"name": "postern"}')
  writeFileSync(join(root, 'dist/package.json'), '{"type": "module"}')
  // The file's few types are taken off by hand, so that the test does not depend on a build.
  const source = readFileSync(join(packageRoot(), 'src/document/package-root.ts'), 'utf8')
  const script = source.replaceAll(/: (string|unknown)( \| undefined)?(?= \{|\n|\))/g, '')
  writeFileSync(join(folder, 'package-root.js'), script)
  const url = pathToFileURL(join(folder, 'package-root.js')).href
  const print = `import(${JSON.stringify(url)}).then((m) => process.stdout.write(m.packageRoot()))`
  expect(execFileSync(process.execPath, ['-e', print], { encoding: 'utf8' })).toBe(root)
})
