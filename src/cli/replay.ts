import { statSync } from 'node:fs'
import { SideError, withPolicy } from '../app/diff-side.ts'
import { projectAt } from '../app/project.ts'
import { LogFileError, replay as replayLogs } from '../app/replay.ts'
import { widens } from '../review/replay-report.ts'
import { type ReplayFormat, replayFormats, replayText } from '../review/replay-text.ts'
import { CommandError, defineCommand } from './command.ts'
import { createProgress } from './progress.ts'
import { reportingErrors } from './project-errors.ts'
import { projectOption } from './project-option.ts'
import { knownWord } from './reviewed-project.ts'

const failOn = ['widen', 'any', 'none']

export const replay = defineCommand({
  name: 'replay',
  summary: 'decide a decision log again and show what turns',
  usage: '--log <file> [options]',
  options: {
    log: {
      type: 'string',
      multiple: true,
      value: 'file',
      description: 'a decision log as JSON lines, gzipped where its name ends in .gz; may be given again',
    },
    policy: {
      type: 'string',
      value: 'what',
      description: 'the candidate: a folder with config, a bundle, or a git revision (default: the files here)',
    },
    tenants: {
      type: 'string',
      value: 'path',
      description:
        'tenant documents, a file or a folder (default: only requests that bring a tenant are decided again)',
    },
    format: { type: 'string', value: 'name', description: `one of ${replayFormats.join(', ')} (default: text)` },
    'fail-on': {
      type: 'string',
      value: 'what',
      description: 'exit with 1 on `widen`: a denial becomes an allow; on `any` flip; on `none` (default)',
    },
    project: projectOption,
  },
  examples: [
    { line: 'postern replay --log decisions.jsonl', does: 'what the files here change for yesterday’s requests' },
    {
      line: 'postern replay --log decisions.jsonl --tenants tenants --policy /srv/bundle --fail-on widen',
      does: 'a bundle, upon stored tenants; 1 where somebody gains',
    },
  ],
  exits: { 0: 'decided again', 1: 'there is a flip that `--fail-on` names' },
  async run({ values }, io) {
    const { log = [], format = 'text', 'fail-on': fail = 'none', tenants } = values
    if (log.length === 0) throw new CommandError('option `--log` is missing', 'see `postern replay --help`')
    knownWord('format', format, replayFormats)
    knownWord('word of --fail-on', fail, failOn)
    if (tenants !== undefined && statSync(tenants, { throwIfNoEntry: false }) === undefined)
      throw new CommandError(`there is no file or folder \`${tenants}\``, 'name it by `--tenants`')
    const project = projectAt(values.project ?? '.')
    const progress = createProgress(io.stderr, { isTTY: io.stderr.terminal, env: io.env })
    const report = await reportingErrors(async () => {
      const options = { project, env: io.env, progress }
      const candidate = await withPolicy(values.policy ?? project.root, options, (bundle) => bundle)
      progress.start('replaying')
      const onLines = (lines: number) => progress.tick(`${lines} lines`)
      return replayLogs({ logs: log, candidate, tenants, root: project.root, onLines })
    })
      .catch((error: unknown) => {
        if (error instanceof SideError) throw new CommandError(error.message, 'see `postern replay --help`')
        if (error instanceof LogFileError) throw new CommandError(error.message, 'name it by `--log`')
        throw error
      })
      .finally(() => progress.done())
    io.stdout.write(replayText(report, format as ReplayFormat))
    return (fail === 'any' && report.flips.length > 0) || (fail === 'widen' && widens(report)) ? 1 : 0
  },
})
