import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadPolicy } from '@open-policy-agent/opa-wasm'
import { compileWasm } from '../../src/opa/compile-wasm.ts'
import { type OpaToolchain, runOpa } from '../../src/opa/toolchain.ts'

/** One expression over `args`, to be asked of OPA and of WASM with each of these argument lists. */
export interface Probe {
  readonly name: string
  readonly call: string
  readonly args: readonly (readonly unknown[])[]
  /** The result is a set: JSON cannot tell, and WASM does not sort it. */
  readonly unordered?: true
}

/** One answer per argument list, as JSON text; `undefined` where there is none, `failed` where the evaluation died. */
export interface Answers {
  readonly opa: readonly string[]
  readonly wasm: readonly string[]
}

/**
 * What both make of each probe, by name. Each has a package of its own, all are compiled into one module: a process per
 * probe would cost a hundred times more than the probes.
 */
export async function askBoth(
  toolchain: OpaToolchain,
  folder: string,
  probes: readonly Probe[],
  capabilities: string,
): Promise<ReadonlyMap<string, Answers>> {
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'authz.rego'),
    'package authz\n\ndecision := data.probe[input.probe].answer\n\nverdicts := []\n',
  )
  const files = probes.map(({ call }, index) => {
    const file = `p${index}.rego`
    const lines = [`package probe.p${index}`, 'answer := ask(input.args)', `ask(args) := ${call}`]
    writeFileSync(join(folder, file), `${lines.join('\n\n')}\n`)
    return file
  })
  const wasm = await wasmAnswers(await compileWasm(toolchain, folder, ['authz.rego', ...files], capabilities), probes)
  const opa = await opaAnswers(toolchain, folder, probes)
  return new Map(probes.map(({ name }, index) => [name, { opa: opa[index] ?? [], wasm: wasm[index] ?? [] }]))
}

async function wasmAnswers(module: Uint8Array<ArrayBuffer>, probes: readonly Probe[]): Promise<string[][]> {
  let policy = await loadPolicy(module, 16)
  const all: string[][] = []
  for (const [index, { args, unordered }] of probes.entries()) {
    const answers: string[] = []
    for (const list of args) {
      try {
        const [answer] = policy.evaluate({ probe: `p${index}`, args: list }, 0)
        answers.push(answer === undefined ? 'undefined' : canonical(answer.result, unordered))
      } catch {
        answers.push('failed')
        // An instance that threw is not to be used again.
        policy = await loadPolicy(module, 16)
      }
    }
    all.push(answers)
  }
  return all
}

async function opaAnswers(toolchain: OpaToolchain, cwd: string, probes: readonly Probe[]): Promise<string[][]> {
  const rules = probes.map((_, index) => {
    return `all[${index}] := {sprintf("%d", [i]): answer | some i, args in input[${index}]; answer := data.probe.p${index}.ask(args)}`
  })
  writeFileSync(join(cwd, 'ask.rego'), `package ask\n\n${rules.join('\n\n')}\n`)
  const flags = ['--format', 'json', '--data', cwd, '--stdin-input', 'data.ask.all']
  const stdin = JSON.stringify(probes.map(({ args }) => args))
  const { code, stdout, stderr } = await runOpa(toolchain, ['eval', ...flags], { cwd, stdin })
  if (code !== 0) throw new Error(stderr || stdout)
  const all = JSON.parse(stdout).result[0].expressions[0].value as Record<string, Record<string, unknown>>
  return probes.map(({ args, unordered }, index) => {
    const answers = all[index] ?? {}
    return args.map((_, list) => (list in answers ? canonical(answers[list], unordered) : 'undefined'))
  })
}

function canonical(value: unknown, unordered = false): string {
  if (unordered && Array.isArray(value)) return JSON.stringify(value.map((item) => canonical(item)).sort())
  return JSON.stringify(value, (_, member) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}
