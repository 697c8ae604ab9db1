import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DocumentError } from '../document/problem.ts'

/**
 * The lines of the files below `config`, as `file:line`, that differ from a git revision; all lines of a file that git
 * does not know. Lines that are gone count as a change of the line above them. Throws a `DocumentError` for a revision
 * that does not exist, or a folder outside any repository.
 */
export function changedLines(root: string, base: string): ReadonlySet<string> {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 28 })
  const changed = new Set<string>()
  try {
    const revision = git('rev-parse', '--verify', '--quiet', '--end-of-options', `${base}^{commit}`).trim()
    const flags = ['--unified=0', '--no-color', '--no-ext-diff', '--no-renames', '--relative', '--dst-prefix=b/']
    let file = ''
    for (const line of git('-c', 'core.quotePath=false', 'diff', ...flags, revision, '--', 'config').split('\n')) {
      file = /^\+\+\+ b\/(.*)$/.exec(line)?.[1] ?? file
      const [, first, count = '1'] = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line) ?? []
      // Of a hunk without lines git names the line above.
      const lines = Math.max(1, Number(count))
      for (let at = 0; first !== undefined && at < lines; at++) changed.add(`${file}:${Number(first) + at}`)
    }
    for (const added of git('ls-files', '--others', '--exclude-standard', '-z', 'config').split('\0')) {
      if (added === '') continue
      const lines = readFileSync(join(root, added), 'utf8').split('\n')
      for (const index of lines.keys()) changed.add(`${added}:${index + 1}`)
    }
  } catch {
    const message = `git finds no revision \`${base}\` here`
    throw new DocumentError([{ file: '--changed', line: 0, column: 0, message, remedy: 'name a commit or a branch' }])
  }
  return changed
}
