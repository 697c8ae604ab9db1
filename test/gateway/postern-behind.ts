import { tenantDocuments } from '../../src/app/project.ts'
import { serve } from '../../src/app/serve.ts'
import { loadSettings } from '../../src/document/settings.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import { builtBundle, project } from '../support/policy.ts'

/** A Postern that a gateway asks. */
export interface PosternBehind {
  /** Of the listener for gateways. */
  readonly port: number
  /** Answers that the decision API has given, the metrics themselves left out. */
  decisionAnswers(): Promise<number>
  /** Requests that the policy has allowed so far. */
  allows(): Promise<number>
  stop(): void
}

/** Serves this project with one listener for gateways, which `variables` name, and the routes of the project at `root`. */
export async function posternBehind(
  variables: Readonly<Record<string, string>>,
  root = project.root,
): Promise<PosternBehind> {
  const { listeners } = await serve({
    bundle: builtBundle(),
    source: 'test',
    settings: loadSettings(undefined, { POSTERN_LISTEN_DECISION: '127.0.0.1:0', ...variables }, project.root),
    tenantFiles: tenantDocuments(project, null),
    root,
    log: createServerLog({ sink: () => {} }),
    version: 'test',
  })
  const [decision, gateway] = listeners.map(({ address }) => Number(new URL(address).port)) as [number, number]
  return {
    port: gateway,
    async decisionAnswers() {
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
    stop() {
      for (const listener of listeners) listener.destroy()
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
