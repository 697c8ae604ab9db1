import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DocumentError, type Problem } from '../document/problem.ts'
import type { Validator } from '../document/schema.ts'
import { readYaml } from '../document/yaml-document.ts'
import type { DecisionRequest } from '../pdp/request.ts'
import { readDecisionRows } from './decision-rows.ts'

type Document = Readonly<Record<string, unknown>>

/** A request that a review starts from; it brings its tenant. */
export interface Base {
  /** `system/row` of decisions.yaml. */
  readonly row: string
  readonly request: DecisionRequest & { readonly tenant: Document }
}

/** What the files of a project give a review to ask with, of one system. */
export interface SystemBases {
  readonly rows: readonly Base[]
  /** The demo tenant, of whom every permission is asked. */
  readonly demo?: Document
}

/** Reads decisions.yaml and demo.yaml, as far as they are there. Throws a `DocumentError`. */
export function readBases(root: string, system: string): SystemBases {
  const folder = `config/systems/${system}`
  const demo = `${folder}/demo.yaml`
  const problems: Problem[] = []
  const read = existsSync(join(root, folder, 'decisions.yaml')) ? readDecisionRows(root, system, problems) : []
  if (problems.length > 0) throw new DocumentError(problems)
  // Every row brings its tenant.
  const rows = read.map(({ id, request }): Base => ({ row: `${system}/${id}`, request: request as Base['request'] }))
  return existsSync(join(root, demo)) ? { rows, demo: readYaml(demo, anyDocument, { root }).value } : { rows }
}

/** The decision point checks tenant documents itself. */
const anyDocument: Validator<Document> = {
  name: 'a tenant document',
  accepts: (value): value is Document => typeof value === 'object' && value !== null,
  violations: () => [],
}
