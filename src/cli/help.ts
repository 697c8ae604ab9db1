import { styleText } from 'node:util'
import type { Command, Option, Output } from './command.ts'

/** What a line of the command table says; the command itself is loaded when it is asked for. */
export interface CommandEntry {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<Command>
}

const exitCodes = {
  0: 'done',
  1: 'the answer is negative: a check failed, or a decision is a deny and `--exit-code` was given',
  2: 'not carried out: wrong usage, or the environment (files, ports, compiler)',
} as const

/** The text of `postern --help`. */
export function overview(entries: readonly CommandEntry[], out: Output): string {
  return page(out, [
    ['', ['postern: an authorization sidecar; policy as YAML and Rego, compiled to WASM, evaluated in process']],
    ['usage', ['postern <command> [options]', 'postern <command> --help', 'postern --version']],
    ['commands', table(entries.map(({ name, summary }) => [name, summary]))],
    ['exit codes', table(Object.entries(exitCodes))],
    [
      'environment',
      table([
        ['NO_COLOR', 'no colour, also on a terminal'],
        ['POSTERN_DEBUG=1', 'stacks of unexpected errors, and messages that may quote input in the log'],
      ]),
    ],
  ])
}

/** The text of `postern <command> --help`. */
export function commandHelp(command: Command, out: Output): string {
  const { name, summary, usage, options, examples, exits } = command
  const flags = Object.entries(options).map(([long, option]) => [flagOf(long, option), option.description] as const)
  return page(out, [
    ['', [`postern ${name}: ${summary}`]],
    ['usage', [`postern ${name} ${usage}`.trimEnd()]],
    ['options', table([...flags, ['-h, --help', 'this text']])],
    ['examples', examples.flatMap(({ line, does }) => [`# ${does}`, line])],
    ['exit codes', table(Object.entries({ ...exitCodes, ...exits }))],
  ])
}

function flagOf(long: string, { short, type, value = 'value', multiple }: Option): string {
  const flag = `${short === undefined ? '    ' : `-${short}, `}--${long}`
  return type === 'boolean' ? flag : `${flag} <${value}>${multiple === true ? ' …' : ''}`
}

function page(out: Output, sections: readonly (readonly [title: string, lines: readonly string[]])[]): string {
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => {
      if (title === '') return `${lines.join('\n')}\n`
      return `${bold(title, out)}\n${lines.map((line) => `  ${line}\n`).join('')}`
    })
    .join('\n')
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`)
}

function bold(text: string, out: Output): string {
  return out.color ? styleText('bold', text, { validateStream: false }) : text
}
