import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commands } from '../../src/cli/commands.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import { project } from './policy.ts'

/** What `postern eval` prints for a request upon the demo tenants. */
export async function runEval(request: string, ...flags: string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-eval-'))
  try {
    const file = join(folder, 'request.json')
    writeFileSync(file, request)
    let text = ''
    const quiet = { write: () => {}, terminal: false, color: false }
    const write = (part: string) => {
      text += part
    }
    const argv = ['eval', '--request', file, '--project', project.root, ...flags]
    await runCli(argv, commands, { stdout: { ...quiet, write }, stderr: quiet, env: process.env })
    return text
  } finally {
    rmSync(folder, { recursive: true })
  }
}
