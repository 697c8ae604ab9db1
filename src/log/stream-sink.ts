import type { Sink } from './decision-log.ts'

/** What the sink needs of a stream such as `process.stdout`. */
export interface LineStream {
  write(lines: Buffer, done: (error?: Error | null) => void): unknown
  on(event: 'error', listener: () => void): unknown
}

/** A sink of JSON lines on a stream, which stays open. */
export function streamSink(stream: LineStream): Sink {
  // The failed write says it; without a listener a reader that went away would end the process.
  stream.on('error', () => {})
  return {
    write: (lines) =>
      new Promise((resolve, reject) => {
        stream.write(lines, (error) => (error ? reject(error) : resolve()))
      }),
    close() {},
  }
}
