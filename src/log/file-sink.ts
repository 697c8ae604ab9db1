import { closeSync, fstatSync, ftruncateSync, openSync, renameSync, rmSync, write, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Sink } from './decision-log.ts'

const writeAsync = promisify(write)

export interface FileSinkOptions {
  readonly path: string
  /** Before the file would grow beyond it, it becomes `path.1`, that one `path.2`, and so on. */
  readonly maxBytes: number
  /** How many of those there are at most. */
  readonly keepFiles: number
}

/** A sink of JSON lines in a file that only its owner writes and its group reads. Throws where it cannot be opened. */
export function openFileSink({ path, maxBytes, keepFiles }: FileSinkOptions): Sink {
  // A descriptor that is closed under a write may already be another file when the write goes on.
  let writing = false
  let closed = false
  let file: { readonly descriptor: number; size: number } | undefined

  const open = () => {
    const descriptor = openSync(path, 'a', 0o640)
    return { descriptor, size: fstatSync(descriptor).size }
  }

  const shut = () => {
    if (file !== undefined) closeSync(file.descriptor)
    file = undefined
  }

  const rotate = () => {
    shut()
    const names = [path, ...Array.from({ length: keepFiles }, (_, index) => `${path}.${index + 1}`)]
    rmSync(names.at(-1) as string, { force: true })
    for (let index = names.length - 2; index >= 0; index--)
      moveIfThere(names[index] as string, names[index + 1] as string)
  }

  /** The file to append so many bytes to. */
  const room = (bytes: number) => {
    file ??= open()
    if (file.size > 0 && file.size + bytes > maxBytes) rotate()
    file ??= open()
    return file
  }

  /** Half a line must not stay: what comes next would be glued to it. The next write opens the file anew. */
  const undo = () => {
    if (file === undefined) return
    try {
      ftruncateSync(file.descriptor, file.size)
    } finally {
      shut()
    }
  }

  file = open()
  return {
    async write(lines) {
      writing = true
      try {
        const into = room(lines.length)
        for (let done = 0; done < lines.length; )
          done += (await writeAsync(into.descriptor, lines, done, lines.length - done, null)).bytesWritten
        into.size += lines.length
      } catch (error) {
        undo()
        throw error
      } finally {
        writing = false
        if (closed) shut()
      }
    },
    writeNow(lines) {
      try {
        const into = room(lines.length)
        for (let done = 0; done < lines.length; ) done += writeSync(into.descriptor, lines, done)
        into.size += lines.length
      } catch (error) {
        undo()
        throw error
      }
    },
    close() {
      closed = true
      if (!writing) shut()
    },
  }
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
