/** The directory cannot be opened, read or written; `message` is one line that names its file. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError'

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
  }
}
