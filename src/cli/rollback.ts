import { projectStore } from '../app/bundle-store.ts'
import { projectAt } from '../app/project.ts'
import { loadSettings } from '../document/settings.ts'
import { defineCommand } from './command.ts'
import { reportingErrors } from './project-errors.ts'
import { projectOption } from './project-option.ts'

export const rollback = defineCommand({
  name: 'rollback',
  summary: 'go back to the policy before the last one, until it is released',
  usage: '[options]',
  options: {
    project: projectOption,
    settings: { type: 'string', value: 'file', description: 'settings (default: config/sidecar.yaml of the project)' },
    release: { type: 'boolean', description: 'end it: what the source holds now is activated' },
  },
  examples: [
    {
      line: 'postern rollback',
      does: 'let the predecessor decide, in this server within a second and after a restart',
    },
    { line: 'postern rollback --release', does: 'follow the source again' },
  ],
  exits: { 0: 'done', 1: 'with --release: nothing was pinned' },
  async run({ values }, io) {
    const project = projectAt(values.project ?? '.')
    const store = await reportingErrors(() =>
      projectStore(project, loadSettings(values.settings, io.env, project.root).bundle),
    )
    if (values.release === true) {
      const released = store.release()
      io.stdout.write(released ? 'released\n' : 'nothing was pinned\n')
      return released ? 0 : 1
    }
    const policy = await reportingErrors(() => store.rollBack())
    io.stdout.write(`pinned: ${store.pinned}\npolicy ${policy}\nrelease it with \`postern rollback --release\`\n`)
    return 0
  },
})
