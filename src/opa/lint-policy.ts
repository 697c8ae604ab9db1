import { dirname } from 'node:path'
import type { Problem } from '../document/problem.ts'
import type { RegoRule } from './rego-index.ts'

const namedKinds = ['checks', 'conditions', 'grants', 'obligations', 'limits']

/** One Rego file that is not a test, and whether its test lies beside it. */
export interface LintedFile {
  readonly file: string
  readonly text: string
  readonly tested: boolean
}

/**
 * What OPA accepts and a policy of ours must not have: a file without a test, a package in another folder, a rule that
 * the YAML can name without a word on what it is for, a default that stands in for a decision, a rule where the compiled
 * tables stand.
 */
export function lintPolicies(files: readonly LintedFile[], rules: readonly RegoRule[]): readonly Problem[] {
  return [...files.flatMap(lintFile), ...undescribed(files, rules), ...rules.flatMap(lintRule)]
}

function lintFile({ file, text, tested }: LintedFile): Problem[] {
  const problems: Problem[] = []
  if (!tested)
    problems.push({
      file,
      line: 1,
      column: 1,
      message: 'no test lies beside this file',
      remedy: `write ${file.replace(/\.rego$/, '_test.rego')}`,
    })
  const lines = text.split('\n')
  const line = lines.findIndex((written) => /^package\s/.test(written))
  const name = /^package\s+(\S+)/.exec(lines[line] ?? '')?.[1]
  const folder = dirname(file)
  if (name !== undefined && folder !== ['policies', ...name.split('.')].join('/'))
    problems.push({
      file,
      line: line + 1,
      column: 'package '.length + 1,
      message: `package \`${name}\` lies in ${folder}`,
      remedy: `move the file to policies/${name.replaceAll('.', '/')}, or correct the package`,
    })
  return problems
}

/** A rule that the YAML can name is described where it begins, in METADATA. */
function undescribed(files: readonly LintedFile[], rules: readonly RegoRule[]): Problem[] {
  const lines = new Map(files.map(({ file, text }) => [file, text.split('\n')]))
  const named = rules.filter(({ path }) => path.slice(0, -1).some((part) => namedKinds.includes(part)))
  const first = new Map(named.toReversed().map((rule) => [rule.path.join('.'), rule]))
  return [...first.values()].flatMap(({ path, place }) => {
    const above = (lines.get(place.file) ?? []).slice(0, place.line - 1).toReversed()
    const end = above.findIndex((line) => !line.startsWith('#'))
    if (above.slice(0, end < 0 ? above.length : end).includes('# METADATA')) return []
    return [
      {
        ...place,
        message: `\`${path.slice(-2).join('.')}\` has no METADATA`,
        remedy: 'say above it, in `# METADATA` and a `description`, what it is for',
      },
    ]
  })
}

function lintRule({ path, place, isDefault }: RegoRule): Problem[] {
  if (path.join('.') === 'authz.decision' && isDefault)
    return [
      {
        ...place,
        message: 'the decision has a default',
        remedy: 'remove it: a rule that yields nothing must leave no decision, which is an error and never a yes',
      },
    ]
  if (path[0] === 'model')
    return [
      {
        ...place,
        message: 'a rule stands below `data.model`, where the tables of the YAML stand',
        remedy: 'write the row in YAML, or name the package otherwise',
      },
    ]
  return []
}
