import { commands } from '../../src/cli/commands.ts'
import { runCli } from '../../src/cli/run-cli.ts'

/** Carries out a command line in this process, as at a pipe. */
export async function commandRun(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' }
  const output = (stream: 'stdout' | 'stderr') => ({
    write(text: string) {
      written[stream] += text
    },
    terminal: false,
    color: false,
  })
  const code = await runCli(argv, commands, { stdout: output('stdout'), stderr: output('stderr'), env: process.env })
  return { code, ...written }
}
