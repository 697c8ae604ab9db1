import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tenantDocuments } from '../../src/app/project.ts'
import { serve } from '../../src/app/serve.ts'
import { commands } from '../../src/cli/commands.ts'
import { loadSettings } from '../../src/document/settings.ts'
import type { Listener } from '../../src/http/listener.ts'
import { decisionRoutes } from '../../src/http/routes.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import { errorTable } from '../../src/pdp/errors.ts'
import { builtBundle, project } from '../support/policy.ts'
import { runEval } from '../support/run-eval.ts'

const readme = readFileSync(join(project.root, 'README.md'), 'utf8')

let listener: Listener
beforeAll(async () => {
  const settings = loadSettings(undefined, { POSTERN_LISTEN_DECISION: '127.0.0.1:0' }, project.root)
  const { listeners } = await serve({
    bundle: builtBundle(),
    source: 'test',
    settings,
    tenantFiles: tenantDocuments(project, null),
    root: project.root,
    log: createServerLog({ sink: () => {} }),
    version: 'test',
  })
  listener = listeners[0] as Listener
})
afterAll(() => listener.destroy())

describe('README', () => {
  it('shows a request and the answer that the demo gives to it', async () => {
    const body = /-d '(\{[\s\S]*?\})'/.exec(readme)?.[1] ?? ''
    const shown = JSON.parse(/```json\n([\s\S]*?)```/.exec(readme)?.[1] ?? '')
    const response = await fetch(`${listener.address}/authorize`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    const given = (await response.json()) as { decision: boolean; context: Record<string, unknown> }
    expect(Object.keys(given.context)).toEqual(Object.keys(shown.context))
    for (const member of ['decision_id', 'policy']) shown.context[member] = given.context[member]
    expect(given).toEqual(shown)
  })

  it('shows the very line of policy that its diff changes', () => {
    const rule = /"rule": "([^":]+):(\d+)"/.exec(readme)
    const line = readFileSync(join(project.root, rule?.[1] ?? ''), 'utf8').split('\n')[Number(rule?.[2]) - 1]
    expect(`-${line?.slice(0)}`).toBe(/^-\s.*$/m.exec(readme.slice(readme.indexOf('```diff')))?.[0])
  })

  it('shows what would turn that answer, as `eval --explain` prints it', async () => {
    const body = /-d '(\{[\s\S]*?\})'/.exec(readme)?.[1] ?? ''
    const text = await runEval(body, '--explain')
    const shown = /<!-- explain -->\n```\n([\s\S]*?)```\n<!-- \/explain -->/.exec(readme)?.[1]
    expect(text.slice(text.indexOf('it would be'))).toBe(shown)
  })

  it('shows the members of the status that the server tells', async () => {
    const shown = /<!-- status -->\n```json\n([\s\S]*?)```\n<!-- \/status -->/.exec(readme)?.[1] ?? ''
    const told = (await (await fetch(`${listener.address}/v1/status`)).json()) as object
    expect(Object.keys(told)).toEqual(Object.keys(JSON.parse(shown)))
  })

  it('lists every error code with its status, message and remedy', () => {
    const rows = Object.entries(errorTable).map(
      ([code, { status, message, remedy }]) => `| \`${code}\` | ${status} | ${message} | ${remedy} |`,
    )
    const listed = /<!-- errors -->\n([\s\S]*?)\n<!-- \/errors -->/.exec(readme)?.[1]?.split('\n')
    expect(listed).toEqual(rows)
  })

  it('lists every command with its summary', () => {
    for (const { name, summary } of commands) expect(readme).toMatch(new RegExp(`^postern ${name}\\s+${summary}$`, 'm'))
  })

  it('names every path that the server answers', () => {
    for (const { path } of decisionRoutes) expect(readme).toContain(path)
  })

  it('shows lines of the configuration of nginx', () => {
    const shown = /```nginx\n([\s\S]*?)```/.exec(readme)?.[1] ?? 'nothing'
    expect(readFileSync(join(project.root, 'config/gateways/nginx/nginx.conf'), 'utf8')).toContain(shown)
  })

  it('shows lines of the configuration of APISIX', () => {
    const shown = /<!-- apisix -->\n```yaml\n([\s\S]*?)```\n<!-- \/apisix -->/.exec(readme)?.[1] ?? 'nothing'
    expect(readFileSync(join(project.root, 'config/gateways/apisix/apisix.yaml'), 'utf8')).toContain(shown)
  })

  it('links to files that exist, at most eight of them to follow one request', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => link as string)
    for (const link of links) expect(existsSync(join(project.root, link)), link).toBe(true)
    const followed = /## Follow one request\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? ''
    expect([...followed.matchAll(/\]\(/g)].length).toBeLessThanOrEqual(8)
  })
})
