import type { BundleIndex } from '../app/build.ts'
import { drainOnSignal } from '../app/drain.ts'
import { buildProject, projectAt, tenantDocuments } from '../app/project.ts'
import { serve as startServing } from '../app/serve.ts'
import { loadSettings } from '../document/settings.ts'
import { createServerLog } from '../log/server-log.ts'
import { readBundle } from '../opa/bundle.ts'
import { defineCommand } from './command.ts'
import { createProgress } from './progress.ts'
import { reportingErrors } from './project-errors.ts'
import { projectOption } from './project-option.ts'
import { version } from './run-cli.ts'

export const serve = defineCommand({
  name: 'serve',
  summary: 'build what changed and answer decisions over HTTP',
  usage: '[options]',
  options: {
    project: projectOption,
    settings: { type: 'string', value: 'file', description: 'settings (default: config/sidecar.yaml of the project)' },
    bundle: { type: 'string', value: 'dir', description: 'serve this bundle as it is, without building; needs no OPA' },
  },
  examples: [
    { line: 'postern serve', does: 'serve the demo tenant of each system on 127.0.0.1:8181' },
    { line: 'POSTERN_TENANTS=tenants postern serve', does: 'serve the tenant documents of the folder `tenants`' },
    { line: 'postern serve --bundle /srv/bundle', does: 'serve a bundle that was built elsewhere' },
  ],
  exits: { 0: 'stopped by SIGTERM or SIGINT, every request answered', 1: 'a second signal cut the stop short' },
  async run({ values }, io) {
    const project = projectAt(values.project ?? '.')
    const log = createServerLog()
    const progress = createProgress(io.stderr, { isTTY: io.stderr.terminal, env: io.env })
    const { serving, settings, digest } = await reportingErrors(async () => {
      const settings = loadSettings(values.settings, io.env, project.root)
      const bundle =
        values.bundle === undefined
          ? (await buildProject(project, io.env, progress)).bundle
          : readBundle<BundleIndex>(values.bundle)
      const tenantFiles = tenantDocuments(project, settings.tenants)
      const serving = await startServing({ bundle, settings, tenantFiles, root: project.root, log, version: version() })
      return { serving, settings, digest: bundle.manifest.policy }
    })
    for (const { address } of serving.listeners) log.started({ address, policy: digest, version: version() })
    if (io.stderr.terminal) io.stderr.write(`tenants: ${serving.tenants.join(', ')}\n`)
    const { listeners, readiness, finish } = serving
    return drainOnSignal({ listeners, readiness, settings, log }, process, finish)
  },
})
