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

/** The answers of `opa eval` to the whole request and the whole document, without any projection, case by case. */
export async function opaEval(cases: readonly ParityCase[]): Promise<readonly OpaAnswer[]> {
  const batches = Array.from({ length: Math.ceil(cases.length / casesInProcess) }, (_, index) =>
    cases.slice(index * casesInProcess, (index + 1) * casesInProcess),
  )
  const answers: OpaAnswer[][] = []
  const worker = async (first: number) => {
    for (let index = first; index < batches.length; index += 2)
      answers[index] = await evaluateBatch(batches[index] as readonly ParityCase[])
  }
  await Promise.all([worker(0), worker(1)])
  return answers.flat()
}

async function evaluateBatch(cases: readonly ParityCase[]): Promise<OpaAnswer[]> {
  const files = [...findPolicies(project.root).files, 'test/parity/facts.rego', join(project.bundle, 'data.json')]
  const args = ['eval', '--format', 'json', '--stdin-input', ...files.flatMap((file) => ['-d', file]), 'data.parity']
  const options = { cwd: project.root, stdin: JSON.stringify({ cases }), timeoutMs: 300_000 }
  const { code, stdout, stderr } = await runOpa(await testToolchain(), args, options)
  if (code !== 0) throw new Error(`opa eval failed: ${stderr}${stdout}`)
  const { decisions, inputs } = JSON.parse(stdout).result[0].expressions[0].value
  return cases.map((_, index) => ({ decision: decisions[index], input: inputs[index] }))
}
