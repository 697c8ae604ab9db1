import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type Serving, serve } from '../../src/app/serve.ts'
import { defaultSettings } from '../../src/document/settings.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import { compareObligations } from '../../src/review/check-obligations.ts'
import { type Obligation, systems } from '../reference/evaluate.ts'
import { decisionFile, decisionRows, toWire } from '../reference/rows.ts'
import { builtBundle, project } from '../support/policy.ts'

interface Answer {
  readonly decision: boolean
  readonly context: {
    readonly reason: string
    readonly message: string
    readonly rule: string
    readonly obligations: readonly Obligation[]
    readonly decision_id: string
    readonly policy: string
    readonly cache: string
  }
}

const bundle = builtBundle()
let serving: Serving
let url: string

beforeAll(async () => {
  serving = await serve({
    bundle,
    source: 'test',
    // The cache keeps one decision, so that whether a row is remembered depends on the request before it alone.
    settings: {
      ...defaultSettings,
      listen: { decision: '127.0.0.1:0', gateway: null, gateway_grpc: null, management: null },
      cache: { ...defaultSettings.cache, entries: 1 },
    },
    tenantFiles: [],
    root: project.root,
    log: createServerLog({ sink: () => {}, terminal: false, debug: false }),
    version: '0.0.0',
  })
  url = `${serving.listeners[0]?.address}/authorize`
})

afterAll(async () => {
  for (const listener of serving.listeners) {
    listener.stop()
    listener.destroy()
    await listener.closed
  }
})

async function ask(question: unknown): Promise<Answer> {
  const headers = { 'Content-Type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(question) })
  const answer = (await response.json()) as Answer & { readonly error?: unknown }
  expect({ status: response.status, error: answer.error }).toEqual({ status: 200, error: undefined })
  return answer
}

const somethingElse = {
  subject: { type: 'user', id: 'nobody' },
  action: { name: 'nothing:at_all' },
  resource: { type: 'nothing', id: '-' },
  tenant: { tenant: 'elsewhere', system: systems[0] },
}

describe.each(systems)('%s over HTTP', (system) => {
  const written = parse(readFileSync(decisionFile(system), 'utf8')).rows as {
    readonly id: string
    readonly title: string
  }[]
  const rows = decisionRows(system).map((row, index) => [`${row.id}: ${written[index]?.title}`, row] as const)

  it.each(rows)('%s', async (_, row) => {
    await ask(somethingElse)
    const first = await ask(toWire(row))
    const again = await ask(toWire(row))

    const { decision, context } = first
    expect({ decision, reason: context.reason }).toEqual({ decision: row.expect === 'allow', reason: row.reason })
    expect(compareObligations(context.obligations, row.obligations)).toEqual({ missing: [], unexpected: [] })
    expect(context.message).toMatch(/^[^{}]+$/)
    expect(isPlace(context.rule), context.rule).toBe(true)
    expect(context.policy).toBe(bundle.manifest.policy)

    const { decision_id: id, cache, ...kept } = context
    const { decision_id: otherId, cache: cacheAgain, ...keptAgain } = again.context
    expect([cache, cacheAgain]).toEqual(['miss', 'hit'])
    expect({ decision: again.decision, ...keptAgain }).toEqual({ decision, ...kept })
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(otherId).not.toBe(id)
  })
})

const lines = new Map<string, number>()

/** Whether it is `file:line` of a line that exists and is not empty. */
function isPlace(rule: string): boolean {
  const match = /^((?:config|policies)\/[\w/.-]+):([1-9]\d*)$/.exec(rule)
  const file = match?.[1]
  if (file === undefined || !existsSync(join(project.root, file))) return false
  const count = lines.get(file) ?? readFileSync(join(project.root, file), 'utf8').trimEnd().split('\n').length
  lines.set(file, count)
  return Number(match?.[2]) <= count
}
