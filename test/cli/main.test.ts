import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

// The compiled program, as `bin` in package.json names it; `npm test` compiles first.
const main = join(import.meta.dirname, '../../dist/src/main.js')

const postern = (args: string[], env: Record<string, string> = {}, before: string[] = []) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...before, main, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', ...env },
  })
  return { status, stdout, stderr }
}

describe('the program', () => {
  it('answers --version and --help with 0 on stdout', () => {
    expect(postern(['--version'])).toMatchObject({ status: 0, stderr: '' })
    expect(postern(['--help'])).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('exit codes') })
  })

  it('answers wrong usage with 2 on stderr', () => {
    expect(postern([])).toEqual({
      status: 2,
      stdout: '',
      stderr: 'postern: a command is missing\nsee `postern --help`\n',
    })
    expect(postern(['no-such-command'])).toMatchObject({ status: 2, stdout: '' })
  })

  it('has no colour in a pipe', () => {
    expect(postern(['--help'], { FORCE_COLOR: '1' }).stdout).not.toContain('\u001b')
  })

  it('prints an unexpected error as one line, and its stack only for a developer', () => {
    const breaking = join(mkdtempSync(join(tmpdir(), 'postern-')), 'break.cjs')
    // The version is read from package.json: make that fail in a way that nobody expects.
    writeFileSync(breaking, "JSON.parse = () => { throw new TypeError('defect\\nof two lines') }")
    const plain = postern(['--version'], {}, ['--require', breaking])
    expect(plain.status).toBe(2)
    expect(plain.stdout).toBe('')
    expect(plain.stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(plain.stderr).toMatch(/^postern: unexpected error: .*POSTERN_DEBUG=1 shows where\n$/)
    const debug = postern(['--version'], { POSTERN_DEBUG: '1' }, ['--require', breaking])
    expect(debug.status).toBe(2)
    expect(debug.stderr).toMatch(/\n\s+at /)
  })
})
