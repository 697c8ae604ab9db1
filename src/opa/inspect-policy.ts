import { readFile } from 'node:fs/promises'
import type { Problem } from '../document/problem.ts'
import { createLimit } from './limit.ts'
import { problemsInJson, problemsInText } from './rego-problems.ts'
import type { ProcessResult } from './run-process.ts'
import { type OpaToolchain, runOpa, ToolchainError } from './toolchain.ts'

/** What OPA makes of a file, or why it does not take it. */
export type Inspected<T> = (T & { readonly ok: true }) | { readonly ok: false; readonly problems: readonly Problem[] }

/** The file's abstract syntax tree as `opa parse` writes it, with locations and comments. */
export interface RegoAst {
  readonly package: unknown
  readonly imports?: readonly unknown[]
  readonly rules?: readonly unknown[]
  readonly annotations?: readonly unknown[]
  /** `Text` is base64. */
  readonly comments?: readonly { readonly Text: string; readonly Location: { readonly row: number } }[]
}

/** References as paths: `["input", "member", "id"]`, each as far as its parts are fixed strings. */
export interface Dependencies {
  /** What is read from `input` and from data that no rule makes. */
  readonly base: readonly (readonly string[])[]
  /** The rules and functions that take part, the asked one included. */
  readonly virtual: readonly (readonly string[])[]
  /** Whether a rule of exactly the asked reference exists. OPA itself takes any other name for a base document. */
  readonly exists: boolean
}

export interface InspectOptions {
  /** What file names are relative to, in arguments and in problems. Default: the working directory. */
  readonly cwd?: string
}

/** A build asks hundreds of times; each call is a process of about 20 ms on one core. */
const twoAtATime = createLimit(2)

/**
 * Everything that `opa check --strict` has against these files under a capabilities file, or under all that OPA can;
 * none when all is well. Rejects with a `ToolchainError` when OPA cannot be run or the capabilities file cannot be used.
 */
export async function checkPolicies(
  toolchain: OpaToolchain,
  files: readonly string[],
  capabilities: string | undefined,
  options: InspectOptions = {},
): Promise<readonly Problem[]> {
  if (files.length === 0) return []
  const bound = capabilities === undefined ? [] : ['--capabilities', capabilities]
  const flags = ['--strict', '--format', 'json', '--max-errors', '1000', ...bound]
  const { code, stderr } = await run(toolchain, ['check', ...flags, ...files], options)
  if (code === 0) return []
  const missing = capabilities === undefined ? new Map() : await missingBuiltins(toolchain, capabilities)
  return problemsInJson(stderr, (message) => explain(message, missing))
}

/** The syntax tree of one file. Rejects with a `ToolchainError` when OPA cannot be run. */
export async function parsePolicy(
  toolchain: OpaToolchain,
  file: string,
  options: InspectOptions = {},
): Promise<Inspected<{ readonly ast: RegoAst }>> {
  const args = ['parse', '--format', 'json', '--json-include', 'locations,comments', file]
  const { code, stdout, stderr } = await run(toolchain, args, options)
  if (code === 0) return { ok: true, ast: JSON.parse(stdout) }
  return { ok: false, problems: problemsInJson(stderr) }
}

/** Which files below these paths `opa fmt` would change. Rejects with a `ToolchainError` when OPA cannot be run. */
export async function formatCheck(
  toolchain: OpaToolchain,
  paths: readonly string[],
  options: InspectOptions = {},
): Promise<Inspected<{ readonly files: readonly string[] }>> {
  // Without a path `opa fmt` reads the standard input.
  if (paths.length === 0) return { ok: true, files: [] }
  const { code, stdout, stderr } = await run(toolchain, ['fmt', '--list', ...paths], options)
  if (code === 0) return { ok: true, files: stdout.split('\n').filter((line) => line !== '') }
  return { ok: false, problems: problemsInText(stderr) }
}

/**
 * What a rule, named by its path (`["data", "authz", "decision"]`), depends on. Look at `exists` first: a rule that does
 * not exist has no dependencies, which is not the same as reading nothing. Rejects with a `ToolchainError` when OPA
 * cannot be run.
 */
export async function depsOf(
  toolchain: OpaToolchain,
  policyDirs: readonly string[],
  rule: readonly string[],
  options: InspectOptions = {},
): Promise<Inspected<Dependencies>> {
  const data = policyDirs.flatMap((folder) => ['--data', folder])
  const { code, stdout, stderr } = await run(toolchain, ['deps', '--format', 'json', ...data, query(rule)], options)
  if (code !== 0) return { ok: false, problems: problemsInText(stderr) }
  const found = JSON.parse(stdout) as { base?: Term[][]; virtual?: Term[][] }
  const virtual = fixedPaths(found.virtual ?? [])
  const asked = JSON.stringify(rule)
  return {
    ok: true,
    base: fixedPaths(found.base ?? []),
    virtual,
    exists: virtual.some((path) => JSON.stringify(path) === asked),
  }
}

function run(toolchain: OpaToolchain, args: readonly string[], options: InspectOptions): Promise<ProcessResult> {
  return twoAtATime(() => runOpa(toolchain, args, options))
}

/** OPA calls a built-in that the capabilities leave out an undefined function, like any misspelt name. */
function explain(
  message: string,
  missing: ReadonlyMap<string, string>,
): Pick<Problem, 'message' | 'remedy'> | undefined {
  const name = /^undefined function (\S+)$/.exec(message)?.[1]
  const builtin = name === undefined ? undefined : missing.get(name)
  if (builtin !== undefined) {
    return {
      message: `built-in ${builtin} is not available in WASM`,
      remedy: 'use one of those in src/opa/capabilities.json',
    }
  }
  if (name !== undefined) return { message: `undefined function \`${name}\`` }
  if (message.startsWith('template strings are not supported')) {
    return { message: 'a template string is not available in WASM', remedy: 'use `concat`' }
  }
  if (message.startsWith('concat: invalid argument')) {
    return { message: '`concat` joins an array of strings', remedy: 'turn a set into an array with `sort`' }
  }
  return undefined
}

/** OPA's built-ins outside the capabilities file, each as it should be called in a message. */
async function missingBuiltins(toolchain: OpaToolchain, capabilities: string): Promise<ReadonlyMap<string, string>> {
  const { code, stdout, stderr } = await run(toolchain, ['capabilities', '--current'], {})
  if (code !== 0) throw new ToolchainError(`\`opa capabilities\` failed: ${stderr.trim()}`)
  const offered = new Set(builtinsIn(await readFile(capabilities, 'utf8')).map(({ name }) => name))
  return new Map(
    builtinsIn(stdout)
      .filter(({ name }) => !offered.has(name))
      .map(({ name, infix }) => [name, infix === undefined ? `\`${name}\`` : `\`${name}\` (\`${infix}\`)`]),
  )
}

function builtinsIn(text: string): readonly { readonly name: string; readonly infix?: string }[] {
  return JSON.parse(text).builtins
}

/** One part of a reference in OPA's JSON: the first is a variable, the others are strings where they are fixed. */
interface Term {
  readonly type: string
  readonly value: unknown
}

function fixedPaths(refs: readonly (readonly Term[])[]): readonly (readonly string[])[] {
  const paths = refs.map((ref) => {
    const open = ref.findIndex(({ type }, index) => index > 0 && type !== 'string')
    return ref.slice(0, open === -1 ? ref.length : open).map(({ value }) => String(value))
  })
  return [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()]
}

/** `data["authz"]["decision"]`: quoted, so that no name needs to be an identifier. */
function query([root, ...parts]: readonly string[]): string {
  return `${root}${parts.map((part) => `[${JSON.stringify(part)}]`).join('')}`
}
