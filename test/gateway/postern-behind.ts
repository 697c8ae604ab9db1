import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importTenants } from '../../src/app/import-tenants.ts'
import { tenantDocuments } from '../../src/app/project.ts'
import { serve } from '../../src/app/serve.ts'
import { loadSettings } from '../../src/document/settings.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import { builtBundle, project } from '../support/policy.ts'

/** A Postern that a gateway asks. */
export interface PosternBehind {
  /** Of the listener for gateways. */
  readonly port: number
  /** Answers that the decision and the management API have given, the metrics themselves left out. */
  otherAnswers(): Promise<number>
  /** Requests that the policy has allowed so far. */
  allows(): Promise<number>
  stop(): Promise<void>
}

/**
 * Serves this project from a directory with one listener for gateways, which `variables` name, the routes of the project
 * at `root`, and a management API that believes whoever reaches it.
 */
export async function posternBehind(
  variables: Readonly<Record<string, string>>,
  root = project.root,
): Promise<PosternBehind> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-behind-'))
  const env = {
    POSTERN_LISTEN_DECISION: '127.0.0.1:0',
    POSTERN_LISTEN_MANAGEMENT: '127.0.0.1:0',
    POSTERN_DIRECTORY: join(folder, 'postern.db'),
    ...variables,
  }
  await importTenants({
    bundle: builtBundle(),
    directory: env.POSTERN_DIRECTORY,
    files: tenantDocuments(project, null),
    root: project.root,
  })
  const { listeners, finish } = await serve({
    bundle: builtBundle(),
    source: 'test',
    settings: loadSettings(undefined, env, project.root),
    tenantFiles: [],
    root,
    log: createServerLog({ sink: () => {} }),
    version: 'test',
  })
  const [decision, gateway] = listeners.map(({ address }) => Number(new URL(address).port)) as [number, number]
  return {
    port: gateway,
    async otherAnswers() {
      const answers = await counted(decision, 'http_requests_total')
      return (
        answers
          .filter(({ labels }) => !/path="(?:gateway|\/metrics)"/.test(labels))
          // What a listener refuses before any API sees it, such as a target of 16 KiB, is counted for all of them.
          .filter(({ labels }) => !/path="other".*code="(?:400|408|431)"/.test(labels))
          .reduce((sum, { count }) => sum + count, 0)
      )
    },
    async allows() {
      const decisions = await counted(decision, 'authz_decisions_total')
      return decisions
        .filter(({ labels }) => labels.includes('effect="allow"') && labels.includes('dialect="gateway"'))
        .reduce((sum, { count }) => sum + count, 0)
    },
    async stop() {
      for (const listener of listeners) listener.destroy()
      await finish()
      rmSync(folder, { recursive: true })
    },
  }
}

/** The series of a counter, as the decision API on that port shows it. */
async function counted(port: number, metric: string): Promise<readonly { labels: string; count: number }[]> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const series = [...text.matchAll(new RegExp(`^${metric}\\{([^}]*)\\} (\\d+)$`, 'gm'))]
  if (series.length === 0) throw new Error(`there is no metric \`${metric}\``)
  return series.map(([, labels = '', count]) => ({ labels, count: Number(count) }))
}
