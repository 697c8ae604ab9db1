/** A stream that may be a terminal, such as `process.stderr`. */
interface Output {
  write(text: string): unknown
}

/** Tells a person at a terminal about work that takes longer than a second. */
export interface TerminalProgress {
  /** One line to be read in any case: written to a pipe too. */
  note(message: string): void
  /** Begins a piece of work; it ends with `done` or with the next `start`. */
  start(label: string): void
  /** How far the work is, shown after the label. */
  tick(detail: string): void
  done(): void
}

const patience = 1_000
const frames = ['-', '\\', '|', '/']

/**
 * A reporter on `stream`, best `process.stderr`. Work under way is shown on one line that rewrites itself, from its
 * second second on, and wiped at the end; where `isTTY` is false it is not shown at all. `NO_COLOR` turns colour off.
 */
export function createProgress(
  stream: Output,
  { isTTY, env }: { isTTY: boolean; env: NodeJS.ProcessEnv },
): TerminalProgress {
  const live = isTTY && env.TERM !== 'dumb'
  const colour = live && (env.NO_COLOR ?? '') === ''
  let timer: NodeJS.Timeout | undefined
  let label = ''
  let detail = ''
  let startedAt = 0
  let shown = 0

  function wipe() {
    if (shown > 0) stream.write(`\r${' '.repeat(shown)}\r`)
    shown = 0
  }

  function draw() {
    const seconds = Math.floor((Date.now() - startedAt) / 1_000)
    const frame = frames[seconds % frames.length]
    const text = `${frame} ${label}${detail && `, ${detail}`} ${seconds} s`
    wipe()
    stream.write(colour ? `\u001b[2m${text}\u001b[22m` : text)
    shown = text.length
  }

  function done() {
    clearInterval(timer)
    timer = undefined
    wipe()
  }

  return {
    note(message) {
      wipe()
      stream.write(`${message}\n`)
    },
    start(next) {
      done()
      label = next
      detail = ''
      startedAt = Date.now()
      // Unreferenced: a reporter that was not told `done` must not keep the process alive.
      if (live) timer = setInterval(draw, patience).unref()
    },
    tick(next) {
      detail = next
    },
    done,
  }
}
