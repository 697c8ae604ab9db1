import { diffSide, SideError } from '../app/diff-side.ts'
import { projectAt } from '../app/project.ts'
import { diffHtml } from '../review/diff-html.ts'
import { comparedMatrices } from '../review/diff-matrix.ts'
import { type DiffFormat, diffText } from '../review/diff-text.ts'
import { differs, policyDiff, widens } from '../review/policy-diff.ts'
import { CommandError, defineCommand } from './command.ts'
import { createProgress } from './progress.ts'
import { reportingErrors } from './project-errors.ts'
import { projectOption } from './project-option.ts'
import { knownWord } from './reviewed-project.ts'

const formats = ['text', 'markdown', 'json', 'html']
const failOn = ['widen', 'any', 'none']

export const diff = defineCommand({
  name: 'diff',
  summary: 'show which decisions a change of policy turns',
  usage: '<base> [<head>] [options]',
  options: {
    format: { type: 'string', value: 'name', description: `one of ${formats.join(', ')} (default: text)` },
    'fail-on': {
      type: 'string',
      value: 'what',
      description:
        'exit with 1 on `widen`: somebody gains, a plan has more seats, a rule or table changes so that more may, or an ' +
        'allow may oblige to less; on `any` difference; on `none` (default)',
    },
    project: projectOption,
  },
  positionals: { least: 1, most: 2 },
  examples: [
    { line: 'postern diff main', does: 'what the files here change against the branch main' },
    { line: 'postern diff v1 v2 --format markdown', does: 'between two revisions, as a comment on a pull request' },
    { line: 'postern diff main --format html > change.html', does: 'as a page with the matrices before and after' },
    { line: 'postern diff /srv/bundle --fail-on widen', does: 'against a bundle; 1 where somebody gains' },
  ],
  exits: { 0: 'compared', 1: 'there is a difference that `--fail-on` names' },
  async run({ values, positionals }, io) {
    const { format = 'text', 'fail-on': fail = 'none' } = values
    knownWord('format', format, formats)
    knownWord('word of --fail-on', fail, failOn)
    const project = projectAt(values.project ?? '.')
    const progress = createProgress(io.stderr, { isTTY: io.stderr.terminal, env: io.env })
    const [base = '', head = project.root] = positionals
    const [before, after] = await reportingErrors(async () => {
      const options = { project, env: io.env, progress }
      return [await diffSide(base, options), await diffSide(head, options)] as const
    }).catch((error: unknown) => {
      if (error instanceof SideError) throw new CommandError(error.message, 'see `postern diff --help`')
      throw error
    })
    const found = policyDiff(before, after)
    io.stdout.write(
      format === 'html'
        ? diffHtml(found, comparedMatrices(found, before.reviewed, after.reviewed))
        : diffText(found, format as DiffFormat),
    )
    return (fail === 'any' && differs(found)) || (fail === 'widen' && widens(found)) ? 1 : 0
  },
})
