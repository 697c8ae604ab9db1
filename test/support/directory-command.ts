import { commands } from '../../src/cli/commands.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import { project } from './policy.ts'

/** A command upon the directory of a file, in this process, as at a pipe. */
export async function upon(file: string, ...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' }
  const output = (stream: 'stdout' | 'stderr') => ({
    write(text: string) {
      written[stream] += text
    },
    terminal: false,
    color: false,
  })
  const env = { ...process.env, POSTERN_DIRECTORY: file }
  const io = { stdout: output('stdout'), stderr: output('stderr'), env }
  return { code: await runCli([...argv, '--project', project.root], commands, io), ...written }
}
