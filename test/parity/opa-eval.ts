import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPolicies } from '../../src/opa/policy-sources.ts'
import { runOpa } from '../../src/opa/toolchain.ts'
import { testToolchain } from '../opa/opa.ts'
import type { TenantDocument } from '../reference/evaluate.ts'
import type { WireRequest } from '../reference/rows.ts'
import { project } from '../support/policy.ts'

/** A request as it was sent, and the document of the tenant that it is about. */
export interface ParityCase {
  readonly request: Omit<WireRequest, 'tenant'>
  readonly tenant: TenantDocument
}

export interface OpaAnswer {
  /** What `opa eval` decides; undefined where it decides nothing. */
  readonly decision: unknown
  /** The whole input that it decided on. */
  readonly input: unknown
}

const casesInProcess = 250

/**
 * The answers of `opa eval` to the whole request and the whole document, without any projection, case by case. `data` is
 * the text of another data document than that of the bundle.
 */
export async function opaEval(cases: readonly ParityCase[], data?: string): Promise<readonly OpaAnswer[]> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-parity-'))
  try {
    const model = data === undefined ? join(project.bundle, 'data.json') : join(folder, 'data.json')
    if (data !== undefined) writeFileSync(model, data)
    return await evaluateAll(cases, [...findPolicies(project.root).files, 'test/parity/facts.rego', model])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function evaluateAll(cases: readonly ParityCase[], files: readonly string[]): Promise<readonly OpaAnswer[]> {
  const batches = Array.from({ length: Math.ceil(cases.length / casesInProcess) }, (_, index) =>
    cases.slice(index * casesInProcess, (index + 1) * casesInProcess),
  )
  const answers: OpaAnswer[][] = []
  const worker = async (first: number) => {
    for (let index = first; index < batches.length; index += 2)
      answers[index] = await evaluateBatch(batches[index] as readonly ParityCase[], files)
  }
  await Promise.all([worker(0), worker(1)])
  return answers.flat()
}

async function evaluateBatch(cases: readonly ParityCase[], files: readonly string[]): Promise<OpaAnswer[]> {
  const args = ['eval', '--format', 'json', '--stdin-input', ...files.flatMap((file) => ['-d', file]), 'data.parity']
  const options = { cwd: project.root, stdin: JSON.stringify({ cases }), timeoutMs: 300_000 }
  const { code, stdout, stderr } = await runOpa(await testToolchain(), args, options)
  if (code !== 0) throw new Error(`opa eval failed: ${stderr}${stdout}`)
  const { decisions, inputs } = JSON.parse(stdout).result[0].expressions[0].value
  return cases.map((_, index) => ({ decision: decisions[index], input: inputs[index] }))
}
