import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tenantDocuments } from '../../src/app/project.ts'
import { builtBundle, project } from '../support/policy.ts'
import { serving } from '../support/serving.ts'

const readme = readFileSync(join(project.root, 'README.md'), 'utf8')
const section = /## Clients\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? ''
const snippets = (language: string) =>
  [...section.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text]) => text as string)

const tenantFiles = tenantDocuments(project, null)
const asking = (id: string) => ({
  subject: { type: 'user', id },
  action: { name: 'member:list' },
  resource: { type: 'member', id: '-' },
  context: { tenant: 'acme-filestack' },
})
/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:9'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-clients-'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(project.root, join(folder, 'node_modules/postern'))
})
afterAll(() => rmSync(folder, { recursive: true }))

async function run(program: string, args: readonly string[], cwd = folder): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd, env: { ...process.env, NO_PROXY: '127.0.0.1' } })
  return stdout
}

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

/** Why a program cannot be run here; where nothing may skip, its absence fails the test instead. */
async function absence(program: string, ...args: string[]): Promise<string | undefined> {
  if (process.env.POSTERN_TEST_REQUIRE === '1') return undefined
  const found = await run(program, args).catch(() => undefined)
  return found === undefined ? `${program} is not installed` : undefined
}

describe('the examples of the README', () => {
  it('ask a server from TypeScript, and fail closed without one', async () => {
    const [text = ''] = snippets('ts')
    const against = (url: string) => run(process.execPath, [write('client.mjs', text.replace(/http:[^']+/, url))])
    await serving(
      builtBundle(),
      async ({ port }) => {
        expect(await against(`http://127.0.0.1:${port}`)).toBe('false no_permission\n')
      },
      { tenantFiles },
    )
    expect(await against(nowhere)).toBe('false unreachable\n')
  })

  it('decide in process', async () => {
    const text = (snippets('ts')[1] ?? '').replace(/'(\.postern|config)/g, `'${project.root}/$1`)
    expect(await run(process.execPath, [write('pdp.mjs', text)])).toBe('true role_grant\n')
  })

  it('ask a server from Python', async ({ skip }) => {
    const absent = await absence('python3', '--version')
    if (absent !== undefined) skip(absent)
    const questions = `${JSON.stringify(asking('owner'))}, ${JSON.stringify(asking('bill'))}, {}`
    await serving(
      builtBundle(),
      async ({ port }) => {
        const calls = `for url in ["http://127.0.0.1:${port}", "${nowhere}"]:\n    print([allowed(url, q) for q in [${questions}]])\n`
        expect(await run('python3', [write('ask.py', `${snippets('python')[0]}\n${calls}`)])).toBe(
          '[True, False, False]\n[False, False, False]\n',
        )
      },
      { tenantFiles },
    )
  })

  it('ask a server from Go', async ({ skip }) => {
    const absent = await absence('go', 'version')
    if (absent !== undefined) skip(absent)
    const main = `package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	for _, url := range os.Args[2:] {
		var questions []any
		if err := json.Unmarshal([]byte(os.Args[1]), &questions); err != nil {
			panic(err)
		}
		for _, question := range questions {
			fmt.Println(allowed(url, question))
		}
	}
}
`
    const files = [write('allowed.go', snippets('go')[0] ?? ''), write('main.go', main)]
    const questions = JSON.stringify([asking('owner'), asking('bill'), {}])
    await serving(
      builtBundle(),
      async ({ port }) => {
        expect(await run('go', ['run', ...files, questions, `http://127.0.0.1:${port}`, nowhere])).toBe(
          'true\nfalse\nfalse\nfalse\nfalse\nfalse\n',
        )
      },
      { tenantFiles },
    )
  }, 120_000)
})
