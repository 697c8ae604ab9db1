import { parseArgs } from 'node:util'
import { nearest } from '../document/nearest.ts'

/** 0 done; 1 the answer is negative; 2 the command could not be carried out: usage or environment. */
export type ExitCode = 0 | 1 | 2

/** One flag. A `string` flag takes a value, whose name in the help is `value`. */
export interface Option {
  readonly type: 'boolean' | 'string'
  readonly short?: string
  readonly multiple?: boolean
  readonly value?: string
  readonly description: string
}

export type Options = Readonly<Record<string, Option>>

type Value<O extends Option> = O['type'] extends 'boolean' ? true : O['multiple'] extends true ? string[] : string

/** What was written after the command's name, checked against its definition. */
export interface Args<O extends Options = Options> {
  readonly values: { readonly [Name in keyof O]?: Value<O[Name]> }
  readonly positionals: readonly string[]
}

/** One end of the process: whether a person reads it decides about colour and progress. */
export interface Output {
  write(text: string): void
  readonly terminal: boolean
  /** A terminal, and `NO_COLOR` is not set. */
  readonly color: boolean
}

/** Everything a command may touch of the process. Results go to `stdout`, talk to `stderr`. */
export interface Io {
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A command; its help is made from this. */
export interface Command<O extends Options = Options> {
  readonly name: string
  /** One line, lower case, no full stop. */
  readonly summary: string
  /** What follows `postern <name>`, such as `[options] <file>`. */
  readonly usage: string
  readonly options: O
  /** How many arguments beside flags there may be. Default none. */
  readonly positionals?: { readonly least: number; readonly most: number }
  readonly examples: readonly { readonly line: string; readonly does: string }[]
  /** What 0 and 1 mean for this command, where that is worth saying. */
  readonly exits?: { readonly 0?: string; readonly 1?: string }
  run(args: Args<O>, io: Io): Promise<ExitCode>
}

/** Lets the compiler see the options, so that `args.values` has their types. */
export function defineCommand<const O extends Options>(command: Command<O>): Command {
  return command as unknown as Command
}

/** The person, or the machine, is at fault: printed as one line, exit code 2. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  /** What to do about it, printed on a second line. */
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}

/**
 * Reads what follows a command's name.
 *
 * @throws CommandError for a flag that does not exist, a value that is missing or not wanted, a wrong number of arguments
 */
export function readArgs(command: Command, argv: readonly string[]): Args {
  const see = `see \`postern ${command.name} --help\``
  // Not strict: the messages of parseArgs are Node's, and differ between its versions.
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options: parseOptions(command.options),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const option = Object.hasOwn(command.options, token.name) ? command.options[token.name] : undefined
    const flag = token.rawName
    if (option === undefined) {
      const near = nearest(token.name, Object.keys(command.options))
      throw new CommandError(
        `unknown option \`${flag}\`${near === undefined ? '' : `; did you mean \`--${near}\``}`,
        see,
      )
    }
    if (option.type === 'boolean' && token.value !== undefined) {
      throw new CommandError(`option \`${flag}\` takes no value`, see)
    }
    if (option.type === 'string' && (token.value === undefined || looksLikeFlag(token))) {
      throw new CommandError(`option \`${flag}\` needs a value`, see)
    }
  }
  const { least, most } = command.positionals ?? { least: 0, most: 0 }
  if (positionals.length < least) throw new CommandError(`\`postern ${command.name}\` needs an argument`, see)
  const extra = positionals[most]
  if (extra !== undefined) throw new CommandError(`unexpected argument \`${extra}\``, see)
  return { values: values as Args['values'], positionals }
}

/** `--out --force`: far more often a forgotten value than a value; `--out=--force` says that it is one. */
function looksLikeFlag(token: { value?: string | undefined; inlineValue?: boolean | undefined }): boolean {
  return token.inlineValue === false && token.value !== undefined && /^-./.test(token.value)
}

function parseOptions(options: Options) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short === undefined ? {} : { short }), ...(multiple === undefined ? {} : { multiple }) },
    ]),
  )
}
