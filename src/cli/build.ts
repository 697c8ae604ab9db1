import { buildProject, projectAt } from '../app/project.ts'
import { defineCommand } from './command.ts'
import { createProgress } from './progress.ts'
import { reportingErrors } from './project-errors.ts'
import { projectOption } from './project-option.ts'

export const build = defineCommand({
  name: 'build',
  summary: 'compile config and policies into one bundle',
  usage: '[options]',
  options: {
    project: projectOption,
    output: {
      type: 'string',
      value: 'dir',
      description: 'where the bundle goes (default: .postern/bundle of the project)',
    },
  },
  examples: [
    { line: 'postern build', does: 'build what changed' },
    { line: 'postern build --output /srv/bundle', does: 'write policy.wasm, data.json and manifest.json there' },
  ],
  exits: { 0: 'the bundle is up to date' },
  async run({ values }, io) {
    const found = projectAt(values.project ?? '.')
    const project = values.output === undefined ? found : { ...found, bundle: values.output }
    const progress = createProgress(io.stderr, { isTTY: io.stderr.terminal, env: io.env })
    const { bundle, built } = await reportingErrors(() => buildProject(project, io.env, progress))
    const systems = Object.keys(bundle.manifest.index.systems)
    io.stdout.write(
      `${built ? 'built' : 'up to date'}: ${project.bundle}\npolicy ${bundle.manifest.policy}\nsystems ${systems.join(', ')}\n`,
    )
    return 0
  },
})
