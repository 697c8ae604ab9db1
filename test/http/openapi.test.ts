import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tenantDocuments } from '../../src/app/project.ts'
import { readExamples } from '../../src/http/openapi/examples.ts'
import { requestSchema } from '../../src/http/request-schema.ts'
import { decisionRequest } from '../../src/http/request-shape.ts'
import { callerStatuses, decisionRoutes } from '../../src/http/routes.ts'
import { errorTable, type PosternError } from '../../src/pdp/errors.ts'
import { builtBundle, project } from '../support/policy.ts'
import { serving } from '../support/serving.ts'
import { apiOver, question } from './fixture.ts'

interface Described {
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, { examples?: object }>> }>>
}
interface Document {
  readonly info: { readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

const { app } = apiOver()
const document = (await (await app.request('/openapi.json')).json()) as Document
const examples = readExamples()
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, described]) => ({ path, method: method.toUpperCase(), described })),
)

describe('the OpenAPI document', () => {
  it('has the paths, methods and statuses that are routed, and no others', () => {
    const routeOf = (path: string) =>
      decisionRoutes.find((route) =>
        new RegExp(`^${route.path.replace(/{(?:path|api)}/, '.+')}$`).test(path.replace('/t/{tenant}', '')),
      )
    const described: Record<string, { methods: string[]; statuses: number[] }> = {}
    for (const {
      path,
      method,
      described: { responses },
    } of operations) {
      const name = routeOf(path)?.path ?? path
      const at = described[name] ?? { methods: [], statuses: [] }
      described[name] = at
      at.methods.push(method)
      at.statuses.push(...Object.keys(responses).map(Number))
    }
    const inOrder = ({ methods, statuses }: { methods: readonly string[]; statuses: readonly number[] }) => ({
      methods: [...new Set(methods)].sort(),
      statuses: [...new Set(statuses)].sort(),
    })
    expect(Object.fromEntries(Object.entries(described).map(([path, at]) => [path, inOrder(at)]))).toEqual(
      Object.fromEntries(
        decisionRoutes.map((route) => {
          const ofCallers = 'scope' in route ? callerStatuses : []
          return [route.path, inOrder({ ...route, statuses: [...route.statuses, ...ofCallers] })]
        }),
      ),
    )
  })

  it('shows every code of the error table under the status that it has, as it is answered', () => {
    const shown = operations.flatMap(({ described }) =>
      Object.entries(described.responses).flatMap(([status, { content }]) =>
        Object.entries(content?.['application/json']?.examples ?? {}).map(([code, { value }]) => ({
          code,
          status,
          value,
        })),
      ),
    )
    // Of no path, so they stand in the introduction.
    const ofNoPath = ['not_found', 'method_not_allowed', 'request_timeout', 'headers_too_large']
    for (const code of ofNoPath) expect(document.info.description).toContain(code)
    // Of the management API, which is none of this document.
    const ofManagement = [
      'missing_attribute',
      'invitation_needed',
      'user_exists',
      'idempotency_conflict',
      'unknown_member',
      'unknown_session',
      'session_exists',
      'unknown_message',
      'unknown_token',
      'token_exists',
    ]
    const rows = Object.entries(errorTable)
      .filter(([code]) => ![...ofNoPath, ...ofManagement].includes(code))
      .map(([code, { status, message, remedy }]) => {
        return { code, status: String(status), value: { error: { code, message, remedy, request_id: 'r-1' } } }
      })
    const seen = new Set(shown.map((one) => JSON.stringify(one)))
    expect(rows.filter((row) => !seen.has(JSON.stringify(row)))).toEqual([])
  })

  it('has examples that the demo gives word for word, names of the moment aside', async () => {
    const given: Record<string, unknown> = {}
    await serving(
      builtBundle(),
      async ({ port }) => {
        for (const [path, { request }] of Object.entries(examples)) {
          const body = JSON.stringify(request)
          const headers = { 'Content-Type': 'application/json' }
          const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body })
          given[path] = await answer.json()
        }
      },
      { tenantFiles: tenantDocuments(project, null) },
    )
    const steady = (value: unknown) =>
      JSON.parse(JSON.stringify(value), (name, inner) =>
        ['decision_id', 'policy', 'cache'].includes(name) ? typeof inner : inner,
      )
    const shown = Object.entries(examples).map(([path, { answer }]) => [path, answer])
    expect(steady(given)).toEqual(steady(Object.fromEntries(shown)))
  })

  it('has examples that fit its own schemas', () => {
    const ajv = new Ajv2020({ strict: false }).addSchema({ $id: 'document', ...document })
    const wrong = operations.flatMap(({ path, method, described }) =>
      Object.entries(described.responses).flatMap(([status, { content = {} }]) =>
        Object.entries(content).flatMap(([type, { examples = {} }]) => {
          const steps = ['paths', path, method.toLowerCase(), 'responses', status, 'content', type, 'schema']
          const pointer = steps.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')))
          const validate = ajv.getSchema(`document#/${pointer.join('/')}`)
          return Object.entries(examples).flatMap(([name, { value }]) =>
            validate?.(value) === true ? [] : [`${method} ${path} ${status} ${name}`],
          )
        }),
      ),
    )
    expect(wrong).toEqual([])
  })

  it('passes the linter, warnings included', () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-openapi-'))
    try {
      const file = join(folder, 'openapi.json')
      writeFileSync(file, JSON.stringify(document))
      const cli = join(project.root, 'node_modules/@redocly/cli/bin/cli.js')
      const config = join(import.meta.dirname, 'openapi-redocly.yaml')
      // Neither of the two may reach for the network.
      const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
      const args = [cli, 'lint', '--format=json', `--config=${config}`, file]
      const { stdout } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
      const { problems } = JSON.parse(stdout) as { problems: { ruleId: string; location: { pointer: string }[] }[] }
      expect(problems.map(({ ruleId, location }) => `${ruleId} ${location[0]?.pointer}`)).toEqual([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('the schema of a question', () => {
  it('says of every value what the check of requests says', () => {
    const accepts = new Ajv2020().compile(requestSchema)
    const odd = fc.oneof(fc.constantFrom<unknown>('', 'a', 0, null, true, [], {}, { type: '' }), fc.jsonValue())
    const mostly = <T>(likely: T) =>
      fc.oneof({ weight: 8, arbitrary: fc.constant<unknown>(likely) }, { weight: 1, arbitrary: odd })
    const entity = (likely: object) =>
      fc.oneof(
        {
          weight: 8,
          arbitrary: fc.record(
            Object.fromEntries(
              Object.entries({ ...likely, properties: {} }).map(([name, value]) => [name, mostly(value)]),
            ),
            { requiredKeys: Object.keys(likely).slice(0, -1) },
          ),
        },
        { weight: 1, arbitrary: odd },
      )
    const { subject, action, resource } = question
    const body = fc.record(
      {
        subject: entity({ ...subject, z: 0 }),
        action: entity({ ...action, z: 0 }),
        resource: entity({ ...resource, z: 0 }),
        context: mostly({}),
        tenant: mostly({}),
        z: odd,
      },
      { requiredKeys: ['subject', 'action'] },
    )
    const seen = { accepted: 0, refused: 0 }
    fc.assert(
      fc.property(fc.oneof({ weight: 20, arbitrary: body }, { weight: 1, arbitrary: odd }), (sent) => {
        const value = JSON.parse(JSON.stringify(sent))
        let refused: unknown
        try {
          decisionRequest(value)
        } catch (error) {
          refused = error
        }
        seen[refused === undefined ? 'accepted' : 'refused']++
        expect(refused === undefined).toBe(accepts(value))
        if (refused !== undefined) expect((refused as PosternError).code).toBe('malformed_request')
      }),
      { numRuns: 5_000, seed: 1 },
    )
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(500)
  })

  it.each([
    [[], '', 'the body must be an object'],
    [{}, '/subject', '`subject` must be an object'],
    [{ ...question, subject: { type: '', id: 'x' } }, '/subject/type', '`subject.type` must be a non-empty string'],
    [{ ...question, resource: { type: 'a', id: 1 } }, '/resource/id', '`resource.id` must be a string'],
    [
      { ...question, action: { name: 'a', properties: [] } },
      '/action/properties',
      '`action.properties` must be an object',
    ],
    [{ ...question, context: null }, '/context', '`context` must be an object'],
  ])('names the first fault of %j', (body, pointer, message) => {
    const refused = (() => {
      try {
        return decisionRequest(body)
      } catch (error) {
        return error
      }
    })()
    expect(refused).toMatchObject({ code: 'malformed_request', pointer, message })
  })
})

describe('GET /docs', () => {
  it('is a page that runs nothing, loads nothing and keeps its own style', async () => {
    const answer = await app.request('/docs')
    const html = await answer.text()
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    )
    expect(html).not.toMatch(/<script|<link|<img|\son[a-z]+=|\sstyle=|(?:src|href)="(?!#|openapi\.json")/i)
  })

  it('shows every operation, answer and schema, and links to them', async () => {
    const html = await (await app.request('/docs')).text()
    for (const { path, method } of operations)
      if (method !== 'HEAD') expect(html).toContain(`<h3><code>${method} ${path}</code></h3>`)
    const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
    const links = [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
    expect(links.filter((link) => !ids.has(link))).toEqual([])
    expect(ids.size).toBe(
      operations.filter(({ method }) => method !== 'HEAD').length + Object.keys(document.components.schemas).length,
    )
  })
})
