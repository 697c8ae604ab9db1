#!/usr/bin/env node
import type { WriteStream } from 'node:tty'
import type { Io, Output } from './cli/command.ts'
import { commands } from './cli/commands.ts'
import { runCli } from './cli/run-cli.ts'

// `postern … | head`: the reader has had enough, which is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => fail(error, error.code === 'EPIPE'))

// A defect in an event handler; Node would print a stack. State is unknown by now, so the process ends.
process.on('uncaughtException', (error) => fail(error))

const io: Io = { stdout: output(process.stdout), stderr: output(process.stderr), env: process.env }
try {
  process.exit(await runCli(process.argv.slice(2), commands, io))
} catch (error) {
  fail(error)
}

function output(stream: WriteStream): Output {
  const terminal = stream.isTTY === true
  const color = terminal && (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb'
  return { write: (text) => void stream.write(text), terminal, color }
}

/** The only place that prints an unexpected error: one line, unless a developer asks for the stack. */
function fail(error: unknown, silent = false): never {
  if (!silent) {
    const thrown = error instanceof Error ? error : new Error(String(error))
    const debug = process.env.POSTERN_DEBUG === '1'
    const line = `${thrown.name}: ${thrown.message}`.replaceAll(/\s*\n\s*/g, ' ')
    process.stderr.write(
      debug ? `${thrown.stack}\n` : `postern: unexpected error: ${line}; POSTERN_DEBUG=1 shows where\n`,
    )
  }
  process.exit(2)
}
