import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../document/package-root.ts'
import type { Problem } from '../document/problem.ts'
import { compileSchema, type Validator } from '../document/schema.ts'
import { type Path, type Place, readYaml, type YamlDocument } from '../document/yaml-document.ts'
import { actionType } from '../pdp/action-type.ts'
import type { Obligation } from '../pdp/decision.ts'
import type { DecisionRequest } from '../pdp/request.ts'

type Members = Readonly<Record<string, unknown>>

/** `decisions.yaml` of a system, as its schema has it. */
interface DecisionsFile {
  readonly tenants: Readonly<Record<string, Members & { readonly tenant: string }>>
  readonly rows: readonly {
    readonly id: string
    readonly title: string
    readonly given: string
    readonly also?: readonly string[]
    readonly request: {
      readonly subject: string
      readonly action: string
      readonly tenant?: string
      readonly resource?: Members
      readonly context?: Members
    }
    readonly expect: 'allow' | 'deny'
    readonly reason: string
    readonly obligations?: readonly Obligation[]
  }[]
}

/** A decision that a system must give. */
export interface DecisionRow {
  readonly system: string
  readonly id: string
  readonly title: string
  /** With the whole tenant document, as `POST /authorize` takes it. */
  readonly request: DecisionRequest
  readonly expect: 'allow' | 'deny'
  readonly reason: string
  readonly obligations: readonly Obligation[]
  readonly file: string
  readonly places: RowPlaces
}

/** Where a row's parts are written; `obligations` is the row itself where it expects none. */
export type RowPlaces = Readonly<Record<'row' | 'expect' | 'reason' | 'obligations', Place>>

/** The decision rows of one system without their file: what is written in it, and where. */
export interface CarriedRows {
  readonly system: string
  readonly file: string
  readonly decisions: DecisionsFile
  /** Of each row. */
  readonly places: readonly RowPlaces[]
}

/**
 * The rows of one system's `decisions.yaml`; what does not fit together in it is added to `problems`. Throws a
 * `DocumentError` for a file that its schema refuses.
 */
export function readDecisionRows(root: string, system: string, problems: Problem[]): readonly DecisionRow[] {
  return rowsOf(readDecisions(root, system), system, problems)
}

/** The rows to be carried elsewhere. Throws a `DocumentError` for a file that its schema refuses. */
export function carryDecisionRows(root: string, system: string): CarriedRows {
  const document = readDecisions(root, system)
  const places = document.value.rows.map((_, index) => placesOf(document, index))
  return { system, file: document.file, decisions: document.value, places }
}

/** The rows that were carried here; undefined for what are none. What does not fit together is added to `problems`. */
export function readCarriedRows(carried: unknown, problems: Problem[]): readonly DecisionRow[] | undefined {
  if (!isCarried(carried)) return undefined
  const { system, file, decisions, places } = carried
  const place = ([_, index, part]: Path): Place => {
    const of = places[index as number] as RowPlaces
    return part === 'expect' || part === 'reason' || part === 'obligations' ? of[part] : of.row
  }
  return rowsOf({ value: decisions, file, place }, system, problems)
}

function isCarried(carried: unknown): carried is CarriedRows {
  const { system, file, decisions, places } = Object(carried) as Partial<CarriedRows>
  if (typeof system !== 'string' || typeof file !== 'string' || !decisionsValidator().accepts(decisions)) return false
  if (!Array.isArray(places) || places.length !== decisions.rows.length) return false
  const parts = ['row', 'expect', 'reason', 'obligations'] as const
  const isPlace = (place: Partial<Place> | undefined) =>
    Number.isInteger(place?.line) && Number.isInteger(place?.column)
  return places.every((of: Partial<RowPlaces> | null) => parts.every((part) => isPlace(of?.[part])))
}

/** `decisions.yaml` of a system. */
type Decisions = Pick<YamlDocument<DecisionsFile>, 'value' | 'file' | 'place'>

function readDecisions(root: string, system: string): Decisions {
  return readYaml(join(root, `config/systems/${system}/decisions.yaml`), decisionsValidator(), { root })
}

function rowsOf(document: Decisions, system: string, problems: Problem[]): readonly DecisionRow[] {
  const { tenants, rows } = document.value
  const seen = new Set<string>()
  return rows.flatMap((row, index): DecisionRow[] => {
    const refuse = (path: Path, message: string, remedy: string) =>
      problems.push({ file: document.file, ...document.place(['rows', index, ...path]), message, remedy })
    if (seen.has(row.id)) refuse(['id'], `a second row is called \`${row.id}\``, 'give it another id')
    seen.add(row.id)
    const names: [Path, string][] = [
      [['given'], row.given],
      ...(row.also ?? []).map((name, place): [Path, string] => [['also', place], name]),
    ]
    const unknown = names.filter(([, name]) => !Object.hasOwn(tenants, name))
    for (const [path, name] of unknown)
      refuse(path, `there is no tenant \`${name}\``, 'describe it under `tenants` of this file, or correct the name')
    if (unknown.length > 0) return []
    const described = names.map(([, name]) => tenants[name] as Members & { readonly tenant: string })
    return [rowOf(document, index, system, described)]
  })
}

function rowOf(
  document: Decisions,
  index: number,
  system: string,
  described: readonly (Members & { readonly tenant: string })[],
): DecisionRow {
  const row = document.value.rows[index] as DecisionsFile['rows'][number]
  const { action, tenant = described[0]?.tenant, resource = {}, context = {} } = row.request
  return {
    system,
    id: row.id,
    title: row.title,
    request: {
      subject: subjectOf(row.request.subject),
      action: { name: action },
      resource: { type: actionType(action) ?? action, id: '-', properties: resource },
      context,
      // A tenant that nobody described has nothing but its id.
      tenant: { ...(described.find((one) => one.tenant === tenant) ?? { tenant }), system },
    },
    expect: row.expect,
    reason: row.reason,
    obligations: row.obligations ?? [],
    file: document.file,
    places: placesOf(document, index),
  }
}

function placesOf({ value, place }: Decisions, index: number): RowPlaces {
  const at = (...path: Path) => place(['rows', index, ...path])
  return {
    row: at(),
    expect: at('expect'),
    reason: at('reason'),
    obligations: value.rows[index]?.obligations === undefined ? at() : at('obligations'),
  }
}

let validator: Validator<DecisionsFile> | undefined

function decisionsValidator(): Validator<DecisionsFile> {
  const schema = () => readFileSync(join(packageRoot(), 'config/schema/decisions.schema.json'), 'utf8')
  validator ??= compileSchema<DecisionsFile>(JSON.parse(schema()), 'decisions that a system must give')
  return validator
}

function subjectOf(name: string): { readonly type: string; readonly id: string } {
  const service = /^service:(.*)$/s.exec(name)?.[1]
  return service === undefined ? { type: 'user', id: name } : { type: 'service', id: service }
}
