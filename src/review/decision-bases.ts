import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../document/package-root.ts'
import { compileSchema, type Validator } from '../document/schema.ts'
import { readYaml } from '../document/yaml-document.ts'
import type { DecisionRequest } from '../pdp/request.ts'

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

interface DecisionsFile {
  readonly tenants: Readonly<Record<string, Document>>
  readonly rows: readonly {
    readonly id: string
    readonly given: string
    readonly also?: readonly string[]
    readonly request: {
      readonly subject: string
      readonly action: string
      readonly tenant?: string
      readonly resource?: Document
      readonly context?: Document
    }
  }[]
}

/** Reads decisions.yaml and demo.yaml, as far as they are there. Throws a `DocumentError`. */
export function readBases(root: string, system: string): SystemBases {
  const folder = `config/systems/${system}`
  const file = `${folder}/decisions.yaml`
  const demo = `${folder}/demo.yaml`
  const rows = existsSync(join(root, file)) ? rowsOf(readYaml(file, decisionsValidator(), { root }).value, system) : []
  return existsSync(join(root, demo)) ? { rows, demo: readYaml(demo, anyDocument, { root }).value } : { rows }
}

function rowsOf({ tenants, rows }: DecisionsFile, system: string): readonly Base[] {
  return rows.map(({ id, given, also = [], request: asked }) => {
    const known = [given, ...also].map((name): Document => ({ ...tenants[name], system }))
    const named = asked.tenant
    const tenant =
      (named === undefined ? known[0] : known.find((one) => one.tenant === named)) ??
      ({ tenant: named, system } as const)
    const service = /^service:(.*)$/s.exec(asked.subject)?.[1]
    const { action, resource = {}, context = {} } = asked
    return {
      row: `${system}/${id}`,
      request: {
        subject: service === undefined ? { type: 'user', id: asked.subject } : { type: 'service', id: service },
        action: { name: action },
        resource: { type: action.split(':')[0] ?? action, id: '-', properties: resource },
        context,
        tenant,
      },
    }
  })
}

function decisionsValidator(): Validator<DecisionsFile> {
  const schema = readFileSync(join(packageRoot(), 'config/schema/decisions.schema.json'), 'utf8')
  return compileSchema<DecisionsFile>(JSON.parse(schema), 'decisions of a system')
}

/** The decision point checks tenant documents itself. */
const anyDocument: Validator<Document> = {
  name: 'a tenant document',
  accepts: (value): value is Document => typeof value === 'object' && value !== null,
  violations: () => [],
}
