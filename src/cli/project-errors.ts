import { JwsError } from '../access/jws.ts'
import { KeySetError } from '../access/jwt.ts'
import { DirectoryError } from '../directory/directory-error.ts'
import { DocumentError } from '../document/problem.ts'
import { ListenError } from '../http/bind.ts'
import { BundleError } from '../opa/bundle.ts'
import { ToolchainError } from '../opa/toolchain.ts'
import { PosternError } from '../pdp/errors.ts'
import { CommandError } from './command.ts'

/** Runs a command's work; whatever the project or the machine can be wrong about becomes a `CommandError`. */
export async function reportingErrors<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DocumentError) {
      const { length } = error.problems
      throw new CommandError(`${length} ${length === 1 ? 'problem' : 'problems'}\n${error.message}`)
    }
    // A command may name the file, which a caller over the network is not told.
    if (error instanceof PosternError && error.cause instanceof DirectoryError)
      throw new CommandError(error.cause.message)
    const known = [DirectoryError, ListenError, BundleError, ToolchainError, KeySetError, JwsError]
    if (known.some((kind) => error instanceof kind)) throw new CommandError((error as Error).message)
    throw error
  }
}
