import { spawn } from 'node:child_process'

export interface ProcessOptions {
  readonly cwd?: string
  /** Default: the environment of this process. */
  readonly env?: NodeJS.ProcessEnv
  /** Written to the standard input, which is then closed. Default: nothing. */
  readonly stdin?: string | Uint8Array
  /** The process is killed after this many milliseconds. Default: 60,000. */
  readonly timeoutMs?: number
}

export interface ProcessResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs one program to its end, without a shell; any exit code is a result. Rejects with an `Error` when the program
 * cannot be started, is ended by a signal, or is killed because its time was up.
 */
export function runProcess(
  path: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  const timeoutMs = options.timeoutMs ?? 60_000
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: 'pipe',
      windowsHide: true,
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    // A program that does not read its input closes it early: its exit code tells what matters.
    child.stdin.on('error', () => {})
    child.stdin.end(options.stdin)

    const named = [path, ...args.slice(0, 1)].join(' ')
    let settled = false
    const settle = (finish: () => void) => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      finish()
    }
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      // A grandchild may hold the pipes open after the kill: waiting for `close` could then take for ever.
      child.stdout.destroy()
      child.stderr.destroy()
      settle(() => reject(new Error(`\`${named}\` was killed: it did not finish within ${timeoutMs} ms`)))
    }, timeoutMs)
    child.on('error', (error) =>
      settle(() => reject(new Error(`\`${named}\` could not be started: ${error.message}`, { cause: error }))),
    )
    child.on('close', (code, signal) =>
      settle(() => {
        if (code === null) reject(new Error(`\`${named}\` was ended by ${signal}`))
        else resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() })
      }),
    )
  })
}
