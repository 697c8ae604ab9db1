import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { serve } from '../../src/app/serve.ts'
import { openDirectory } from '../../src/directory/directory.ts'
import { tenantWarnings } from '../../src/directory/tenant-warnings.ts'
import { defaultSettings, loadSettings } from '../../src/document/settings.ts'
import { createServerLog } from '../../src/log/server-log.ts'
import { upon } from '../support/directory-command.ts'
import { builtBundle, project } from '../support/policy.ts'
import { directoryFile } from '../support/stored-tenants.ts'

const demos = ['filerobot', 'filestack', 'fivemanage', 'imagekit', 'quantcdn'].map(
  (system) => `config/systems/${system}/demo.yaml`,
)
const demo = (file: string) => parse(readFileSync(join(project.root, file), 'utf8'))

const tenant = (file: string, ...argv: string[]) => upon(file, 'tenant', ...argv)

function fileOf(document: unknown): string {
  const file = join(dirname(directoryFile()), 'acme.json')
  writeFileSync(file, JSON.stringify(document))
  return file
}

it('what is imported is listed and exported as it was', async () => {
  const file = directoryFile()
  const imported = await tenant(file, 'import', ...demos.map((name) => join(project.root, name)))
  expect(imported).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^(imported `acme-\w+`: \d+ members\n){5}revision v1\.[0-9a-f-]{36}\.5\n$/),
    stderr: '',
  })
  expect((await tenant(file, 'list')).stdout).toMatch(/^(acme-(\w+)\t\2\t[-\w]+\t\d+\n){5}$/)
  for (const [index, name] of demos.entries()) {
    const { stdout } = await tenant(file, 'export', demo(name).tenant)
    expect(JSON.parse(stdout)).toEqual({ ...demo(name), revision: index + 1 })
  }
})

it('a wrong document is refused by its place, all that is wrong at once, and nothing is written', async () => {
  const file = directoryFile()
  const wrong = fileOf({
    tenant: 'acme',
    system: 'filestack',
    members: [{ user: 'ann' }, { user: 'ann' }, { user: 'bob' }],
  })
  const { code, stderr } = await tenant(file, 'import', join(project.root, demos[0] as string), wrong)
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/1 problem\n.*acme\.json: \/members\/1\/user: a second record of `ann`\n$/),
  ])

  const typed = fileOf({ tenant: 'acme', system: 'filestack', members: [{ user: 7 }], plan: null })
  expect((await tenant(file, 'import', typed)).stderr).toMatch(/2 problems\n.*\/plan: .*\n.*\/members\/0\/user: /)

  const unstorable = fileOf({
    tenant: 'acme',
    system: 'filestack',
    members: [{ user: 'a\0' }, { user: 'b', role: '\ud800' }],
  })
  expect((await tenant(file, 'import', unstorable)).stderr).toBe(`postern: 2 problems
tenant \`acme\`: /members/0/user: a text with U+0000 or a lone surrogate cannot be stored
tenant \`acme\`: /members/1/role: a text with U+0000 or a lone surrogate cannot be stored
`)
  expect(await tenant(file, 'list')).toEqual({
    code: 2,
    stdout: '',
    stderr: `postern: there is no directory at \`${file}\`\n\`postern tenant import\` makes it\n`,
  })
})

it('what is odd is stored, and told', async () => {
  const file = directoryFile()
  const odd = {
    tenant: 'acme',
    system: 'filestack',
    plan: 'free',
    extra: 1,
    settings: { colour: 'red' },
    members: [
      { user: 'ann', role: 'account_owner', nick: 'a' },
      { user: 'bob', role: 'ghost', nick: 'b' },
      { user: 'cat', role: 'ghost' },
      { user: 'dan', role: 'constructor', status: 'pending' },
      { user: 'eve', role: 'billing', status: 'inactive' },
    ],
  }
  const { code, stderr } = await tenant(file, 'import', fileOf(odd))
  expect([code, stderr.split('\n')]).toEqual([
    0,
    [
      'warning: `acme` /extra: no key of a tenant document; not stored',
      'warning: `acme` /settings/colour: no listed setting; kept as it is',
      'warning: `acme` /members/0/nick: no listed key (2 members); kept as it is',
      'warning: `acme` /members/1/role: the system has no role `ghost` (2 members)',
      'warning: `acme` /members/3/role: the system has no role `constructor`',
      'warning: `acme` /members: 4 seats are taken, and there are 3',
      '',
    ],
  ])
  const { extra: _, ...kept } = odd
  expect(JSON.parse((await tenant(file, 'export', 'acme')).stdout)).toEqual({ ...kept, revision: 1 })
})

it('a custom level is a role, and an override of the seats counts', () => {
  const document = {
    tenant: 't',
    system: 'x',
    plan: 'p',
    settings: { seat_limit_override: 1 },
    custom_levels: [{ id: 'press' }],
    members: [{ user: 'a', role: 'press' }],
  }
  const system = { roles: {}, plans: new Map([['p', { seats: null, place: '' }]]) }
  expect(tenantWarnings(document, system)).toEqual([])
  const more = { ...document, members: [...document.members, { user: 'b' }] }
  expect(tenantWarnings(more, system)).toEqual([{ pointer: '/members', message: '2 seats are taken, and there are 1' }])
})

it('while a server owns the directory, the command line is refused in one line', async () => {
  const file = directoryFile()
  const owner = await openDirectory(file)
  expect(await tenant(file, 'import', join(project.root, demos[0] as string))).toEqual({
    code: 2,
    stdout: '',
    stderr: `postern: \`${file}\` is in use by another process; stop that one first\n`,
  })
  await owner.close()
})

it('a directory is served instead of documents, and released at the end', async () => {
  const file = directoryFile()
  await tenant(file, 'import', join(project.root, demos[1] as string))
  const lines: string[] = []
  const settings = {
    ...defaultSettings,
    directory: file,
    listen: { ...defaultSettings.listen, decision: '127.0.0.1:0' as never },
  }
  const log = createServerLog({ sink: (line: string) => void lines.push(line), terminal: false, debug: false })
  const served = {
    bundle: builtBundle(),
    source: 'test',
    settings: settings as never,
    tenantFiles: [],
    root: project.root,
    log,
    version: '0',
  }
  const { listeners, tenants, finish } = await serve(served)
  const answer = await fetch(`${listeners[0]?.address}/authorize`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      subject: { type: 'user', id: 'bill' },
      action: { name: 'member:list' },
      resource: { type: 'member', id: '-' },
      context: { tenant: 'acme-filestack' },
    }),
  })
  const { decision, context } = (await answer.json()) as { decision: boolean; context: Record<string, unknown> }
  for (const listener of listeners) {
    listener.stop()
    listener.destroy()
    await listener.closed
  }
  await finish()
  const alarming = lines.filter((line) => JSON.parse(line).level !== 'info')
  expect([tenants, decision, context.reason, alarming]).toEqual([['acme-filestack'], false, 'no_permission', []])
  expect(context.revision).toMatch(/^v1\.[0-9a-f-]{36}\.1$/)
  expect((await tenant(file, 'list')).code).toBe(0)
})

it('tenants come from documents or from a directory, not from both', () => {
  expect(() => loadSettings(undefined, { POSTERN_TENANTS: 'a', POSTERN_DIRECTORY: 'b' }, project.root)).toThrow(
    '`tenants` and `directory` both say where tenants come from; set one of them',
  )
})

it('the README shows what the commands print', async () => {
  const file = directoryFile()
  const readme = readFileSync(join(project.root, 'README.md'), 'utf8')
  const [, shown = ''] = /<!-- directory -->\n```\n([\s\S]*?)```/.exec(readme) ?? []
  const blocks = shown.split('$ postern tenant ').slice(1)
  expect(blocks).toHaveLength(2)
  for (const block of blocks) {
    const [line = '', ...output] = block.split('\n')
    const { stdout } = await tenant(
      file,
      ...line.split(' ').map((word) => word.replace(/^config/, join(project.root, 'config'))),
    )
    expect(stdout.replace(/v1\.[0-9a-f-]{36}/, 'v1.…')).toBe(output.join('\n'))
  }
})
