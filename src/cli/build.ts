import { packRows, projectRows } from '../app/bundle-rows.ts'
import { buildProject, projectAt } from '../app/project.ts'
import { refuseFailingRows } from '../app/refuse-failing-rows.ts'
import { defaultSettings } from '../document/settings.ts'
import { writeWhole } from '../opa/bundle.ts'
import { bundleFiles, packFiles } from '../opa/bundle-archive.ts'
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
      description: 'where the bundle goes (default: .postern/bundle of the project); a name in .tar.gz for one file',
    },
    rows: { type: 'boolean', description: 'also decide every decision row; one that comes out otherwise is a problem' },
  },
  examples: [
    { line: 'postern build', does: 'build what changed' },
    { line: 'postern build --output /srv/bundle', does: 'write policy.wasm, data.json and manifest.json there' },
    { line: 'postern build --rows --output bundle.tar.gz', does: 'write a bundle for a web server, its rows decided' },
  ],
  exits: { 0: 'the bundle is up to date' },
  async run({ values }, io) {
    const found = projectAt(values.project ?? '.')
    const archive = values.output?.endsWith('.tar.gz') === true ? values.output : undefined
    const output = archive === undefined ? values.output : undefined
    const project = output === undefined ? found : { ...found, bundle: output }
    const progress = createProgress(io.stderr, { isTTY: io.stderr.terminal, env: io.env })
    const { bundle, built } = await reportingErrors(async () => {
      const result = await buildProject(project, io.env, progress)
      const systems = Object.keys(result.bundle.manifest.index.systems)
      if (values.rows === true)
        refuseFailingRows(projectRows(project.root, systems), result.bundle, defaultSettings.evaluator.memory_mib)
      if (archive !== undefined)
        writeWhole(archive, await packFiles(bundleFiles(result.bundle, packRows(project.root, systems))))
      return result
    })
    const systems = Object.keys(bundle.manifest.index.systems)
    io.stdout.write(
      `${built ? 'built' : 'up to date'}: ${archive ?? project.bundle}\npolicy ${bundle.manifest.policy}\nsystems ${systems.join(', ')}\n`,
    )
    return 0
  },
})
