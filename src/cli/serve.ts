import type { BundleIndex } from '../app/build.ts'
import { keepOrTell } from '../app/bundle-store.ts'
import { drainOnSignal } from '../app/drain.ts'
import type { Delivery } from '../app/policy-source.ts'
import { projectAt, tenantDocuments } from '../app/project.ts'
import { rollOut } from '../app/rollout.ts'
import { serve as startServing } from '../app/serve.ts'
import { startingPolicy } from '../app/starting-policy.ts'
import { loadSettings, type Settings } from '../document/settings.ts'
import { createServerLog } from '../log/server-log.ts'
import { readBundle } from '../opa/bundle.ts'
import { CommandError, defineCommand } from './command.ts'
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
    const { serving, settings, start } = await reportingErrors(async () => {
      const settings = loadSettings(values.settings, io.env, project.root)
      const start =
        values.bundle === undefined
          ? await startingPolicy({ project, settings, env: io.env, progress, log })
          : fixedPolicy(values.bundle, settings)
      const { bundle, from } = start
      const tenantFiles = settings.directory === null ? tenantDocuments(project, settings.tenants) : []
      const parts = { bundle, source: from, settings, tenantFiles, root: project.root, log, version: version() }
      return { serving: await startServing(parts), settings, start }
    })
    const { listeners, readiness, activation, tenants, finish } = serving
    const { policy } = start.bundle.manifest
    for (const { address } of listeners) log.started({ address, policy, version: version() })
    if (io.stderr.terminal) io.stderr.write(`tenants: ${tenants.join(', ')}\n`)
    const stopping = new AbortController()
    if ('source' in start) {
      const { source, store, tag } = start
      const keep = (delivery: Delivery) => keepOrTell(delivery, store, log)
      void rollOut({ source, activation, keep, tag, signal: stopping.signal })
    }
    return drainOnSignal({ listeners, readiness, settings, log }, process, () => {
      stopping.abort()
      return finish()
    })
  },
})

/** A bundle that is served as it is for as long as the process runs. */
function fixedPolicy(folder: string, { bundle: { url, max_stale_seconds } }: Settings) {
  if (url !== null) throw new CommandError('`--bundle` and `bundle.url` are both given', 'leave one of them out')
  if (max_stale_seconds > 0)
    throw new CommandError('`--bundle` has no source that could confirm it', 'set `bundle.max_stale_seconds` to 0')
  return { bundle: readBundle<BundleIndex>(folder), from: folder }
}
