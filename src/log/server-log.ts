/** What a line may say. A closed set, and none of it is a value from a request but the caller's request id. */
export interface LogFields {
  readonly request_id?: string
  readonly code?: string
  readonly signal?: string
  readonly address?: string
  readonly version?: string
  readonly policy?: string
  readonly revision?: string
  readonly duration_ms?: number
  readonly connections?: number
  /** Where a policy came from: a folder, or a URL without its credentials. */
  readonly source?: string
  /** What is wrong with a policy, as `file:line:column: message`: the words of whoever wrote it, not of a request. */
  readonly problems?: readonly string[]
  /** Written as its class and place only: a message can quote the input. */
  readonly error?: unknown
}

export interface ServerLog {
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** That the server is up: a short line for people on a terminal, an ordinary line elsewhere. */
  started(fields: LogFields): void
}

export interface ServerLogOptions {
  /** Takes whole lines. Default: standard error. */
  readonly sink?: (line: string) => void
  /** Default: whether standard error is a terminal. */
  readonly terminal?: boolean
  /** Also write messages and stacks, which may quote input. Default: `POSTERN_DEBUG=1` is set. */
  readonly debug?: boolean
  /** Lines per second; what exceeds it is counted and said in the next line. Default 100. */
  readonly linesPerSecond?: number
  readonly now?: () => Date
}

type Level = 'info' | 'warn' | 'error'

/** A log of one JSON object per line. It never throws, whatever it is given: it can delay an answer, not change it. */
export function createServerLog({
  sink = (line) => process.stderr.write(line),
  terminal = process.stderr.isTTY === true,
  debug = process.env.POSTERN_DEBUG === '1',
  linesPerSecond = 100,
  now = () => new Date(),
}: ServerLogOptions = {}): ServerLog {
  let second = 0
  let lines = 0
  let suppressed = 0

  const write = (level: Level, msg: string, fields: LogFields = {}) => {
    try {
      const time = now()
      const thisSecond = Math.floor(time.getTime() / 1000)
      if (thisSecond !== second) {
        second = thisSecond
        lines = 0
      }
      if (++lines > linesPerSecond) {
        suppressed++
        return
      }
      const { error, ...rest } = fields
      const about = error === undefined ? {} : describeError(error, debug)
      const missed = suppressed === 0 ? {} : { suppressed }
      suppressed = 0
      sink(`${JSON.stringify({ level, time: time.toISOString(), msg, ...rest, ...about, ...missed })}\n`)
    } catch {
      // A full pipe or a closed terminal must not turn an answer into something else.
    }
  }

  return {
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    started(fields) {
      if (!terminal) return write('info', 'started', fields)
      const took = fields.duration_ms === undefined ? '' : ` (${Math.round(fields.duration_ms)} ms)`
      sink(`postern ${fields.version ?? ''} is listening on ${fields.address ?? 'nothing'}${took}\n`)
    },
  }
}

function describeError(error: unknown, debug: boolean): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: debug ? String(error) : typeof error }
  const at = /^\s+at .*$/m.exec(framesOf(error))?.[0].trim()
  return debug ? { error: error.name, message: error.message, stack: error.stack } : { error: error.name, at }
}

/** The stack without the message, whose lines could pass for frames. */
function framesOf({ stack = '', message }: Error): string {
  const start = stack.indexOf(message)
  return start === -1 ? '' : stack.slice(start + message.length)
}
