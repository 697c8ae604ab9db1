import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { allow, answerOf, apiOver } from '../http/fixture.ts'

const { app } = apiOver(() => answerOf(allow))
const document = (await (await app.request('/openapi.json')).json()) as {
  paths: Record<string, { post: { requestBody: { content: { 'application/json': { schema: object } } } } }>
}

const anything = fc.oneof(
  fc.constantFrom(undefined, null, true, 0, 3, 1.5, -1, '', 'x', 'execute_all', 'permit_on_first_permit'),
  fc.constantFrom(
    [],
    [{}],
    ['x'],
    {},
    { type: 'user' },
    { type: '', id: 'a' },
    { type: 'user', id: 'a', properties: 3 },
  ),
  fc.constantFrom({ name: 'a' }, { name: '' }, { limit: 2 }, { limit: -1 }, { limit: 1.5 }, { token: 3 }),
  fc.constantFrom({ evaluations_semantic: 'execute_all' }, { evaluations_semantic: 'some' }),
)

/** A sound body with some of its members replaced; one that is undefined is left out. */
const bodies = (sound: Readonly<Record<string, unknown>>) =>
  fc
    .record(
      Object.fromEntries(Object.keys(sound).map((name) => [name, fc.option(anything, { freq: 2, nil: 'sound' })])),
    )
    .map((given) =>
      Object.fromEntries(
        Object.entries(given)
          .map(([name, value]) => [name, value === 'sound' ? sound[name] : value] as const)
          .filter(([, value]) => value !== undefined),
      ),
    )

const entities = {
  subject: { type: 'user', id: 'ann' },
  action: { name: 'door:open' },
  resource: { type: 'door', id: '-' },
  context: {},
}

it.each([
  ['evaluation', entities],
  ['evaluations', { ...entities, evaluations: [{}], options: {} }],
  ['search/subject', { ...entities, page: {} }],
  ['search/resource', { ...entities, page: {} }],
  ['search/action', { subject: entities.subject, resource: entities.resource, context: {}, page: {} }],
])('a body of %s is taken if and only if the schema of /openapi.json takes it', async (api, sound) => {
  const path = `/access/v1/${api}`
  const described = document.paths[path]?.post.requestBody.content['application/json'].schema
  const accepts = new Ajv2020({ strict: false }).addSchema({ $id: 'document', ...document }).compile(described ?? false)
  const seen = { taken: 0, refused: 0 }
  await fc.assert(
    fc.asyncProperty(bodies(sound), async (body) => {
      // Without items the body itself is the question, which no schema of a batch says.
      fc.pre(
        api !== 'evaluations' ||
          (Array.isArray(body.evaluations) ? body.evaluations.length > 0 : body.evaluations !== undefined),
      )
      const headers = { 'content-type': 'application/json' }
      const answer = await app.request(path, { method: 'POST', headers, body: JSON.stringify(body) })
      expect([answer.status === 400, JSON.stringify(body)]).toEqual([!accepts(body), JSON.stringify(body)])
      seen[answer.status === 400 ? 'refused' : 'taken'] += 1
    }),
    { numRuns: 2_000, seed: 5 },
  )
  expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(50)
})
