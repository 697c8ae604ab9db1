import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BundleIndex } from '../src/app/build.ts'
import { packageRoot } from '../src/document/package-root.ts'
import { type Bundle, readBundle } from '../src/opa/bundle.ts'
import { type ProjectCopy, repositoryCopy } from './support/project-copy.ts'
import { type Client, clientOf, serving } from './support/serving.ts'

/** A library that lends books: a system of its own kind, with a reason, a message and an obligation of its own. */
const library: Readonly<Record<string, string>> = {
  'config/systems/library/roles.yaml': `roles:
  librarian: { about: keeps the shelves }
  reader: { about: borrows }
`,
  'config/systems/library/plans.yaml': 'plans: none\n',
  'config/systems/library/reasons.yaml': `allows:
  desk_grant: "{role} may {action} at the desk"
refusals:
  relation: [book_is_reserved, reading_room_is_closed]
  precondition: [too_many_pages]
messages:
  book_is_reserved: somebody else has reserved the book
  reading_room_is_closed: the reading room is closed at this hour
  too_many_pages: nobody copies so many pages at once
obligations: [stamp_card]
`,
  'config/systems/library/matrix.yaml': `conditions:
  not_reserved:
    relation: [book_is_reserved]
    allows: desk_grant
    obligations: [stamp_card]
  room_is_open:
    relation: [reading_room_is_closed]
matrix:
  book:
    lend: { librarian: allow, reader: { when: not_reserved } }
    copy: { librarian: allow, reader: allow }
  room:
    enter: { librarian: allow, reader: { when: room_is_open } }
`,
  'config/systems/library/lifecycle.yaml': `checks:
  few_pages: [too_many_pages]
permissions:
  book:copy:
    takes: { pages: positive_integer }
    checks: { precondition: [few_pages] }
  notice:read:
    who: self
`,
  'policies/systems/library/books.rego': `package systems.library

default conditions["not_reserved"] := "book_is_reserved"

conditions["not_reserved"] := "ok" if reserved_by == input.request.subject.id

conditions["not_reserved"] := "ok" if not is_reserved

is_reserved if is_string(reserved_by)

reserved_by := input.entities.book[input.request.resource.id].reserved_by

default conditions["room_is_open"] := "reading_room_is_closed"

conditions["room_is_open"] := "ok" if input.now < input.tenant.settings.closes_at

default checks["few_pages"] := "too_many_pages"

checks["few_pages"] := "ok" if input.request.resource.properties.pages <= 20

obligations["stamp_card"] := [{"type": "stamp_card", "book": input.request.resource.id}]
`,
  'config/systems/library/demo.yaml': `tenant: library_demo
system: library
settings: { closes_at: "2999-01-01T00:00:00.000Z" }
members:
  - { user: lena, role: librarian }
  - { user: rob, role: reader }
  - { user: rita, role: reader }
entities:
  book:
    b1: { reserved_by: rita }
    b2: {}
`,
}

const ask = (subject: string, name: string, id = '-', properties: object = {}, more: object = {}) => ({
  subject: { type: 'user', id: subject },
  action: { name },
  resource: { type: name.split(':')[0], id, properties },
  context: { tenant: 'library_demo' },
  ...more,
})

/** Names, sizes and contents of everything below src. */
const sourcesDigest = () => {
  const folder = join(packageRoot(), 'src')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const texts = files.filter((name) => statSync(join(folder, name)).isFile())
  return createHash('sha256')
    .update(texts.map((name) => `${name}\0${readFileSync(join(folder, name), 'utf8')}`).join('\0'))
    .digest('hex')
}

let copy: ProjectCopy
let bundle: Bundle<BundleIndex>
let sources: string
beforeAll(async () => {
  sources = sourcesDigest()
  copy = repositoryCopy()
  for (const [file, text] of Object.entries(library)) copy.write(file, text)
  await copy.build()
  bundle = readBundle<BundleIndex>(copy.bundle)
}, 120_000)
afterAll(() => copy.remove())

/** Every kind of answer that the new system can give. */
async function answers(client: Client): Promise<void> {
  const reply = async (question: object) => (await client.authorize(question)).body
  expect(await reply(ask('lena', 'book:lend', 'b1'))).toMatchObject({
    decision: true,
    context: { reason: 'role_grant', obligations: [] },
  })
  expect(await reply(ask('rob', 'book:lend', 'b1'))).toMatchObject({
    decision: false,
    context: {
      reason: 'book_is_reserved',
      message: 'somebody else has reserved the book',
      rule: expect.stringMatching(/^config\/systems\/library\/matrix\.yaml:\d+$/),
    },
  })
  const granted = { decision: true, context: { reason: 'desk_grant', message: 'reader may book:lend at the desk' } }
  expect(await reply(ask('rita', 'book:lend', 'b1'))).toMatchObject({
    ...granted,
    context: { ...granted.context, obligations: [{ type: 'stamp_card', book: 'b1' }] },
  })
  expect(await reply(ask('rob', 'book:lend', 'b2'))).toMatchObject(granted)
  expect(await reply(ask('rob', 'book:lend', 'no such book'))).toMatchObject(granted)
  expect(await reply(ask('rob', 'book:copy', '-', { pages: 20 }))).toMatchObject({ decision: true })
  expect(await reply(ask('rob', 'book:copy', '-', { pages: 21 }))).toMatchObject({
    decision: false,
    context: { reason: 'too_many_pages' },
  })
  expect(await reply(ask('rob', 'book:copy'))).toMatchObject({ decision: false, context: { reason: 'missing_field' } })
  expect(await reply(ask('rob', 'notice:read'))).toMatchObject({ decision: true, context: { reason: 'self_service' } })
  expect(await reply(ask('rob', 'book:burn'))).toMatchObject({ decision: false, context: { reason: 'unknown_action' } })
  expect(await reply(ask('nobody', 'book:lend', 'b2'))).toMatchObject({
    decision: false,
    context: { reason: 'not_a_member' },
  })
}

describe('a sixth system', () => {
  it('is there by its folders alone, beside the other five', () => {
    expect(Object.keys(bundle.manifest.index.systems)).toHaveLength(6)
    expect(Object.keys(bundle.manifest.index.systems)).toContain('library')
    // Answers of the others are worked out by the same data as before.
    const before = JSON.parse(readBundle(join(packageRoot(), '.postern/bundle')).data).model
    const { library: added, ...others } = JSON.parse(bundle.data).model
    expect(added.permissions['book:lend']).toBeDefined()
    expect(others).toEqual(before)
  })

  it('keeps its reasons and its obligation to itself', () => {
    const { library: own, ...others } = bundle.manifest.index.systems
    expect(own?.messages.book_is_reserved).toBe('somebody else has reserved the book')
    for (const system of Object.values(others)) expect(system.messages).not.toHaveProperty('book_is_reserved')
    const model = JSON.parse(bundle.data).model
    for (const name of Object.keys(others)) expect(model[name].allow_reasons).not.toHaveProperty('desk_grant')
  })

  it('decides over HTTP, from its own tenant', async () => {
    const tenantFiles = [join(copy.root, 'config/systems/library/demo.yaml')]
    await serving(bundle, answers, { tenantFiles })
  })

  it('may have actions without a colon that nobody holds', async () => {
    await serving(
      bundle,
      async (client) => {
        const question = { ...ask('rob', 'lend', '-'), resource: { type: 'book', id: 'b2' } }
        expect((await client.authorize(question)).body).toMatchObject({
          decision: false,
          context: { reason: 'unknown_action' },
        })
      },
      { tenantFiles: [join(copy.root, 'config/systems/library/demo.yaml')] },
    )
  })

  it('reads entities by what the request names, and nothing else of them', async () => {
    await serving(
      bundle,
      async (client) => {
        const lend = (book: string) => client.authorize(ask('rob', 'book:lend', book))
        expect((await lend('b2')).body.context?.cache).toBe('miss')
        expect((await lend('b2')).body.context?.cache).toBe('hit')
        const entry = bundle.manifest.index.systems.library?.permissions['book:lend']
        expect(entry?.needs).toContain('entities')
        expect(entry?.needs).not.toContain('now')
      },
      { tenantFiles: [join(copy.root, 'config/systems/library/demo.yaml')] },
    )
  })

  it('never has a decision cached that reads the time', async () => {
    await serving(bundle, async (client) => {
      const inline = (closes_at: string) => ({
        ...ask('rob', 'room:enter', '-', {}, { context: {} }),
        tenant: { tenant: 't', system: 'library', settings: { closes_at }, members: [{ user: 'rob', role: 'reader' }] },
      })
      const closing = new Date(Date.now() + 700)
      const question = inline(closing.toISOString())
      for (let turn = 0; turn < 3; turn++)
        expect((await client.authorize(question)).body).toMatchObject({ decision: true, context: { cache: 'bypass' } })
      await new Promise((resolve) => setTimeout(resolve, closing.getTime() - Date.now() + 10))
      expect((await client.authorize(question)).body).toMatchObject({
        decision: false,
        context: { reason: 'reading_room_is_closed', cache: 'bypass' },
      })
      // No time at all is no open room.
      expect((await client.authorize(inline('')))?.body).toMatchObject({ decision: false })
    })
  })

  it('needed nothing under src', () => {
    expect(sourcesDigest()).toBe(sources)
    const words = Object.keys(library).length > 0 ? /\b(?:librarian|book_is_reserved|desk_grant|stamp_card)\b/ : /$^/
    const files = readdirSync(join(packageRoot(), 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    )
    expect(files.filter((name) => words.test(readFileSync(join(packageRoot(), 'src', name), 'utf8')))).toEqual([])
  })
})

const main = join(packageRoot(), 'dist/src/main.js')

describe.skipIf(!existsSync(main))('postern serve, as a process', () => {
  let child: ChildProcess | undefined
  afterAll(() => {
    child?.kill('SIGKILL')
  })

  it('serves the sixth system from its folder', { timeout: 60_000 }, async () => {
    const port = await freePort()
    const env = { ...process.env, POSTERN_LISTEN_DECISION: `127.0.0.1:${port}` }
    child = spawn(process.execPath, [main, 'serve', '--project', copy.root, '--bundle', copy.bundle], {
      env,
      stdio: 'ignore',
    })
    const client = clientOf(port)
    try {
      await expect
        .poll(
          () =>
            client.get('/readyz').then(
              ({ status }) => status,
              () => 0,
            ),
          { timeout: 20_000 },
        )
        .toBe(200)
      await answers(client)
    } finally {
      client.close()
    }
  })

  it('evaluates it on the command line', () => {
    const args = [main, 'eval', '--project', copy.root, '--request', '-', '--json']
    // Up to date: nothing is built, and no compiler is asked for.
    const text = execFileSync(process.execPath, args, {
      input: JSON.stringify(ask('rita', 'book:lend', 'b1')),
      encoding: 'utf8',
    })
    expect(JSON.parse(text)).toMatchObject({
      decision: true,
      reason: 'desk_grant',
      facts: { 'entities.book.b1.reserved_by': 'rita' },
    })
  })
})

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
