import { expect, it } from 'vitest'
import type { Output } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import { project } from '../support/policy.ts'

async function run(...argv: readonly string[]) {
  const written = { stdout: '', stderr: '' }
  const output = (stream: keyof typeof written): Output => ({
    write(text) {
      written[stream] += text
    },
    terminal: false,
    color: false,
  })
  const io = { stdout: output('stdout'), stderr: output('stderr'), env: process.env }
  return { code: await runCli(argv, commands, io), ...written }
}

it('a format or a threshold that there is not is wrong usage', async () => {
  expect(await run('check', '--format', 'xml')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'postern: unknown format `xml`\nknown: `text`, `json`, `junit`, `sarif`, `github`\n',
  })
  expect(await run('coverage', '--format', 'toString')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'postern: unknown format `toString`\nknown: `text`, `json`, `html`\n',
  })
  expect(await run('coverage', '--threshold', '101')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'postern: `--threshold` is `101`\ngive a whole number from 0 to 100\n',
  })
})

it('coverage below the threshold exits with 1, and with 0 at it', async () => {
  const { code, stdout, stderr } = await run('coverage', '--project', project.root, '--format', 'json')
  expect([code, stderr]).toEqual([0, ''])
  const { systems } = JSON.parse(stdout) as { systems: { items: { reached: boolean }[] }[] }
  const least = Math.min(
    ...systems.map(({ items }) => Math.floor((100 * items.filter(({ reached }) => reached).length) / items.length)),
  )
  expect((await run('coverage', '--project', project.root, '--threshold', `${least}`)).code).toBe(0)
  expect((await run('coverage', '--project', project.root, '--threshold', `${least + 1}`)).code).toBe(1)
})
