import { join } from 'node:path'
import type { BundleIndex } from '../app/build.ts'
import { buildApart } from '../app/build-apart.ts'
import { drainOnSignal } from '../app/drain.ts'
import { folderSource, stateOf } from '../app/folder-source.ts'
import type { PolicySource } from '../app/policy-source.ts'
import { buildProject, type Project, projectAt, tenantDocuments } from '../app/project.ts'
import { rollOut } from '../app/rollout.ts'
import { serve as startServing } from '../app/serve.ts'
import { loadSettings, type Settings } from '../document/settings.ts'
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
    const { serving, settings, digest, rollout } = await reportingErrors(async () => {
      const settings = loadSettings(values.settings, io.env, project.root)
      // Taken before the build: what changes during it is seen afterwards.
      const tag = stateOf(project.root)
      const bundle =
        values.bundle === undefined
          ? (await buildProject(project, io.env, progress)).bundle
          : readBundle<BundleIndex>(values.bundle)
      const tenantFiles = tenantDocuments(project, settings.tenants)
      const serving = await startServing({
        bundle,
        source: values.bundle ?? project.root,
        settings,
        tenantFiles,
        root: project.root,
        log,
        version: version(),
      })
      const source = values.bundle === undefined ? projectSource(project, settings) : undefined
      return { serving, settings, digest: bundle.manifest.policy, rollout: source && { source, tag } }
    })
    for (const { address } of serving.listeners) log.started({ address, policy: digest, version: version() })
    if (io.stderr.terminal) io.stderr.write(`tenants: ${serving.tenants.join(', ')}\n`)
    const stopping = new AbortController()
    if (rollout !== undefined) void rollOut({ ...rollout, activation: serving.activation, signal: stopping.signal })
    const { listeners, readiness } = serving
    return drainOnSignal({ listeners, readiness, settings, log }, process, async () => stopping.abort())
  },
})

function projectSource(project: Project, settings: Settings): PolicySource {
  const output = join(project.cache, 'next')
  const rows = settings.bundle.decision_rows === 'required'
  return folderSource({ root: project.root, build: () => buildApart({ project, output, rows }) })
}
