import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createProjectChecker } from '../app/check.ts'
import { projectAt } from '../app/project.ts'
import { projectChanges, unlessGone } from '../app/project-changes.ts'
import { checkGithub } from '../review/check-github.ts'
import { checkJson } from '../review/check-json.ts'
import { checkJunit } from '../review/check-junit.ts'
import { type CheckReport, problemsOf } from '../review/check-report.ts'
import { checkSarif } from '../review/check-sarif.ts'
import { checkText, type LineOf } from '../review/check-text.ts'
import { defineCommand } from './command.ts'
import { createProgress } from './progress.ts'
import { reportingErrors } from './project-errors.ts'
import { projectOption } from './project-option.ts'
import { knownWord } from './reviewed-project.ts'
import { version } from './run-cli.ts'

const formats: Readonly<Record<string, (report: CheckReport, lineOf: LineOf) => string>> = {
  text: checkText,
  json: checkJson,
  junit: checkJunit,
  sarif: (report) => checkSarif(report, version()),
  github: checkGithub,
}

export const check = defineCommand({
  name: 'check',
  summary: 'say everything that a pull request must mend',
  usage: '[options]',
  options: {
    project: projectOption,
    watch: { type: 'boolean', description: 'check again whatever a change touches, until it is interrupted' },
    format: { type: 'string', value: 'name', description: `${Object.keys(formats).join(', ')} (default: text)` },
  },
  examples: [
    { line: 'postern check', does: 'check YAML, Rego, policy tests, decision rows and invariants' },
    { line: 'postern check --watch', does: 'the same after each change, in about a second' },
    { line: 'postern check --format sarif > check.sarif', does: 'the same, for a code scanner' },
  ],
  exits: { 0: 'nothing is to be mended', 1: 'there are problems' },
  async run({ values }, io) {
    const name = values.format ?? 'text'
    knownWord('format', name, Object.keys(formats))
    const format = formats[name] as (typeof formats)[string]
    const project = projectAt(values.project ?? '.')
    const progress = createProgress(io.stderr, { isTTY: io.stderr.terminal, env: io.env })
    const checker = createProjectChecker(project, io.env, progress)
    const report = async () => {
      const found = await reportingErrors(() => checker.run())
      io.stdout.write(format(found, linesBelow(project.root)))
      return found
    }
    if (values.watch === true) {
      const changes = projectChanges(project.root)
      await unlessGone(report)
      for await (const _ of changes) await unlessGone(report)
    }
    return problemsOf(await report()).length === 0 ? 0 : 1
  },
})

function linesBelow(root: string): LineOf {
  const files = new Map<string, readonly string[]>()
  return (file, line) => {
    const lines = files.get(file) ?? linesOf(join(root, file))
    files.set(file, lines)
    return lines[line - 1]
  }
}

/** None where the file cannot be read, which is then a problem of its own. */
function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/)
  } catch {
    return []
  }
}
